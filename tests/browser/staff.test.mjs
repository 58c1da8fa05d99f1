// Agents and officers at work: a call logged while somebody talks, a case, a reply; with and without script.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { go, keepsTheRules, newReader, openBrowser, startDemo } from "./support.mjs";

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
  test(`an agent logs a call and reads out what is promised${how}`, async () => {
    await reader.context.close();
    reader = await newReader(browser, demo, { withScript });
    const { page } = reader;
    await signIn("agent", "/log");
    assert.equal(await page.locator("h1").innerText(), "Log a contact");
    await page.getByLabel("In their own words").fill("The grey bin at number 14 was not emptied today.");
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("Ada Browser");
    await page.getByLabel("Telephone").fill("01632 960199");
    await page.getByRole("button", { name: "Look", exact: true }).click();
    assert.match(await page.locator(".say").innerText(), /by 5pm on/);
    if (withScript) {
      await keepsTheRules(reader);
    }
    await page.getByRole("button", { name: "Save" }).click();
    assert.match(new URL(page.url()).pathname, /^\/cases\/[0-9A-Z-]+$/);
    assert.match(await page.getByRole("status").innerText(), /The contact is saved/);
    assert.match(await page.locator(".say").innerText(), /Your reference is/);
    if (withScript) {
      await keepsTheRules(reader, { isLong: true });
    }
    assert.doesNotMatch(page.url(), /Ada|960199/);
  });

  test(`an officer takes a case, notes, replies and takes the reply back${how}`, async () => {
    await reader.context.close();
    reader = await newReader(browser, demo, { withScript });
    const { page } = reader;
    await signIn("officer", "/work");
    await page.getByRole("button", { name: /Take the next/ }).first().click();
    assert.match(await page.getByRole("status").innerText(), /This case is yours now/);
    await page.locator("summary", { hasText: "Write a note" }).click();
    await page.getByLabel("Note", { exact: true }).fill("Rang; nobody at home.");
    await page.getByRole("button", { name: "Save the note" }).click();
    assert.match(await page.getByRole("status").innerText(), /Your note is saved/);
    assert.match(await page.locator("main").innerText(), /Rang; nobody at home\./);
    await page.getByRole("link", { name: "an answer" }).or(page.locator("summary", { hasText: "Reply to the person" })).first().click();
    await page.getByRole("link", { name: "an answer" }).click();
    const reply = page.getByLabel("Your reply");
    assert.match(await reply.inputValue(), /^Dear /);
    await reply.fill("Dear resident,\nWe will come soon.");
    await page.getByRole("button", { name: "Look it over" }).click();
    assert.match(await page.locator(".checks").innerText(), /It says “soon”/);
    if (withScript) {
      await keepsTheRules(reader);
    }
    await page.getByRole("button", { name: "Change it" }).click();
    assert.match(await page.getByLabel("Your reply").inputValue(), /We will come soon/);
  });
}

test("every page of theirs keeps the rules", async () => {
  await signIn("officer", "/work");
  await keepsTheRules(reader);
  for (const where of ["/queues", "/find", "/log", "/account"]) {
    await go(reader, where);
    await keepsTheRules(reader);
  }
  await go(reader, "/queues");
  await reader.page.locator("tbody a").first().click();
  await keepsTheRules(reader);
  await reader.context.close();
  reader = await newReader(browser, demo);
  await signIn("agent", "/to-place");
  await keepsTheRules(reader);
});

test("by the keyboard alone somebody gets from the sign-in to a case", async () => {
  const { page } = reader;
  const officer = somebody("officer");
  await go(reader, "/sign-in?next=/work");
  await page.getByLabel("E-mail address").focus();
  await page.keyboard.type(officer.email);
  await page.keyboard.press("Tab");
  await page.keyboard.type(officer.password);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === "/work");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content");
  const focused = () => page.evaluate(() => document.activeElement.getAttribute("href") ?? document.activeElement.tagName);
  let reached = "";
  for (let steps = 0; steps < 60 && !/^\/cases\/|BUTTON/.test(reached); steps += 1) {
    await page.keyboard.press("Tab");
    reached = await focused();
  }
  assert.match(reached, /^\/cases\/|BUTTON/, "a case or the next one is reached by the keyboard");
});

test("what was written when the session ended comes back after signing in", async () => {
  const { page, context } = reader;
  await signIn("officer", "/work");
  await page.getByRole("button", { name: /Take the next/ }).first().click();
  await page.locator("summary", { hasText: "Write a note" }).click();
  await page.getByLabel("Note", { exact: true }).fill("Three lines\nthat nobody\nmay lose.");
  await context.clearCookies({ name: "reeve_session" });
  await page.getByRole("button", { name: "Save the note" }).click();
  assert.match(await page.getByRole("alert").innerText(), /every word you wrote is kept/);
  await keepsTheRules(reader);
  const officer = somebody("officer");
  await page.getByLabel("E-mail address").fill(officer.email);
  await page.getByLabel("Password").fill(officer.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  assert.equal(await page.locator("h1").innerText(), "You are signed in again");
  assert.match(await page.locator(".as-written").first().innerText(), /that nobody/);
  await keepsTheRules(reader);
  await page.getByRole("button", { name: "Go on with it" }).click();
  assert.match(await page.getByRole("status").innerText(), /Your note is saved/);
});

/** The first of a role; of officers one who works a queue by name. */
function somebody(role) {
  const own = demo.users.filter((one) => one.role === role);
  return own.find((one) => role !== "officer" || !one.queues.includes("*"));
}

/** Signs in as the first of a role, on the way to a page. */
async function signIn(role, where) {
  const { page } = reader;
  const user = somebody(role);
  await go(reader, where);
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await page.getByLabel("E-mail address").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  assert.equal(new URL(page.url()).pathname, where);
}
