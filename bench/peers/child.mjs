import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** @typedef {import('./libraries/serve.mjs').Hello} Hello */
/** @typedef {import('./libraries/serve.mjs').Request} Request */

/** A peer cannot take part, since something that it needs is not on this machine. */
export class Absent extends Error {}

/** A peer that says nothing for this long has hung. */
const PATIENCE_SECONDS = 600;

/** How many characters of a peer's output are kept, to say why it ended. */
const KEPT = 2000;

/** A peer's process. It works only when asked, so that peers do not disturb each other. */
export class Child {
  #process;
  #replies;
  #printed = '';
  /** @type {Error | undefined} */
  #failure;

  /**
   * @param {string} command
   * @param {readonly string[]} parameters
   */
  constructor(command, parameters) {
    this.#process = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
    const [stdin, stdout, stderr, replies] = this.#process.stdio;
    for (const stream of [stdout, stderr]) {
      stream?.on('data', (chunk) => {
        this.#printed = (this.#printed + chunk).slice(-KEPT);
      });
    }
    this.#process.on('error', (error) => {
      this.#failure = error;
    });
    // Writing to a process that has ended fails; its end is noticed when its reply is missing.
    stdin?.on('error', () => undefined);
    const lines = createInterface({ input: /** @type {import('node:stream').Readable} */ (replies) });
    this.#replies = lines[Symbol.asyncIterator]();
  }

  /** @returns {Promise<Hello>} */
  async hello() {
    return (await this.#reply()).hello;
  }

  /**
   * @param {Request} request
   * @returns {Promise<any>} its result
   */
  async ask(request) {
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    return (await this.#reply()).result;
  }

  async #reply() {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const patience = new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`It has not answered for ${PATIENCE_SECONDS} s.`)),
        1000 * PATIENCE_SECONDS,
      );
    });
    try {
      const { value, done } = await Promise.race([this.#replies.next(), patience]);
      if (done) throw await this.#death();
      const reply = JSON.parse(value);
      if (reply.absent !== undefined) throw new Absent(reply.absent);
      if (reply.error !== undefined) throw new Error(reply.error);
      return reply;
    } finally {
      clearTimeout(timer);
    }
  }

  async #death() {
    await new Promise((resolve) => {
      if (this.#process.exitCode !== null || this.#process.signalCode !== null || this.#failure)
        resolve(undefined);
      else this.#process.once('close', resolve);
    });
    const { exitCode, signalCode } = this.#process;
    const how = this.#failure?.message ?? `It ended with ${signalCode ?? `exit code ${exitCode}`}.`;
    return new Error(`${how} ${this.#printed.trim()}`.trim());
  }

  stop() {
    this.#process.kill('SIGKILL');
  }
}
