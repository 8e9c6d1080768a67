// Looks at pages with one Lighthouse and one Chromium: `node bench/support/lighthouse.mjs <where npm installed> <Chromium>`.
// Each line that comes in is JSON ({url, form, flags}), each that goes out is what Lighthouse says of that page.
// Every look has a browser context of its own, so that it finds as little in the browser as the first one.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder, chromePath] = process.argv.slice(2);
const installed = (name) => import(pathToFileURL(createRequire(`${folder}/`).resolve(name)));
const { default: lighthouse, desktopConfig } = await installed("lighthouse");
const { launch } = await installed("chrome-launcher");
const { default: puppeteer } = await installed("puppeteer-core");

const CONFIGS = { desktop: desktopConfig, phone: undefined }; // Lighthouse looks at a phone by default
const chrome = await launch({ chromePath, chromeFlags: ["--headless=new", "--no-sandbox"] });
try {
  const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${chrome.port}`, defaultViewport: null });
  for await (const line of createInterface({ input: process.stdin })) {
    const { url, form, flags } = JSON.parse(line);
    const context = await browser.createBrowserContext();
    const { lhr } = await lighthouse(url, flags, CONFIGS[form], await context.newPage());
    await context.close();
    process.stdout.write(`${JSON.stringify(lhr)}\n`);
  }
  await browser.disconnect();
} finally {
  chrome.kill();
}
