import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { cacheDirectory } from '../../src/node/cache.ts';
import { chromiumPackage } from '../../src/node/swiftshader.ts';
import { extractTar, unpackOnce } from '../../src/node/unpack.ts';

/** WebGPU on the CPU, in pages and in workers. */
const webgpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** A name of this machine that does not make a secure context; 127.0.0.1 does. */
export const insecureHost = 'insecure.test';

/** All other names lead nowhere. */
const network = [`--host-resolver-rules=MAP ${insecureHost} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`];

interface Chromium {
  readonly executable: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * Starts the Chromium that came with `npm ci`, or the one that `SHADEGRAD_CHROMIUM` names, without a window.
 *
 * @param graphics command line switches; default WebGPU on the CPU
 */
export async function launchBrowser(graphics: readonly string[] = webgpu): Promise<Browser> {
  const { executable, environment } = await findChromium();
  return chromium.launch({
    executablePath: executable,
    env: environment,
    // The sandbox needs user namespaces or root's help; containers often have neither.
    chromiumSandbox: false,
    args: [...graphics, ...network],
  });
}

export async function crashGpuProcess(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  await session.send('Browser.crashGpuProcess');
  await session.detach();
}

/**
 * Starts the same browser as a user would and connects to it: one that Playwright starts keeps every page visible,
 * focused and unthrottled. Only pages of the browser's default context behave as a user's do.
 */
export async function launchUntouchedBrowser(): Promise<{ browser: Browser; close: () => Promise<void> }> {
  const { executable, environment } = await findChromium();
  const profile = await mkdtemp(join(tmpdir(), 'shadegrad-profile-'));
  const switches = ['--headless', '--no-sandbox', '--no-first-run', '--disable-background-networking'];
  const child = spawn(
    executable,
    [...switches, ...webgpu, ...network, `--user-data-dir=${profile}`, '--remote-debugging-port=0'],
    { env: environment, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const exited = once(child, 'exit');
  const close = async () => {
    child.kill();
    await exited;
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    const browser = await chromium.connectOverCDP(await endpoint(child), { noDefaults: true });
    return { browser, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The address for debuggers that Chromium prints on stderr. Reading goes on, so that Chromium never blocks. */
function endpoint(child: ChildProcessByStdio<null, null, Readable>): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const address = /DevTools listening on (\S+)\n/.exec(said)?.[1];
      if (address !== undefined) resolve(address);
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error(`Chromium ended before it could be connected to:\n${said}`)));
  });
}

async function findChromium(): Promise<Chromium> {
  const { SHADEGRAD_CHROMIUM: chosen, ...environment } = process.env;
  if (chosen) return { executable: chosen, environment };
  const folder = await unpackChromium();
  const own = { LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_FILE: join(folder, 'fonts.conf') };
  return { executable: join(folder, 'chromium'), environment: { ...environment, ...own } };
}

/** Unpacks Chromium, with the libraries and fonts that a bare machine lacks, into a folder of the cache. */
async function unpackChromium(): Promise<string> {
  const bundle = await chromiumPackage();
  if (bundle === undefined) {
    throw new Error(
      'The browser tests need Chromium. It comes with "npm ci" on Linux x64; elsewhere, set SHADEGRAD_CHROMIUM to ' +
        "Chrome's or Chromium's executable.",
    );
  }
  const { version, archives } = bundle;
  const folder = join(cacheDirectory(), `chromium-${version}`);
  const files = ['chromium', 'fonts.conf', 'fonts/Open_Sans', 'lib/libnss3.so', 'libvk_swiftshader.so'];
  await unpackOnce(folder, files, async (temporary) => {
    for (const archive of ['swiftshader', 'al2023', 'fonts']) {
      await extractTar(join(archives, `${archive}.tar.br`), temporary);
    }
    await writeFile(join(temporary, 'fonts.conf'), FONTS);
    await pipeline(
      createReadStream(join(archives, 'chromium.br')),
      createBrotliDecompress(),
      createWriteStream(join(temporary, 'chromium'), { mode: 0o755 }),
    );
  });
  return folder;
}

/** The package's fonts and no others, so that the page looks the same on every machine. */
const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">shadegrad/fontconfig</cachedir>
</fontconfig>
`;
