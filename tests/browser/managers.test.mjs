// Councillors, managers and administrators at their pages: read at both widths, used without script.

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

const PAGES = {
  councillor: ["/my-enquiries", "/my-enquiries?show=all", "/my-enquiries/new", "/my-ward"],
  head_of_service: [
    "/teams",
    "/teams/waste-ops",
    "/teams/waste-ops?show=all",
    "/escalations",
    "/performance",
    "/performance?from_on=2026-11-01&to_on=2026-11-20&and_from_on=2026-10-01&and_to_on=2026-10-31",
    "/intake",
    "/admin/notices",
    "/my-ward",
    "/my-ward?ward=market",
  ],
  admin: [
    "/admin",
    "/admin/notices",
    "/admin/notices?state=sent",
    "/admin/waiting",
    "/admin/users",
    "/admin/users/new",
    "/admin/keys",
    "/admin/keys/new",
    "/admin/audit",
    "/admin/catalogue",
    "/performance",
    "/intake",
  ],
};

for (const [role, pages] of Object.entries(PAGES)) {
  test(`every page of a ${role} can be read by everybody, at any width`, async () => {
    await signIn(person(role));
    for (const path of pages) {
      await go(reader, path);
      await keepsTheRules(reader, { isLong: /users\/new|keys\/new|audit|performance/.test(path) });
    }
  });
}

test("each way in the navigation leads to a page of theirs", async () => {
  const { page } = reader;
  await signIn(person("admin"));
  await go(reader, "/admin");
  const ways = await page
    .locator("nav.ways a, main a")
    .evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  assert.ok(ways.includes("/admin/catalogue"), ways.join(" "));
  for (const way of ways) {
    await go(reader, way);
  }
});

for (const withScript of [true, false]) {
  const how = withScript ? "" : " without script";
  test(`a councillor raises for a constituent and adds a word${how}`, async () => {
    await reader.context.close();
    reader = await newReader(browser, demo, { withScript });
    const { page } = reader;
    await signIn(demo.users.filter((user) => user.role === "councillor")[withScript ? 0 : 1]);
    await go(reader, "/my-enquiries");
    await page.getByRole("link", { name: "Raise something" }).click();
    await page.getByLabel("What is it about?").fill("Blocked drain");
    await page
      .getByLabel("What has happened, and what do you ask for?")
      .fill("The drain in the road outside 9 Beck Row is blocked.");
    await page.getByLabel("For somebody who agrees that you tell me about it").check();
    await page.getByLabel("They wrote to me").check();
    await page.getByRole("button", { name: "Send it to the council" }).click();
    // The name is missing: said at the top, with a link to its field, and no word is lost.
    assert.match(await page.getByRole("alert").innerText(), /Give the name of the person/);
    assert.equal(await page.getByLabel("What is it about?").inputValue(), "Blocked drain");
    assert.ok(await page.getByLabel("They wrote to me").isChecked());
    if (withScript) {
      await keepsTheRules(reader);
    }
    await page.getByRole("alert").getByRole("link").click();
    assert.equal(new URL(page.url()).hash, "#name");
    await page.getByLabel("Their name").fill("Daniel Amadi");
    await page.getByRole("button", { name: "Send it to the council" }).click();
    assert.equal(await page.locator("h1").innerText(), "Blocked drain");
    assert.match(await page.locator("main").innerText(), /You told us that the person agrees/);
    assert.match(await page.getByLabel("Copy these words").inputValue(), /promised me an answer by/);
    await page.getByLabel("Your words").fill("When will it be done?");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    assert.match(await page.getByRole("status").innerText(), /We have added your words/);
    if (withScript) {
      await keepsTheRules(reader);
    }
  });
}

test("an administrator's new key is shown once, and the catalogue by what would change", async () => {
  const { page } = reader;
  await signIn(person("admin"));
  await go(reader, "/admin/keys/new");
  await page.getByLabel("What it is for").fill("till");
  await page.getByLabel("catalogue:read").check();
  await page.getByRole("button", { name: "Make the key" }).click();
  const key = await page.getByLabel("The whole key").inputValue();
  assert.match(key, /^rvk_/);
  await keepsTheRules(reader);
  await go(reader, "/admin/keys");
  assert.ok(!(await page.content()).includes(key));

  const answer = await reader.context.request.get("/admin/catalogue/in-force.json");
  const tree = await answer.json();
  tree.council.main_phone = "01632 960001";
  await go(reader, "/admin/catalogue");
  await page.getByLabel("The whole catalogue, as JSON").setInputFiles({
    name: "catalogue.json",
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(tree)),
  });
  await page.getByRole("button", { name: "Show what would change" }).click();
  assert.equal(await page.locator("h1").innerText(), "What would change");
  assert.match(await page.locator("main").innerText(), /\/council\/main_phone/);
  await keepsTheRules(reader);
  await page.getByRole("button", { name: "Put it in force" }).click();
  assert.match(await page.getByRole("status").innerText(), /new catalogue is in force/);
});

/** Somebody of the demo with this role. */
function person(role) {
  const all = demo.users.filter((user) => user.role === role);
  return all.find((user) => /waste|osgathorpe/.test(user.email)) ?? all[0];
}

async function signIn(user) {
  const { page } = reader;
  await go(reader, "/sign-in");
  await page.getByLabel("E-mail address").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.ok(!page.url().includes("/sign-in"), `${user.email} is not signed in`);
}
