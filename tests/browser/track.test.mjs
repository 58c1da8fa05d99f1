// A person's own page, by the link in the council's mail.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import {
  eventually,
  go,
  inWords,
  keepsTheRules,
  moveToNextMorning,
  newReader,
  openBrowser,
  startDemo,
  tell,
} from "./support.mjs";

const WORDS = "The grey bin at 14 Example Street was not emptied.";

let demo;
let browser;
let reader;

before(async () => {
  demo = await startDemo();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});
beforeEach(async () => {
  reader = await newReader(browser, demo);
});
afterEach(async () => {
  await reader.context.close();
});

test("the link shows where the case stands and leaves its secret in no address", async () => {
  const { page, context } = reader;
  const told = await report("ada@mail.example");
  await go(reader, told.tracking.url);
  assert.equal(page.url(), `${demo.url}/track`);
  const [cookie, ...others] = await context.cookies(`${demo.url}/track`);
  assert.deepEqual(others, []);
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.expires], [true, "Lax", -1]);

  assert.equal(await page.locator("h1").innerText(), "A missed bin");
  assert.match(await page.locator(".status").innerText(), /\S/);
  const facts = await page.locator("dl").innerText();
  for (const wanted of [told.reference, inWords(told.respond_on), told.phone]) {
    assert.ok(facts.includes(wanted), `${wanted} is not in: ${facts}`);
  }
  assert.equal(
    await page.getByRole("link", { name: told.phone }).getAttribute("href"),
    `tel:${told.phone.replaceAll(" ", "")}`,
  );
  assert.ok((await page.locator("main").innerText()).includes(told.what_happens_next[0]));
  assert.equal((await history(page)).at(-1), "We received it.");
  const html = await page.content();
  for (const secret of [told.tracking.token, "ada@mail.example", "Ada Example", "14 Example Street"]) {
    assert.ok(!html.includes(secret), `${secret} stands on the page`);
  }
  await keepsTheRules(reader);
});

test("a message sent by the form is thanked for and shows in the history", async () => {
  const { page } = reader;
  await go(reader, (await report("bert@mail.example")).tracking.url);
  await page.getByLabel("Your message").fill("It is still there this morning.");
  await page.getByRole("button", { name: "Send the message" }).click();
  assert.match(await page.getByRole("status").innerText(), /We have your message/);
  assert.equal((await history(page))[0], "We received a message from you.");
  assert.ok(!(await page.content()).includes("still there this morning"));
  await keepsTheRules(reader);
});

test("an empty message is named as a mistake that leads back to its field", async () => {
  const { page } = reader;
  await go(reader, (await report("cleo@mail.example")).tracking.url);
  await page.getByLabel("Your message").evaluate((field) => field.removeAttribute("required"));
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    page.getByRole("button", { name: "Send the message" }).click(),
  ]);
  assert.equal(answer.status(), 422);
  await page.getByRole("alert").getByRole("link", { name: "Write your message first." }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "body");
  assert.doesNotMatch((await history(page)).join(), /message/);
  await keepsTheRules(reader);
});

