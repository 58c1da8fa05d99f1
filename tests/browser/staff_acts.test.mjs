// What is done on the page of a case besides answering it: files, people, incidents, mails that have not
// left; cases only a small team may see; codes for one's own account.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { go, keepsTheRules, newReader, openBrowser, startDemo, tell } from "./support.mjs";

// A picture of one point, as a PNG.
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

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

for (const withScript of [true, false]) {
  const how = withScript ? "" : " without script";
  test(`a team leader sees to files, people and an incident of a case, and takes a reply back${how}`, async () => {
    await reader.context.close();
    reader = await newReader(browser, demo, { withScript });
    const { page } = reader;
    const told = await report(`ada.${withScript}@mail.example`);
    await report(`bea.${withScript}@mail.example`, "Bea Example");
    const here = `/cases/${told.reference}`;
    await signIn(of("team_leader", "waste-ops"), here);

    // A file that is not taken is said beside its field, and the words are kept.
    await unfold("Add a file");
    await page.getByLabel("What it shows").fill("The lid, from a visit");
    await page.locator("#files-file").setInputFiles({
      name: "lid.exe", mimeType: "application/octet-stream", buffer: Buffer.from("MZ\0\0 not a picture"),
    });
    await page.getByRole("button", { name: "Put it on the case" }).click();
    assert.equal(await page.getByRole("alert").locator("a").getAttribute("href"), "#files-file");
    assert.equal(await page.getByLabel("What it shows").inputValue(), "The lid, from a visit");
    if (withScript) {
      await keepsTheRules(reader, { isLong: true });
    }
    await page.locator("#files-file").setInputFiles({ name: "lid.png", mimeType: "image/png", buffer: PICTURE });
    await page.getByRole("button", { name: "Put it on the case" }).click();
    await says(/The file is on the case/);
    const file = page.getByRole("link", { name: "lid.png" });
    const had = await page.request.get(await file.getAttribute("href"));
    assert.deepEqual([had.status(), (await had.body()).equals(PICTURE)], [200, true]);
    assert.match(await page.locator("#said ~ article").last().innerText(), /from us[^]*The lid, from a visit/);

    // Somebody else is put on it, given another part, and taken off.
    await unfold("Put somebody on this case");
    await page.getByLabel("Whom to look for").fill(`bea.${withScript}@mail.example`);
    await page.getByRole("button", { name: "Look for them" }).click();
    await page.getByLabel(/^Bea Example/).check();
    if (withScript) {
      await keepsTheRules(reader, { isLong: true });
    }
    await page.getByRole("button", { name: "Put them on this case" }).click();
    await says(/who they are on this case/);
    const bea = page.locator(".clocks li", { hasText: "Bea Example" });
    assert.match(await bea.innerText(), /advocate/);
    await bea.locator("summary").click();
    await bea.getByLabel("What they are on this case").selectOption("third_party");
    await bea.getByRole("button", { name: "Put it right" }).click();
    assert.match(await bea.innerText(), /third party/);
    await bea.locator("summary").click();
    await bea.getByRole("button", { name: "Take them off" }).click();
    await says(/They are off the case/);
    assert.equal(await bea.count(), 0);

    // What we know of is offered, and a press puts the case there or takes it off.
    assert.match(await page.locator("#incidents ~ .notice").first().innerText(), /It may be part of: Bins not emptied/);
    await page.getByRole("button", { name: /^Put it there/ }).click();
    await says(/The case is on the incident/);
    assert.match(await page.locator("#incidents ~ .notice").first().innerText(), /It is part of: Bins not emptied/);
    await page.getByRole("button", { name: /^Take it off [A-Z]/ }).click();
    await says(/The case is off the incident/);

    // A reply waits out its delay with its words, and can be taken back.
    await go(reader, `${here}?draft=answer`);
    await page.getByLabel("Your reply").fill("Dear Ada Example,\nWe emptied it on 24 November 2026.");
    await page.getByRole("button", { name: "Look it over" }).click();
    await page.getByRole("button", { name: "Send it" }).click();
    const held = page.locator("#held");
    assert.match(await held.innerText(), /Until then it can be taken back/);
    await held.locator("summary").first().click();
    assert.match(await held.innerText(), /We emptied it on 24 November/);
    if (withScript) {
      await keepsTheRules(reader, { isLong: true });
    }
    await held.getByRole("button", { name: "Take it back" }).click();
    await says(/Nothing was sent/);
    assert.equal(await held.getByRole("button", { name: "Take it back" }).count(), 0);
    assert.deepEqual([...reader.faults, ...reader.elsewhere], []);
  });
}

test("from the list of what is late a leader comes to the open form", async () => {
  const { page } = reader;
  await signIn(of("team_leader", "waste-ops"), "/escalations");
  const [give, move] = ["Give it to somebody", "Set a new date and tell them"].map((name) =>
    page.getByRole("link", { name }).first(),
  );
  const date = await move.getAttribute("href");
  await give.click();
  assert.equal(await page.locator("#assign, #assign summary").first().isVisible(), true);
  assert.equal(await page.getByLabel("Who is to have it").isVisible(), true);
  await go(reader, date);
  const form = page.locator("#extend");
  assert.match(await form.innerText(), /New date|No promise on this case can be given a later date/);
});

