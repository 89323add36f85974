import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Absent, Child } from './child.mjs';

/** The peer that all others are compared with. */
export const REFERENCE = 'shadegrad';

/** @typedef {{ readonly adapter: string, readonly pythons: readonly string[] }} StartOptions */

/** @type {Readonly<Record<string, (options: StartOptions) => Child>>} */
const starters = {
  [REFERENCE]: ({ adapter }) => node('shadegrad-peer.mjs', adapter),
  'tfjs-webgpu': ({ adapter }) => node('tfjs-peer.mjs', 'webgpu', adapter),
  'tfjs-wasm': () => node('tfjs-peer.mjs', 'wasm'),
  'tfjs-cpu': () => node('tfjs-peer.mjs', 'cpu'),
  'jax-webgpu': ({ adapter }) => node('jax-peer.mjs', 'webgpu', adapter),
  'jax-wasm': () => node('jax-peer.mjs', 'wasm'),
  numpy: ({ pythons }) => python(pythons, 'numpy', 'numpy_peer.py'),
  torch: ({ pythons }) => python(pythons, 'torch', 'torch_peer.py'),
};

/** All but the reference. */
export const PEERS = Object.keys(starters).filter((name) => name !== REFERENCE);

/** Peers that must run on the same adapter as the reference. */
export const ON_THE_ADAPTER = ['tfjs-webgpu', 'jax-webgpu'];

/**
 * @param {string} name
 * @param {StartOptions} options
 * @throws {Absent}
 */
export function startPeer(name, options) {
  const start = starters[name];
  if (!start) throw new RangeError(`no peer ${name}`);
  return start(options);
}

/** @param {string} file */
const pathOf = (file) => fileURLToPath(new URL(`libraries/${file}`, import.meta.url));

/**
 * @param {string} file
 * @param {...string} parameters
 */
function node(file, ...parameters) {
  return new Child(process.execPath, [pathOf(file), ...parameters]);
}

/**
 * @param {readonly string[]} pythons tried in turn
 * @param {string} module that one of them must have
 * @param {string} file
 */
function python(pythons, module, file) {
  const tried = [];
  for (const command of pythons) {
    const { status, error, stderr } = spawnSync(command, ['-c', `import ${module}`], { encoding: 'utf8' });
    if (status === 0) return new Child(command, ['-B', pathOf(file)]);
    tried.push(
      `${command}: ${error?.message ?? (stderr.trim().split('\n').at(-1) || `exit code ${status}`)}`,
    );
  }
  throw new Absent(`no Python with ${module} (${tried.join('; ')})`);
}
