import { parseArgs } from 'node:util';
import { PEERS } from './peers.mjs';

export const HELP = `Trains the same network on the same batches in Shadegrad and its peers, and compares their speed.

  npm start -- [options]

  --peers <names>       separated by commas; default all: ${PEERS.join(',')}
  --rounds <count>      timed rounds of each peer, one after the other in turns; default 5
  --seconds <seconds>   about how long a round is; default 2
  --batch-size <count>  samples to a step; default 32
  --hidden <width>      width of the hidden layer; default 100
  --seed <number>       decides initial weights and batches; default 1
  --adapter <name>      auto, hardware, software, or a part of an adapter's name; default auto
  --python <path>       the Python of NumPy and PyTorch; default the first that has them
  --json <file>         write everything measured there
  --help

MNIST where the environment variable MNIST_DIR names its folder, else synthetic digits.`;

/**
 * @typedef {object} Options
 * @property {string[]} peers
 * @property {number} rounds
 * @property {number} seconds
 * @property {number} batchSize
 * @property {number} hidden
 * @property {number} seed
 * @property {string} adapter as openDevice takes it
 * @property {string[]} pythons
 * @property {string | undefined} json
 */

/** An error in the command line. */
export class UsageError extends Error {}

/**
 * @param {string[]} parameters
 * @returns {Options | undefined} undefined where help is asked for
 * @throws {UsageError}
 */
export function parseOptions(parameters) {
  const given = parse(parameters);
  if (given.help) return undefined;
  const peers = given.peers?.split(',') ?? PEERS;
  const unknown = peers.find((name) => !PEERS.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--peers: there is no "${unknown}". Use ${PEERS.join(', ')}.`);
  const { adapter = 'auto' } = given;
  if (adapter === '') throw new UsageError('--adapter: use auto, hardware, software, or a part of a name.');
  return {
    peers: [...new Set(peers)],
    rounds: number('rounds', given.rounds ?? '5', 1, 1000),
    seconds: number('seconds', given.seconds ?? '2', 0.1, 100, false),
    batchSize: number('batch-size', given['batch-size'] ?? '32', 1, 10_000),
    hidden: number('hidden', given.hidden ?? '100', 1, 65_536),
    seed: number('seed', given.seed ?? '1', 0, Number.MAX_SAFE_INTEGER),
    adapter,
    pythons: given.python === undefined ? ['python3', '/usr/bin/python3', 'python'] : [given.python],
    json: given.json,
  };
}

/** @param {string[]} parameters */
function parse(parameters) {
  const text = /** @type {const} */ ({ type: 'string' });
  try {
    return parseArgs({
      args: parameters,
      options: {
        peers: text,
        rounds: text,
        seconds: text,
        'batch-size': text,
        hidden: text,
        seed: text,
        adapter: text,
        python: text,
        json: text,
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} least
 * @param {number} most
 * @param {boolean} [whole]
 */
function number(name, text, least, most, whole = true) {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most && (!whole || Number.isSafeInteger(value))) return value;
  throw new UsageError(`--${name}: use a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`);
}
