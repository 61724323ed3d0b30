/**
 * The contenders of `bench/peers.py` that run in a browser, speaking as `contenders.py` does:
 *
 *     node bench/browser_contender.mjs FOLDER BROWSER EXECUTABLE ADDRESS
 *
 * puppeteer-core lies in FOLDER/node_modules. ADDRESS is that of `websim serve`; the page is one of its
 * responses that shows nothing, in which `WebSim` runs freely with random actions.
 */

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const SETTLE_MS = 300;
const WARM_UP_MS = 2000;
const BOOT_MS = 180_000;

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
    await globalThis.sim?.close();
    globalThis.sim = undefined;
    const { WebSim } = await import('/sim/websim.js');
    globalThis.sim = await WebSim.create(options);
  }, { task, numEnvs, numWorkers: Math.min(cores, numEnvs) });
  await measure(WARM_UP_MS / 1000);
}

/** @param {number} seconds @returns {Promise<{ steps: number, seconds: number }>} */
function measure(seconds) {
  return page.evaluate(async (ms, settle) => {
    const { sim } = globalThis;
    const pass = (/** @type {number} */ time) => new Promise((resolve) => setTimeout(resolve, time));
    sim.play();
    await pass(settle);
    const [steps, start] = [sim.stats().environmentSteps, performance.now()];
    await pass(ms);
    const [stepsAfter, end] = [sim.stats().environmentSteps, performance.now()];
    sim.pause();
    return { steps: stepsAfter - steps, seconds: (end - start) / 1000 };
  }, seconds * 1000, SETTLE_MS);
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
