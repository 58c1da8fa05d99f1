// Residents' pages: found, reported, checked, sent, followed; with and without script, in both languages,
// by keyboard alone, with whatever anybody types.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { eventually, go, keepsTheRules, newReader, openBrowser, startDemo } from "./support.mjs";

const REPORT = "/report/fly-tipping/fly-tip";
const HOSTILE = "\"><script>document.title='taken'</script> '14' & {{ 7*7 }} </textarea> ŵ 🚮";
const LARGEST_PAGE = 60_000;
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

const WORDS = {
  en: {
    next: "Continue", no: "No", send: "Send it", body: "What would you like to tell us?", place: "Address or place",
    name: /^Your name/, email: /^E-mail address/, check: "Check your answers", sent: "We have your report", other: "Cymraeg",
  },
  cy: {
    next: "Parhau", no: "Nac oes", send: "Anfon", body: "Beth hoffech chi ei ddweud wrthym?", place: "Cyfeiriad neu le",
    name: /^Eich enw/, email: /^Cyfeiriad e-bost/, check: "Gwirio eich atebion", sent: "Mae eich adroddiad gennym",
    other: "English",
  },
};

for (const language of ["en", "cy"]) {
  test(`every page is accessible, small and has the number and the other language (${language})`, async () => {
    const { page } = reader;
    await go(reader, `/privacy?lang=${language}`);
    const long = ["/services", "/contact-us"];
    for (const where of [
      "/services", "/services?q=a+sofa+was+dumped", "/services?q=xylophone", "/services/fly-tipping", REPORT, "/contact-us",
      "/standards", "/standards/fly-tipping", "/accessibility", "/privacy", "/find-my-link", "/find-my-link/sent",
    ]) {
      const answer = await go(reader, where);
      const size = (await answer.body()).length;
      assert.ok(size < LARGEST_PAGE, `${where} has ${size} bytes`);
      assert.equal(await page.locator("html").getAttribute("lang"), language, where);
      assert.equal(await page.locator(".ring a").innerText(), "01632 960000", where);
      const other = page.getByRole("link", { name: WORDS[language].other, exact: true });
      assert.equal(await other.count(), 1, `${where} has no link to the other language`);
      await keepsTheRules(reader, { isLong: long.includes(where) });
    }
    await go(reader, "/services/no-such-service", 404);
    await keepsTheRules(reader);
  });

  for (const withScript of [true, false]) {
    const how = withScript ? "" : ", without script";
    test(`something is reported and followed (${language}${how})`, async () => {
      await reader.context.close();
      reader = await newReader(browser, demo, { withScript });
      const { page } = reader;
      const words = WORDS[language];
      const email = `${language}.${withScript}@mail.example`;
      const keeps = async () => (withScript ? keepsTheRules(reader) : undefined);
      await go(reader, `/services/fly-tipping?lang=${language}`);
      await page.getByRole("link", { name: "Fly-tipping", exact: true }).click();
      await keeps();
      await page.getByLabel(words.no, { exact: true }).check();
      await next(page, words);
      await page.getByLabel(language === "en" ? "A van load or more" : "Llond fan neu fwy").check();
      await keeps();
      await next(page, words);
      await page.getByLabel(words.body).fill("A sofa on the verge.\nBy the gate.");
      await keeps();
      await next(page, words);
      await page.getByLabel(words.place).fill("14 Larkfield Rise");
      await keeps();
      await next(page, words);
      await page.locator("#file").setInputFiles({ name: "sofa.png", mimeType: "image/png", buffer: PICTURE });
      await page.locator("button[name=add]").click();
      assert.match(await page.locator(".photos").innerText(), /sofa\.png/);
      await keeps();
      await next(page, words);
      await page.getByLabel(words.name).fill("Ada Example");
      await page.getByLabel(words.email).fill(email);
      await keeps();
      await next(page, words);
      assert.equal(await page.locator("h1").innerText(), words.check);
      const answers = await page.locator(".answers").innerText();
      for (const told of ["A sofa on the verge.", "14 Larkfield Rise", "sofa.png", email]) {
        assert.ok(answers.includes(told), `${told} is not in ${answers}`);
      }
      await keeps();
      // A word is changed, and everything else is still there.
      await page.locator("#change-place").click();
      await page.getByLabel(words.place).fill("16 Larkfield Rise");
      await next(page, words);
      assert.match(await page.locator(".answers").innerText(), /16 Larkfield Rise[^]*sofa\.png/);
      await page.getByRole("button", { name: words.send, exact: true }).click();
      await page.getByRole("heading", { name: words.sent }).waitFor();
      assert.equal(page.url(), `${demo.url}/report/sent`);
      await keeps();
      const reference = await page.locator(".panel strong").innerText();
      await page.reload();
      assert.equal(await page.locator(".panel strong").innerText(), reference, "the page can be had again");
      await page.locator('main a[href^="/track/"]').click();
      assert.equal(page.url(), `${demo.url}/track`);
      assert.ok((await page.locator("dl").innerText()).includes(reference));
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      await keeps();
      if (!(await page.locator("#file").isVisible())) {
        await page.locator("summary", { hasText: /photograph|llun/ }).click();
      }
      await page.locator("#file").setInputFiles({ name: "again.png", mimeType: "image/png", buffer: PICTURE });
      await page.locator('form[action="/track/photos"] button').click();
      await page.getByRole("status").waitFor();
      assert.deepEqual([...reader.faults, ...reader.elsewhere], []);
      await mailTo(email, reference, language === "cy" ? /Mae eich neges gyda ni/ : /We will clear it/);
    });
  }
}

