// The demo's own pages: the front door, the mails that went out, the clock, the API reference.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { eventually, go, keepsTheRules, newReader, openBrowser, startDemo, tell } from "./support.mjs";

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

test("the front door says that it is a rehearsal and every link on it leads somewhere", async () => {
  const { page } = reader;
  await go(reader, "/");
  assert.match(await page.locator(".rehearsal").innerText(), /made up.*Nothing here is real/);
  const links = await page
    .locator("main a")
    .evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  for (const wanted of ["/demo/mail", "/docs", "/openapi.yaml"]) {
    assert.ok(links.includes(wanted), `${wanted} is not among ${links}`);
  }
  for (const link of links) {
    const answer = await reader.context.request.get(link);
    assert.equal(answer.status(), 200, link);
  }
  await keepsTheRules(reader);
});

test("the first key press leads past the banner to what the page says", async () => {
  const { page } = reader;
  await go(reader, "/");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(new URL(page.url()).hash, "#content");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
});

test("every mail is listed under its recipient and can be read", async () => {
  const { page } = reader;
  const ada = "ada.reads@mail.example";
  const told = await tell(demo, {
    body: "The brown bin at number 12 was not emptied.",
    person: { name: "Ada Example", email: ada },
    service: "waste-collection",
    category: "missed-bin",
  });
  await tell(demo, {
    body: "The grey bin at number 14 was not emptied.",
    person: { name: "Bert Example", email: "bert.reads@mail.example" },
    service: "waste-collection",
    category: "missed-bin",
  });
  await eventually("two confirmations", async () => {
    await go(reader, "/demo/mail");
    return (await page.getByRole("link", { name: /^(ada|bert)\.reads@mail\.example$/ }).count()) === 2;
  });
  assert.ok((await page.locator(".mails li").count()) >= 2);
  await keepsTheRules(reader);

  await page.getByRole("link", { name: ada }).click();
  await page.getByRole("heading", { name: `To ${ada}, newest first` }).waitFor();
  assert.deepEqual(await page.locator(".mails .to").allInnerTexts(), [`To ${ada}`]);
  await keepsTheRules(reader);

  await page.locator(".mails a").click();
  assert.ok((await page.locator("h1").innerText()).includes(told.reference));
  assert.match(await page.locator("dl").innerText(), new RegExp(`To\\s+${ada}`));
  const mail = await page.locator(".mail").innerText();
  for (const wanted of [told.reference, told.phone, told.what_happens_next[0]]) {
    assert.ok(mail.includes(wanted), `${wanted} is not in: ${mail}`);
  }
  const link = await page.locator(".mail a").getAttribute("href");
  assert.ok(link.startsWith(`${demo.url}/track/rvt_`), link);
  await keepsTheRules(reader);
});

test("the button moves on to nine o’clock of the next working day, and what fell due is sent", async () => {
  const { page } = reader;
  for (const where of ["/", "/demo/mail"]) {
    await go(reader, where);
    const earlier = await timeShown(page);
    await page.getByRole("button", { name: "Move on to the next working day, 9 o’clock" }).click();
    await page.waitForURL(`${demo.url}${where}`);
    const later = await timeShown(page);
    assert.equal(later.time, "9am");
    assert.ok(later.day > earlier.day, `${later.words} does not follow ${earlier.words}`);
    assert.doesNotMatch(later.words, /Saturday|Sunday/);
  }
  await eventually("a mail to the council’s own staff", async () => {
    await go(reader, "/demo/mail");
    return (await page.locator(".recipients a", { hasText: "@council.example" }).count()) > 0;
  });
  await keepsTheRules(reader);
});

test("the API reference reads without script, and its index leads to what it names", async () => {
  const { page } = reader;
  await go(reader, "/docs");
  assert.equal(await page.locator("h1").innerText(), "API reference");
  assert.equal(await page.locator("script").count(), 0);
  await page.getByRole("heading", { name: "POST /v1/contacts", exact: true }).waitFor();
  const lost = await page
    .locator('a[href^="#"]')
    .evaluateAll((all) =>
      all
        .map((link) => link.getAttribute("href").slice(1))
        .filter((id) => document.getElementById(id) === null),
    );
  assert.deepEqual(lost, []);
  await keepsTheRules(reader, { isLong: true });
});

test("every problem the API names has a page", async () => {
  const { page } = reader;
  await go(reader, "/docs/problems");
  await keepsTheRules(reader);
  await page.getByRole("link", { name: "offset_missing", exact: true }).click();
  assert.equal(await page.locator("h1").innerText(), "offset_missing");
  await keepsTheRules(reader);
});

/** "It is 9am on Monday 23 November 2026 here." */
async function timeShown(page) {
  const words = await page.locator(".status").innerText();
  const [, time, day] = words.match(/^It is (.+) on \w+ (\d+ \w+ \d{4}) here\.$/) ?? [];
  assert.ok(day, `no time in: ${words}`);
  return { words, time, day: Date.parse(`${day} UTC`) };
}
