// A demo of its own for each file of tests, a browser to read it with, and what every page must keep.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { chromium } from "playwright-core";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const WIDTHS = [320, 1280];
const START_LIMIT_MS = 90_000;

/** Starts `reeve demo` in a folder of its own and waits for its line. */
export async function startDemo() {
  const folder = await mkdtemp(path.join(tmpdir(), "reeve-browser-"));
  const child = spawn(
    fromEnvironment("REEVE_BIN"),
    ["demo", "--json", "--port", "0", "--data-dir", folder],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = new Promise((resolve) => child.once("close", resolve));
  const log = [];
  child.stderr.on("data", (bytes) => log.push(bytes));
  const line = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("error", reject);
    child.once("close", (code) => reject(new Error(`it ended with ${code}\n${Buffer.concat(log)}`)));
    setTimeout(() => reject(new Error(`no line\n${Buffer.concat(log)}`)), START_LIMIT_MS).unref();
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const told = JSON.parse(await line);
    return { url: told.pages, api: told.api, users: told.users, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The browser that `REEVE_CHROMIUM` names. */
export function openBrowser() {
  return chromium.launch({
    executablePath: fromEnvironment("REEVE_CHROMIUM"),
    args: [
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/**
 * A reader with an empty browser. `faults` is what the browser complained about and `elsewhere` what
 * a page asked other servers for; both stay empty.
 */
export async function newReader(browser, demo, { withScript = true } = {}) {
  const context = await browser.newContext({
    baseURL: demo.url,
    javaScriptEnabled: withScript,
    viewport: { width: 1280, height: 900 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const faults = [];
  const elsewhere = [];
  page.on("console", (message) => {
    // A browser also calls it an error that a page says 404, which some of ours are there to say.
    const isThePageItself = message.location().url === page.url();
    if (message.type() === "error" && !(isThePageItself && /status of 4\d\d/.test(message.text()))) {
      faults.push(`${message.text()} (${message.location().url})`);
    }
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${demo.url}/`)) {
      elsewhere.push(request.url());
    }
  });
  return { context, page, faults, elsewhere };
}

/** Opens a page and says its answer. */
export async function go(reader, where, status = 200) {
  const answer = await reader.page.goto(where);
  assert.equal(answer.status(), status, `${where} answers ${answer.status()}`);
  await keepsThePolicy(answer);
  return answer;
}

/**
 * What the open page must keep, whatever it says. On a very long page the accessibility rules are
 * read at the narrowest width alone, which takes seconds each time.
 */
export async function keepsTheRules(reader, { isLong = false } = {}) {
  const { page } = reader;
  const where = page.url();
  // What is folded away must keep them too.
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) {
      details.open = true;
    }
  });
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    const [needed, there] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    assert.ok(needed <= there, `${where} is ${needed} wide in a window of ${there}`);
    if (!isLong || width === Math.min(...WIDTHS)) {
      assert.deepEqual(await accessibilityFaults(page), [], `${where} at ${width}`);
    }
  }
  assert.match(await page.title(), /\S/, `${where} has no title`);
  assert.equal(await page.locator("h1").count(), 1, `${where} has one first heading`);
  assert.deepEqual(reader.faults, [], where);
  assert.deepEqual(reader.elsewhere, [], where);
}

/** Tells the council something as its website would. */
export async function tell(demo, contact) {
  const answer = await fetch(`${demo.api}/v1/public/contacts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(contact),
  });
  const told = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(told));
  return told;
}

/** Moves the demo's clock to nine o'clock of its next working day. */
export async function moveToNextMorning(demo) {
  const answer = await fetch(`${demo.api}/demo/clock`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  assert.equal(answer.status, 200, await answer.text());
}

/** A date as our pages write it: "Tuesday 24 November 2026". */
export function inWords(date) {
  const part = (options) =>
    new Date(`${date}T12:00:00Z`).toLocaleDateString("en-GB", { ...options, timeZone: "UTC" });
  const [day, month, year] = [{ day: "numeric" }, { month: "long" }, { year: "numeric" }].map(part);
  return `${part({ weekday: "long" })} ${day} ${month} ${year}`;
}

/** Asks again until it is so: mail leaves a moment after it is written. */
export async function eventually(what, ask, limitMs = 10_000) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await ask();
    if (found) {
      return found;
    }
    assert.ok(Date.now() < end, `${what} did not happen within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function keepsThePolicy(answer) {
  const headers = await answer.allHeaders();
  const policy = headers["content-security-policy"] ?? "";
  assert.match(policy, /default-src 'none'/, answer.url());
  assert.match(policy, /frame-ancestors 'none'/, answer.url());
  assert.doesNotMatch(policy, /unsafe-|\*|https?:|data:/, answer.url());
  assert.equal(headers["x-content-type-options"], "nosniff", answer.url());
}

async function accessibilityFaults(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(
    (tags) =>
      globalThis.axe.run(document, {
        runOnly: { type: "tag", values: tags },
        rules: { "target-size": { enabled: true } },
        resultTypes: ["violations"],
      }),
    WCAG,
  );
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`,
  );
}

function fromEnvironment(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: ./test sets it`);
  return value;
}