test("whoever is in danger sees the number before anything else", async () => {
  const { page } = reader;
  await go(reader, REPORT);
  await page.getByLabel("Yes", { exact: true }).check();
  await page.getByRole("button", { name: "Continue" }).click();
  assert.equal(await page.locator("h1").innerText(), "Ring now, do not write");
  const alert = page.getByRole("alert");
  assert.match(await alert.innerText(), /999/);
  assert.match(await alert.getByRole("link").getAttribute("href"), /^tel:0\d+$/);
  await keepsTheRules(reader);
  await go(reader, `${REPORT}?lang=cy`);
  await page.locator("#danger").check();
  await next(page, WORDS.cy);
  assert.equal(await page.locator("html").getAttribute("lang"), "cy");
  assert.match(await alert.innerText(), /999/);
  await keepsTheRules(reader);
});

test("from the start to the reference by keyboard alone", async () => {
  const { page } = reader;
  await go(reader, REPORT);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "content", "past the banner");
  await focus(page, "#danger");
  await page.keyboard.press("ArrowDown");
  assert.ok(await page.locator("#danger-no").isChecked());
  await page.keyboard.press("Enter");
  await page.locator("#f-size").waitFor();
  await pressNext(page);
  await page.locator("#body").waitFor();
  await focus(page, "#body");
  await page.keyboard.type("A sofa by the gate.");
  await pressNext(page);
  await page.locator("#place").waitFor();
  await focus(page, "#place");
  await page.keyboard.type("Mill Lane");
  // Enter in a field goes on, never back and never to the other language.
  await page.keyboard.press("Enter");
  await page.locator("#file").waitFor();
  await pressNext(page);
  await page.locator("#email").waitFor();
  await focus(page, "#email");
  await page.keyboard.type("keys@mail.example");
  await page.keyboard.press("Enter");
  await page.locator(".answers").waitFor();
  await focus(page, 'form[action$="/send"] button');
  await page.keyboard.press("Enter");
  await page.locator(".panel strong").waitFor();
});

