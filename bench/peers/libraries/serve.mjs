import { writeSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { readWork } from '../work.mjs';

/**
 * What a peer's process says about itself once it is ready.
 *
 * @typedef {object} Hello
 * @property {string} library name and version
 * @property {string} backend what really runs, as the library names it
 * @property {string} device the adapter or processor that it runs on
 *
 * @typedef {object} Peer
 * @property {Hello} hello
 * @property {(work: import('../work.mjs').Work) => Promise<string>} prepare
 *   moves data and initial weights to the device, compiles what it can; returns notes for the report, "" for none
 * @property {(steps: number) => Promise<void>} train
 *   trains `steps` more steps, and returns when the device has done them
 * @property {() => Promise<Float32Array>} parameters in the order of `Work.parameters`
 *
 * @typedef {{ readonly do: 'prepare', readonly folder: string }
 *   | { readonly do: 'train', readonly steps: number }
 *   | { readonly do: 'parameters', readonly file: string }} Request
 */

/** Replies have a pipe of their own, since libraries print anything on the others. */
const REPLIES = 3;

/** @param {object} reply */
function reply(reply) {
  writeSync(REPLIES, `${JSON.stringify(reply)}\n`);
}

/**
 * Answers the requests that come line by line on stdin, until it is closed.
 *
 * @param {() => Promise<Peer>} open
 * @param {() => void} [check] throws if something has gone wrong on the device since the last request
 */
export async function serve(open, check = () => undefined) {
  try {
    const peer = await open();
    reply({ hello: peer.hello });
    for await (const line of createInterface({ input: process.stdin })) {
      const result = await answer(peer, JSON.parse(line));
      check();
      reply({ result });
    }
  } catch (error) {
    reply(failureOf(error));
  }
  // Dawn may crash a process that exits normally with a device still open.
  process.kill(process.pid, 'SIGKILL');
}

/**
 * @param {Peer} peer
 * @param {Request} request
 */
async function answer(peer, request) {
  switch (request.do) {
    case 'prepare':
      return { notes: await peer.prepare(await readWork(request.folder)) };
    case 'train': {
      const started = performance.now();
      await peer.train(request.steps);
      return { seconds: (performance.now() - started) / 1000 };
    }
    case 'parameters':
      await writeFile(request.file, new Uint8Array((await peer.parameters()).slice().buffer));
      return {};
  }
}

/**
 * Tells a missing package or adapter, which is not the library's fault, from other failures.
 * @param {unknown} error
 */
function failureOf(error) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const reason = String(error).replace(/^Error: /, '');
  if (code === 'no-adapter') return { absent: reason };
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    return { absent: `it is not installed: run "npm ci" in bench/peers (${reason})` };
  return { error: reason };
}
