import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { MINUTES, run } from './process.mjs';

const PREFERENCES = {
  'dom.webgpu.enabled': true,
  'dom.webgpu.workers.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
  'gfx.webgpu.force-enabled': true,
  'ui.prefersReducedMotion': 1,
  'toolkit.telemetry.enabled': false,
  'app.normandy.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.captive-portal-service.enabled': false,
};

/** Firefox's sandboxes need what another root folder does not have. */
const WITHOUT_SANDBOXES = Object.fromEntries(
  ['CONTENT', 'GPU', 'RDD', 'SOCKET_PROCESS', 'UTILITY'].map((name) => [`MOZ_DISABLE_${name}_SANDBOX`, '1']),
);

/** Settings of the page as its address holds them: an epoch of the network that `tests/portability/mnist.test.ts` trains. */
const EPOCH = 'data=mnist&hidden=100&lr=0.001&batch=32&epochs=1&seed=1&networks=1&val=0';

/**
 * Runs the bundled tests and trains on the demo page in Firefox, which is started without a window and driven by WebDriver
 * BiDi.
 *
 * @param {object} setting
 * @param {string} setting.folder
 * @param {string} setting.log
 * @param {string} setting.origin where tests and page are served
 * @param {Awaited<ReturnType<typeof import('./debian-sid.mjs').debianSid>>} setting.sid where Firefox is
 */
export async function testInFirefox({ folder, log, origin, sid }) {
  const puppeteer = await puppeteerIn(join(folder, 'puppeteer'), log);
  const profile = join(sid.root, 'tmp/profile');
  await rm(profile, { recursive: true, force: true });
  await mkdir(profile, { recursive: true });
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${value});\n`);
  await writeFile(join(profile, 'user.js'), lines.join(''));
  const port = await freePort();
  const options = [
    '--headless',
    '--no-remote',
    '--profile',
    '/tmp/profile',
    '--remote-debugging-port',
    String(port),
  ];
  const [program = '', ...args] = sid.command(['firefox', ...options, 'about:blank'], WITHOUT_SANDBOXES);
  const firefox = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const print = (/** @type {string | Uint8Array} */ text) => appendFileSync(log, text);
  firefox.stdout.on('data', print);
  firefox.stderr.on('data', print);
  const stop = new AbortController();
  const late = setTimeout(
    () => stop.abort(new Error(`Firefox was not done after ${MINUTES} minutes`)),
    60_000 * MINUTES,
  );
  firefox.on('error', (error) => stop.abort(error));
  firefox.on('exit', (code, signal) =>
    stop.abort(new Error(`Firefox ended with ${signal ?? `exit code ${code}`}`)),
  );
  /** @type {{ version: string, last: string }} what ran last: a crash ends all of Firefox */
  const seen = { version: '', last: 'nothing' };
  const drive = async () => {
    const browser = await connect(puppeteer, `ws://127.0.0.1:${port}/session`, stop.signal);
    seen.version = (await browser.version()).replace('firefox/', '');
    const [tab] = await browser.pages();
    const report = await runTests(tab, `${origin}/tests.html`, { print, seen, signal: stop.signal });
    seen.last = 'the page';
    const page = await trainPage(tab, `${origin}/demo/?${EPOCH}`, stop.signal);
    await browser.disconnect();
    return { version: seen.version, report, page };
  };
  try {
    // What is asked of a Firefox that hangs has no answer.
    return await Promise.race([drive(), aborted(stop.signal)]);
  } catch (error) {
    // Its end is told later than what it makes impossible.
    await Promise.race([aborted(stop.signal), pause(2000)]).catch(() => {});
    if (!stop.signal.aborted) throw error;
    const { message } = stop.signal.reason;
    throw new Error(`${message} (version ${seen.version || 'unknown'}). It ran: ${seen.last}`, {
      cause: error,
    });
  } finally {
    clearTimeout(late);
    if (firefox.pid !== undefined && firefox.exitCode === null && firefox.signalCode === null) {
      const ended = once(firefox, 'exit');
      // Firefox's own processes too.
      process.kill(-firefox.pid, 'SIGKILL');
      await ended;
    }
  }
}

/**
 * Never resolves.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<never>} rejects with the reason once the signal aborts
 */
function aborted(signal) {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/**
 * @param {string} folder
 * @param {string} log
 */
async function puppeteerIn(folder, log) {
  const { resolve } = createRequire(pathToFileURL(join(folder, 'package.json')));
  if (!existsSync(join(folder, 'node_modules/puppeteer-core'))) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
    await run(['npm', 'install', '--no-audit', '--no-fund', 'puppeteer-core@24'], { cwd: folder, log });
  }
  const { default: puppeteer } = await import(pathToFileURL(resolve('puppeteer-core')).href);
  return puppeteer;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' ? address?.port : undefined;
}

/**
 * @param {any} puppeteer
 * @param {string} browserWSEndpoint
 * @param {AbortSignal} signal
 */
async function connect(puppeteer, browserWSEndpoint, signal) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await puppeteer.connect({ browserWSEndpoint, protocol: 'webDriverBiDi', protocolTimeout: 0 });
    } catch (error) {
      if (attempt === 120) throw error;
      await pause(500, undefined, { signal });
    }
  }
}

/**
 * @param {any} page
 * @param {string} address
 * @param {{ print: (text: string) => void, seen: { last: string }, signal: AbortSignal }} to
 */
async function runTests(page, address, { print, seen, signal }) {
  /** @type {string | undefined} */
  let broken;
  page.on('console', (/** @type {any} */ message) => {
    print(`${message.text()}\n`);
    seen.last = message.text();
  });
  page.on('pageerror', (/** @type {Error} */ error) => {
    broken = error.message;
  });
  await page.goto(address);
  for (;;) {
    const report = await page.evaluate(() => globalThis.report ?? null);
    if (report) return report;
    if (broken !== undefined) throw new Error(`The tests broke off in Firefox: ${broken}`);
    await pause(1000, undefined, { signal });
  }
}

/**
 * Trains on the page as a visitor does, and takes the report that it saves.
 *
 * @param {any} page
 * @param {string} address
 * @param {AbortSignal} signal
 * @returns {Promise<{ plan: string, loss: number, testAccuracy: number }>}
 */
async function trainPage(page, address, signal) {
  await page.goto(address);
  await reach(page, 'ready', signal);
  await page.click('#train');
  await reach(page, 'done', signal);
  await page.evaluate(() => {
    const { createObjectURL } = URL;
    URL.createObjectURL = (blob) => {
      globalThis.saved = blob;
      return createObjectURL(blob);
    };
  });
  await page.click('#save-report');
  await page.waitForFunction(() => globalThis.saved !== undefined);
  const { config, history, test } = JSON.parse(await page.evaluate(() => globalThis.saved.text()));
  return { plan: config.plan, loss: history[0].loss, testAccuracy: test.accuracy };
}

/** @param {any} page @param {string} state @param {AbortSignal} signal */
async function reach(page, state, signal) {
  for (;;) {
    const { now, alerts } = await page.evaluate(() => ({
      now: document.querySelector('[role=status][data-state]')?.getAttribute('data-state'),
      alerts: [...document.querySelectorAll('[role=alert]')].map(({ textContent }) => textContent).join(' '),
    }));
    if (now === state) return;
    if (now === 'error') throw new Error(`The page says: ${alerts.trim()}`);
    await pause(500, undefined, { signal });
  }
}