test("a case only a small team may see leaves a receipt, and a head of service can open it with a reason", async () => {
  const { page } = reader;
  await signIn(demo.users.find((user) => user.role === "agent"), "/log");
  await page.getByLabel("In their own words").fill("I am worried about the child next door.");
  await page.getByLabel("Matter").selectOption("childrens-social-care/child-at-risk");
  await page.getByRole("button", { name: "Look", exact: true }).click();
  await page.getByRole("button", { name: "Save" }).click();
  assert.equal(new URL(page.url()).pathname, "/receipts");
  await says(/Only a small team may see it/);
  const newest = page.locator(".clocks li").first();
  const reference = await newest.locator("strong").innerText();
  assert.match(await newest.getByRole("link").getAttribute("href"), /^tel:0\d+$/);
  await keepsTheRules(reader);
  await go(reader, `/cases/${reference}`, 404);
  assert.equal(await page.getByRole("link", { name: "open it for yourself" }).count(), 0);
  await go(reader, "/open-restricted", 403);

  await reader.context.close();
  reader = await newReader(browser, demo);
  const head = demo.users.find(
    (user) => user.role === "head_of_service" && user.queues.includes("mash"),
  );
  assert.ok(head, "the demo has a head of children's services");
  await signIn(head, "/work");
  await go(reader, `/cases/${reference}`, 404);
  await reader.page.getByRole("link", { name: "open it for yourself" }).click();
  await keepsTheRules(reader);
  await fillOpening("4X7-K92-MQ3", "The team cannot be reached.");
  const mistake = reader.page.getByRole("alert").getByRole("link");
  assert.match(await mistake.innerText(), /no case with this reference that you may open/);
  assert.equal(await reader.page.getByLabel("Why it cannot wait").inputValue(), "The team cannot be reached.");
  await keepsTheRules(reader);
  await fillOpening(reference, "The team cannot be reached.");
  assert.equal(new URL(reader.page.url()).pathname, `/cases/${reference}`);
  await says(/open to you for a time/);
  assert.match(await reader.page.locator("#history ~ ol").innerText(), /Opened for a time[^]*cannot be reached/);
  await keepsTheRules(reader, { isLong: true });
});

test("somebody sets up codes for their own account", async () => {
  const { page } = reader;
  const leader = demo.users.filter((user) => user.role === "team_leader").at(-1);
  await signIn(leader, "/account");
  await keepsTheRules(reader);
  await page.getByRole("link", { name: "Set them up" }).click();
  await keepsTheRules(reader);
  await page.getByRole("button", { name: "Set them up" }).click();
  const key = (await page.locator("#key").innerText()).replaceAll(" ", "");
  assert.match(await page.locator("#uri").innerText(), /^otpauth:\/\/totp\//);
  await page.getByLabel("Code", { exact: true }).fill("000000");
  await page.getByRole("button", { name: "Confirm it" }).click();
  assert.equal(await page.getByRole("alert").getByRole("link").getAttribute("href"), "#code");
  assert.equal((await page.locator("#key").innerText()).replaceAll(" ", ""), key, "the key can still be read");
  await keepsTheRules(reader);
  await page.getByLabel("Code", { exact: true }).fill(codeOf(key));
  await page.getByRole("button", { name: "Confirm it" }).click();
  assert.equal(await page.locator("h1").innerText(), "Your recovery codes");
  assert.ok((await page.locator("main code").count()) >= 8);
  await keepsTheRules(reader);
  await go(reader, "/account/codes");
  assert.match(await page.locator(".status").innerText(), /is asked for a code/);
  await keepsTheRules(reader);
});

test("each way in the navigation leads to a page of theirs", async () => {
  const [ofWard, ofServices] = [false, true].map((hasServices) =>
    demo.users.find((user) => user.role === "councillor" && user.queues.length > 0 === hasServices),
  );
  const leader = of("team_leader", "waste-ops");
  for (const [user, hasWard] of [[ofWard, true], [ofServices, false], [leader, false]]) {
    await reader.context.close();
    reader = await newReader(browser, demo);
    await signIn(user, "/account");
    const ways = await reader.page.locator("nav.ways a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
    assert.equal(ways.includes("/my-ward"), hasWard, user.email);
    for (const way of ways) {
      const answer = await reader.page.goto(way);
      assert.equal(answer.status(), 200, `${way} for ${user.email}`);
    }
  }
});

function report(email, name = "Ada Example") {
  return tell(demo, {
    body: "The grey bin at 14 Example Street was not emptied.",
    person: { name, email },
    service: "waste-collection",
    category: "missed-bin",
  });
}

/** Somebody of a role who works a queue by name. */
function of(role, queue) {
  const found = demo.users.find((user) => user.role === role && user.queues.includes(queue));
  assert.ok(found, `the demo has a ${role} of ${queue}`);
  return found;
}

/** Signs in on the way to a page. */
async function signIn(user, where) {
  const { page } = reader;
  await go(reader, `/sign-in?next=${where}`);
  await page.getByLabel("E-mail address").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.equal(new URL(page.url()).pathname, where);
}

async function unfold(words) {
  const details = reader.page.locator("details", { has: reader.page.locator("summary", { hasText: words }) }).last();
  if ((await details.getAttribute("open")) === null) {
    await details.locator("summary").first().click();
  }
}

async function says(words) {
  assert.match(await reader.page.getByRole("status").innerText(), words);
}

async function fillOpening(reference, why) {
  await reader.page.getByLabel("Reference of the case").fill(reference);
  await reader.page.getByLabel("Why it cannot wait").fill(why);
  await reader.page.getByRole("button", { name: "Open it for me" }).click();
}

/** The code an authenticator app shows now for a key in base32. */
function codeOf(key) {
  const bits = [...key].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const bytes = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", bytes).update(step).digest();
  const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}
