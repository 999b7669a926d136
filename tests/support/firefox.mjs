// Drives Firefox for tests/support/firefox.py: one JSON command a line on stdin, one JSON reply a
// line on stdout. Commands: {id, do: "open", url, hook} -> page number; {id, do: "evaluate", page,
// expression} -> value; {id, do: "close", page}. The end of stdin closes the browser.

import { createInterface } from 'node:readline';
import puppeteer from 'puppeteer-core';

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: '/usr/bin/firefox-esr',
  headless: true,
  acceptInsecureCerts: true,
  extraPrefsFirefox: {
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    'media.autoplay.default': 0,
    'media.autoplay.blocking_policy': 0,
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'media.peerconnection.ice.loopback': true,
  },
});
const pages = [];

const commands = {
  async open({ url, hook }) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    await page.evaluateOnNewDocument(hook);
    await page.goto(url, { waitUntil: 'domcontentloaded' });
    return pages.push(page) - 1;
  },
  evaluate: ({ page, expression }) => pages[page].evaluate(expression),
  close: ({ page }) => pages[page].close(),
};

async function reply({ id, do: what, ...parameters }) {
  try {
    const value = await commands[what](parameters);
    return { id, value: value ?? null };
  } catch (error) {
    return { id, error: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  reply(JSON.parse(line)).then((answer) => process.stdout.write(`${JSON.stringify(answer)}\n`));
}
await browser.close();
