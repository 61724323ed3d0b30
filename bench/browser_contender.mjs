/**
 * The contenders of `bench/peers.py` that run in a browser, speaking as `contenders.py` does:
 *
 *     node bench/browser_contender.mjs FOLDER BROWSER EXECUTABLE ADDRESS
 *
 * puppeteer-core lies in FOLDER/node_modules. ADDRESS is that of `websim serve`; the page is one of its
 * responses that shows nothing, in which `WebSim` runs freely with random actions.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const SETTLE_SECONDS = 0.3;
const WARM_UP_SECONDS = 2;
const BOOT_MS = 180_000;

// An expression: without the comment before it and the semicolon after it.
const RATE = readFileSync(new URL('rate.js', import.meta.url), 'utf8')
  .replace(/^\/\*[^]*?\*\//, '').replace(/;\s*$/, '');

const [folder, browserName, executablePath, address] = process.argv.slice(2);
const puppeteer = createRequire(`${folder}/package.json`)('puppeteer-core');

const browser = await puppeteer.launch({
  browser: browserName,
  executablePath,
  headless: true,
  protocolTimeout: BOOT_MS,
  args: browserName === 'chrome'
    ? ['--no-sandbox', '--no-first-run', '--disable-background-networking',
       '--disable-component-update', '--disable-sync']
    : [],
});
const page = await browser.newPage();
await page.goto(`${address}/healthz`);

/** @param {{ task: string, num_envs: number, cores: number }} wanted */
async function make({ task, num_envs: numEnvs, cores }) {
  await page.evaluate(async (options) => {
    const { WebSim } = await import('/sim/websim.js');
    // The workers stay: only the robots are others.
    globalThis.sim = await WebSim.create({ ...options, replacing: globalThis.sim });
  }, { task, numEnvs, numWorkers: Math.min(cores, numEnvs) });
  await measure(WARM_UP_SECONDS);
}

/** @param {number} seconds @returns {Promise<{ steps: number, seconds: number }>} */
async function measure(seconds) {
  const wanted = JSON.stringify({ seconds, settle: SETTLE_SECONDS });
  const workers = await page.evaluate(`(${RATE})(${wanted})`);
  const rate = workers.reduce((sum, { environments, pace }) => sum + environments * pace, 0);
  return { steps: rate * seconds, seconds };
}

console.log(JSON.stringify({ version: await browser.version() }));
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let reply = {};
  try {
    if ('seconds' in request) reply = await measure(request.seconds);
    else await make(request);
  } catch (error) {
    reply = { error: String(error).split('\n')[0] };
  }
  console.log(JSON.stringify(reply));
}
await browser.close();
