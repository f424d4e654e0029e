// Serves the files of docs/guide/front-end.md by Vite and opens check.ts in headless Chromium: first
// behind the proxy of vite.config.ts, then from another origin than the API's.
//
//   node run.mjs http://127.0.0.1:8000 http://localhost:5173

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

// Chromium's words for the answer to the hash of a query that the server does not know, and for a
// request while the network is away.
const EXPECTED = /status of 400|ERR_INTERNET_DISCONNECTED/;
const [api, origin] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update'],
});
try {
  await run(`${origin}/?thorough`, origin);
  process.env.VITE_CRM_URL = `${api}/graphql`;
  await run(`${origin}/`, api);
} finally {
  await browser.close();
}

async function run(address, asked) {
  const { hostname, port } = new URL(origin);
  const server = await createServer({ logLevel: 'warn', server: { host: hostname, port: Number(port), strictPort: true } });
  await server.listen();
  const page = await browser.newPage();
  // A busy machine takes its time to make Vite's bundles of the packages.
  page.setDefaultTimeout(120_000);
  const complaints = [];
  const requests = new Set();
  page.on('pageerror', (error) => complaints.push(`${error}`));
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (request.method() === 'POST') requests.add(new URL(request.url()).origin);
  });
  await page.exposeFunction('setOffline', (offline) => page.context().setOffline(offline));
  try {
    await page.goto(address);
    await page.waitForFunction(() => window.checked);
    const held = await page.evaluate(() => window.checked);
    assert.deepEqual([...requests], [asked]);
    assert.deepEqual(complaints.filter((text) => !EXPECTED.test(text)), []);
    console.log(`asking ${asked}: ${held.join(', ')}`);
  } catch (error) {
    console.error(complaints.join('\n'));
    throw error;
  } finally {
    await page.close();
    await server.close();
  }
}
