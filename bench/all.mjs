// Measures everything that docs/benchmarks.md reports, one after the other, and keeps it in one file (and the peers'
// figures in FILE.json.peers.json). It needs only Node and the paths named in docs/benchmarks.md, so that it also runs
// on a machine without npm or a network.
//
//   node bench/all.mjs FILE.json [--adapter NAME] [--python PATH]
//
// If one of them fails, its message is kept, the others go on, and the exit code is 1.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    adapter: { type: 'string', default: 'hardware' },
    python: { type: 'string', default: 'python3' },
  },
});
const [file] = positionals;
if (file === undefined) {
  console.error('usage: node bench/all.mjs FILE.json [--adapter NAME] [--python PATH]');
  process.exit(2);
}

const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const shadegrad = (/** @type {string[]} */ ...args) => [
  process.execPath,
  path('../dist/cli.js'),
  ...args,
  '--adapter',
  values.adapter,
  '--json',
];
const train = (/** @type {string[]} */ ...args) => shadegrad('bench', 'train', '--samples', '5', ...args);
const hidden = (/** @type {string[]} */ ...networks) => networks.flatMap((widths) => ['--hidden', widths]);

/** @type {Record<string, string[]>} */
const commands = {
  doctor: [process.execPath, path('../dist/cli.js'), 'doctor', '--json'],
  floor: shadegrad('bench', 'floor'),
  // In software each tile with barriers would take minutes.
  kernels: shadegrad('bench', 'kernels', ...(values.adapter === 'software' ? [] : ['--sweep'])),
  plans: train(),
  batches: train('--batch-sizes', '32,64,128,256,512,1024,2048,4096'),
  widths: train(...hidden('32', '64', '100', '256', '512', '1024', '2048', '4096')),
  depths: train(...hidden('none', '100', '100,100', '100,100,100', '100,100,100,100')),
  models: train('--models', '1,2,4,8,16,32,64,128'),
  ...Object.fromEntries(
    [
      'disable_robustness',
      'skip_validation',
      'disable_workgroup_init',
      'use_user_defined_labels_in_backend',
    ].map((toggle) => [`toggle ${toggle}`, train('--toggle', toggle)]),
  ),
  mnist: shadegrad('train', '--data', 'auto'),
  peers: [process.execPath, path('peers/run.mjs'), '--json', `${file}.peers.json`, '--python', values.python],
  'matmul in PyTorch': [values.python, path('peers/matmul.py')],
};

/**
 * @param {string[]} command
 * @returns {Promise<{ exitCode: number | null, seconds: number, stdout: string, stderr: string }>}
 */
function run([program = '', ...args]) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    const done = (/** @type {number | null} */ exitCode) =>
      resolve({ exitCode, seconds: (performance.now() - started) / 1000, stdout, stderr });
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', (error) => {
      stderr += error.message;
      done(null);
    });
    child.on('close', done);
  });
}

/** @type {Record<string, object>} */
const results = {};
for (const [name, command] of Object.entries(commands)) {
  const { exitCode, seconds, stdout, stderr } = await run(command);
  const good = exitCode === 0;
  results[name] = good ? { seconds, result: parsed(stdout) } : { seconds, exitCode, stdout, stderr };
  console.error(`${good ? 'done' : 'FAILED'}  ${seconds.toFixed(0).padStart(4)} s  ${name}`);
  if (!good) process.exitCode = 1;
  // After each, so that its results remain if the machine is taken away.
  await writeFile(file, `${JSON.stringify(results, null, 1)}\n`);
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
