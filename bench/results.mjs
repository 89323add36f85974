// Measures floor, kernels and training on one adapter, and keeps the results in bench/results/ as NAME-floor.json,
// NAME-kernels.json and NAME-train.json. Nothing else should run meanwhile.
//
//   node bench/results.mjs NAME [--adapter ADAPTER]       e.g. lavapipe-26 --adapter llvmpipe
//   npx shadegrad bench page bench/results --out bench/results.html
//
// A result that the page would refuse is not kept, and the exit code is 1.
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { readBenchFile } from '../dist/bench.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { adapter: { type: 'string', default: 'auto' } },
});
const [name = ''] = positionals;
if (!/^[a-z0-9.-]+$/.test(name)) {
  console.error(
    'usage: node bench/results.mjs NAME [--adapter ADAPTER], NAME of small letters, digits, "." and "-"',
  );
  process.exit(2);
}

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = new URL('results/', import.meta.url);
const networks = ['--batch-sizes', '32,256,2048', '--hidden', '100', '--hidden', '512'];
const benchmarks = { floor: [], kernels: [], train: networks };

await mkdir(folder, { recursive: true });
for (const [bench, options] of Object.entries(benchmarks)) {
  const file = `${name}-${bench}.json`;
  const args = [cli, 'bench', bench, ...options, '--adapter', values.adapter, '--json'];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
    const { environment } = await readBenchFile({ name: file, bytes: new TextEncoder().encode(stdout) });
    await writeFile(new URL(file, folder), stdout);
    console.log(`${file}: ${environment.adapter.description}`);
  } catch (error) {
    console.error(`${file} was not made: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