test("a case taken back says so, offers it no second time and asks how it was", async () => {
  const { page } = reader;
  await go(reader, (await report("dora@mail.example")).tracking.url);
  await takeBack(page);
  assert.match(await page.locator(".status").innerText(), /[Cc]losed/);
  assert.ok((await history(page)).some((line) => /withdrew/.test(line)));
  assert.equal(await page.getByText("I do not need this any more").count(), 0);
  await keepsTheRules(reader);

  await page.getByLabel("Very satisfied").check();
  await page.getByLabel(/Anything you want to add/).fill("Quick.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  assert.match(await page.getByRole("status").innerText(), /Thank you/);
  await keepsTheRules(reader);
  await go(reader, "/track");
  assert.match(await page.locator("main").innerText(), /Thank you\. You told us: Very satisfied\./);
  assert.equal(await page.getByLabel("Very satisfied").count(), 0, "what was answered is not asked again");
});

test("a case past its date says that we are sorry and never that we still will", async () => {
  const { page } = reader;
  const told = await report("hal@mail.example");
  await go(reader, told.tracking.url);
  for (let day = 0; day < 4; day += 1) {
    await moveToNextMorning(demo);
  }
  await go(reader, "/track");
  const words = await page.locator("main").innerText();
  assert.match(words, /We have not, and we are sorry/);
  assert.ok(words.includes(inWords(told.respond_on)), words);
  assert.doesNotMatch(words, /[Ww]e will answer by|We will collect it/);
  await keepsTheRules(reader);
});

test("a wrong link, a reference in its place and no link at all get a page that helps", async () => {
  const { page } = reader;
  const told = await report("eli@mail.example");
  const wrong = `${told.tracking.token.slice(0, -4)}AAAA`;
  for (const where of [`/track/${wrong}`, `/track/${told.reference}`, "/track"]) {
    await go(reader, where, 404);
    assert.equal(await page.locator("h1").innerText(), "We cannot show you this page");
    assert.match(await page.locator("main").innerText(), /open the link in our e-mail[^]*call us on 01632 960000/);
    assert.ok(!(await page.content()).includes("missed bin"));
  }
  await keepsTheRules(reader);
});

test("a form on somebody else’s page changes nothing", async () => {
  const { page } = reader;
  await go(reader, (await report("fay@mail.example")).tracking.url);
  await page.goto("about:blank");
  await page.setContent(
    `<form method="post" action="${demo.url}/track/messages"><textarea name="body">Not mine.</textarea>
     <button>Win</button></form>`,
  );
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    page.getByRole("button", { name: "Win" }).click(),
  ]);
  assert.equal(answer.status(), 403);
  assert.match(await page.locator("main").innerText(), /not sent from our page/);
  await keepsTheRules(reader);
  await go(reader, "/track");
  assert.doesNotMatch((await history(page)).join(), /message/);
});

test("from the mail to the answer, nothing needs script", async () => {
  const plain = await newReader(browser, demo, { withScript: false });
  const { page } = plain;
  const told = await report("gus@mail.example");
  await go(plain, "/");
  await page.getByRole("link", { name: "Every e-mail that went out" }).click();
  await eventually("the confirmation", async () => {
    await page.reload();
    return (await page.getByRole("link", { name: "gus@mail.example" }).count()) > 0;
  });
  await page.getByRole("link", { name: "gus@mail.example" }).click();
  await page.locator(".mails a").click();
  await page.getByRole("link", { name: `${demo.url}/track/` }).click();
  assert.equal(page.url(), `${demo.url}/track`);
  assert.ok((await page.locator("dl").innerText()).includes(told.reference));

  await page.getByLabel("Your message").fill("Thank you, it came.");
  await page.getByRole("button", { name: "Send the message" }).click();
  assert.match(await page.getByRole("status").innerText(), /We have your message/);
  await takeBack(page);
  await page.getByLabel("Not satisfied", { exact: true }).check();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  assert.match(await page.getByRole("status").innerText(), /Thank you/);

  await page.goto("/");
  await page.getByRole("button", { name: /^Move on/ }).click();
  assert.match(await page.locator(".status").innerText(), /^It is 9am on/);
  assert.deepEqual([...plain.faults, ...plain.elsewhere], []);
  await plain.context.close();
});

function report(email) {
  return tell(demo, {
    body: WORDS,
    person: { name: "Ada Example", email },
    service: "waste-collection",
    category: "missed-bin",
  });
}

async function takeBack(page) {
  await page.getByText("I do not need this any more").click();
  await page.getByLabel(/^Why\?/).fill("It was emptied after all.");
  await page.getByRole("button", { name: "Withdraw it" }).click();
  assert.match(await page.getByRole("status").innerText(), /You have withdrawn this/);
}

/** What has happened, the newest first, without its dates. */
async function history(page) {
  const lines = await page.locator(".history li").allInnerTexts();
  return lines.map((line) => line.split("\n").at(-1).trim());
}
