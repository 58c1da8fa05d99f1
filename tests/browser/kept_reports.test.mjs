// The councillor responsible opens the report kept for them: asked to sign in, led to it, read and printed.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { eventually, go, keepsTheRules, newReader, openBrowser, startDemo } from "./support.mjs";

const COUNCILLOR = "portfolio.environment.and.waste@council.example";

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

test("a kept report is found, read on a telephone and on paper, and is a table too", async () => {
  const { page } = reader;
  await signIn(COUNCILLOR);
  await go(reader, "/reports");
  await keepsTheRules(reader);
  await page.getByRole("link", { name: /^How promises were kept/ }).first().click();
  assert.match(await page.locator("h1").innerText(), /^How promises were kept: Councillor responsible for/);
  await keepsTheRules(reader);
  const means = await page.locator("table").first().innerText();
  assert.match(means, /Cases that reached us in the period/, "each figure has its meaning beside it");
  const address = new URL(page.url()).pathname;
  const table = await page.request.get(`${demo.url}${address}/figures.csv`);
  assert.match(await table.text(), /^report,kind,from_on,to_on/);
  if (process.env.REEVE_SHOTS) {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.screenshot({ path: `${process.env.REEVE_SHOTS}/report.png`, fullPage: true });
    await page.setViewportSize({ width: 320, height: 700 });
    await page.screenshot({ path: `${process.env.REEVE_SHOTS}/report-narrow.png`, fullPage: false });
  }
  // Whoever opens the link without having signed in is asked to, and led back.
  await page.context().clearCookies();
  await go(reader, address);
  assert.equal(await page.locator("h1").innerText(), "Sign in");
  await signIn(COUNCILLOR);
  assert.equal(new URL(page.url()).pathname, address);
});

/** Signs in by a link in the mail. */
async function signIn(email) {
  const { page } = reader;
  await go(reader, "/sign-in");
  await page.getByLabel("E-mail address").fill(email);
  const asked = new Set(await linksTo(email));
  await page.getByRole("button", { name: "Send me a link" }).click();
  const link = await eventually("the mail with the link", async () =>
    (await linksTo(email)).find((one) => !asked.has(one)),
  );
  await go(reader, link);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function linksTo(email) {
  const listed = await fetch(`${demo.url}/demo/mail?to=${encodeURIComponent(email)}`);
  const hrefs = [...(await listed.text()).matchAll(/href="(\/demo\/mail\/[^"]+)"/g)];
  const links = [];
  for (const [, href] of hrefs) {
    const mail = await (await fetch(`${demo.url}${href.replaceAll("&amp;", "&")}`)).text();
    const found = mail.match(/\/sign-in\/rvs_[A-Za-z0-9_-]{43}/);
    if (found && mail.includes(email)) {
      links.push(`${demo.url}${found[0]}`);
    }
  }
  return links;
}