test("whatever is typed into every field is kept, shown and never run", async () => {
  const { page } = reader;
  await go(reader, REPORT);
  await page.getByRole("button", { name: "Continue" }).click();
  await mistakeLeadsTo(page, "danger");
  await keepsTheRules(reader);
  await page.getByLabel("No", { exact: true }).check();
  await next(page, WORDS.en);
  await next(page, WORDS.en);
  await next(page, WORDS.en);
  await mistakeLeadsTo(page, "body");
  await keepsTheRules(reader);
  await page.locator("#body").fill(`${HOSTILE}\n\n${HOSTILE}`);
  await next(page, WORDS.en);
  for (const field of ["#place", "#uprn"]) {
    await page.locator(field).fill(HOSTILE);
  }
  await page.locator("summary").click();
  await page.locator("#lat").fill(HOSTILE);
  await page.locator("#long").fill(HOSTILE);
  await next(page, WORDS.en);
  await mistakeLeadsTo(page, "uprn");
  for (const field of ["#place", "#uprn", "#lat", "#long"]) {
    assert.equal(await page.locator(field).inputValue(), HOSTILE);
  }
  await keepsTheRules(reader);
  await page.locator("#uprn").fill("");
  await page.locator("#lat").fill("54.35");
  await page.locator("#long").fill("-1.45");
  await next(page, WORDS.en);
  await next(page, WORDS.en);
  for (const field of ["#name", "#email", "#phone"]) {
    await page.locator(field).fill(HOSTILE);
  }
  await next(page, WORDS.en);
  await mistakeLeadsTo(page, "email");
  assert.equal(await page.locator("#name").inputValue(), HOSTILE);
  await keepsTheRules(reader);
  // In the middle of it, in the other language: nothing is lost.
  await page.getByRole("button", { name: "Cymraeg" }).click();
  assert.equal(await page.locator("html").getAttribute("lang"), "cy");
  assert.equal(await page.locator("#name").inputValue(), HOSTILE);
  await page.getByRole("button", { name: "English" }).click();
  await page.locator("#email").fill("");
  await page.locator("#phone").fill("");
  await next(page, WORDS.en);
  assert.ok((await page.locator(".answers").innerText()).includes(HOSTILE));
  assert.doesNotMatch(await page.title(), /taken/);
  await keepsTheRules(reader);
  await page.getByRole("button", { name: "Send it" }).click();
  await page.locator(".panel strong").waitFor();
});

test("pressed twice and sent again from the page before, it is one report", async () => {
  const { page } = reader;
  await go(reader, REPORT);
  await page.getByLabel("No", { exact: true }).check();
  await next(page, WORDS.en);
  await next(page, WORDS.en);
  await page.locator("#body").fill("A sofa, once.");
  for (let steps = 0; steps < 4; steps += 1) {
    await next(page, WORDS.en);
  }
  const button = page.getByRole("button", { name: "Send it" });
  await button.dblclick();
  await page.locator(".panel strong").waitFor();
  const reference = await page.locator(".panel strong").innerText();
  await page.goBack();
  await page.getByRole("button", { name: "Send it" }).click();
  await page.locator(".panel strong").waitFor();
  assert.equal(await page.locator(".panel strong").innerText(), reference);
});

test("what is known is shown before it is asked, and the pages can be read in the dark", async () => {
  const { page } = reader;
  await page.emulateMedia({ colorScheme: "dark" });
  for (const where of ["/services/waste-collection", "/report/waste-collection/missed-bin", "/services", "/find-my-link"]) {
    await go(reader, where);
    await keepsTheRules(reader, { isLong: where === "/services" });
  }
  await go(reader, "/report/waste-collection/missed-bin");
  assert.match(await page.locator(".inset").first().innerText(), /We know about this already/);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".menu").isVisible(), false);
});

async function next(page, words) {
  await page.getByRole("button", { name: words.next, exact: true }).click();
}

async function pressNext(page) {
  await focus(page, "main form .buttons button:not([name])");
  await page.keyboard.press("Enter");
}

/** Presses Tab until it is there. */
async function focus(page, selector) {
  for (let n = 0; n < 60; n += 1) {
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) {
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`${selector} cannot be reached by Tab`);
}

async function mistakeLeadsTo(page, id) {
  assert.match(await page.title(), /^There is a problem: /);
  await page.getByRole("alert").locator(`a[href="#${id}"]`).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), id);
}

/** Waits for a mail to somebody about this, in these words. */
async function mailTo(email, reference, words) {
  return eventually(`a mail to ${email} with ${words}`, async () => {
    const listed = await fetch(`${demo.url}/demo/mail?to=${encodeURIComponent(email)}`);
    const hrefs = [...(await listed.text()).matchAll(/href="(\/demo\/mail\/[^"]+)"/g)];
    for (const [, href] of hrefs) {
      const mail = await (await fetch(`${demo.url}${href.replaceAll("&amp;", "&")}`)).text();
      if (mail.includes(reference) && words.test(mail)) {
        return mail;
      }
    }
    return undefined;
  });
}
