// A councillor signs in by a link in a mail, after a scanner of mails has opened it.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { eventually, go, keepsTheRules, newReader, openBrowser, startDemo } from "./support.mjs";

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
  test(`the link in the mail signs in once, however often it was looked at${how}`, async () => {
    await reader.context.close();
    reader = await newReader(browser, demo, { withScript });
    const { page } = reader;
    const member = demo.users.filter((user) => user.role === "councillor")[withScript ? 0 : 1];
    const link = await askForLink(member.email);
    // Whoever scans mail opens what is in it, more than once.
    for (let looks = 0; looks < 3; looks += 1) {
      const answer = await fetch(link);
      assert.equal(answer.status, 200);
      await answer.text();
    }
    await go(reader, link);
    assert.equal(await page.locator("h1").innerText(), `Sign in as ${member.name}`);
    if (withScript) {
      await keepsTheRules(reader);
    }
    await page.getByRole("button", { name: "Sign in" }).click();
    assert.equal(await page.locator("h1").innerText(), "You are signed in");
    assert.equal(new URL(page.url()).pathname, "/account");
    assert.ok((await page.locator("dl").innerText()).includes(member.name));
    if (withScript) {
      await keepsTheRules(reader);
    }
    await page.getByRole("button", { name: "Sign out" }).click();
    await go(reader, link);
    assert.match(await page.getByRole("alert").innerText(), /There is a problem/);
    assert.equal(await page.locator("h1").innerText(), "Sign in", "used up");
  });
}

test("an address nobody has is answered like one that somebody has", async () => {
  const { page } = reader;
  await go(reader, "/sign-in");
  await keepsTheRules(reader);
  await page.getByLabel("E-mail address").fill("nobody@council.example");
  await page.getByRole("button", { name: "Send me a link" }).click();
  assert.equal(await page.locator("h1").innerText(), "Look into your mail");
  await keepsTheRules(reader);
});

/** Asks for a link as a person does, and finds it in the mail. */
async function askForLink(email) {
  const { page } = reader;
  await go(reader, "/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByRole("button", { name: "Send me a link" }).click();
  assert.equal(await page.locator("h1").innerText(), "Look into your mail");
  return eventually("the mail with the link", async () => {
    const listed = await fetch(`${demo.url}/demo/mail?to=${encodeURIComponent(email)}`);
    const hrefs = [...(await listed.text()).matchAll(/href="(\/demo\/mail\/[^"]+)"/g)];
    for (const [, href] of hrefs) {
      const mail = await (await fetch(`${demo.url}${href.replaceAll("&amp;", "&")}`)).text();
      const found = mail.match(/\/sign-in\/rvs_[A-Za-z0-9_-]{43}/);
      if (found && mail.includes(email)) {
        return `${demo.url}${found[0]}`;
      }
    }
    return undefined;
  });
}
