// How well "auto" chooses where WebGPU comes with the runtime, such as in Deno: what "shadegrad bench choice" measures
// through Dawn.
//
//   deno run -A --unstable-webgpu bench/choice.mjs [--few] [--json] [--plans NAMES]
//
// Deno cannot stop to wait for a driver's compiler, which may take minutes for some plans: --plans names those that are
// held against the chosen one, separated by commas.
import process from 'node:process';
import {
  BENCH_FEATURES,
  benchChoice,
  CHOICE_SHAPES,
  choiceBenchLimits,
  FEW_CHOICE_SHAPES,
  formatBench,
  PLAN_NAMES,
  reportAdapter,
} from '../dist/index.js';

const shapes = process.argv.includes('--few') ? FEW_CHOICE_SHAPES : CHOICE_SHAPES;
const named = process.argv.includes('--plans')
  ? process.argv[process.argv.indexOf('--plans') + 1]
  : undefined;
const plans = named && PLAN_NAMES.filter((name) => named.split(',').includes(name));
const adapter = await navigator.gpu.requestAdapter();
if (!adapter) throw new Error('WebGPU has no adapter here');

const limits = /** @type {Record<string, number>} */ (/** @type {unknown} */ (adapter.limits));
const requiredLimits = Object.fromEntries(
  Object.entries(choiceBenchLimits(shapes)).map(([name, value]) => [
    name,
    Math.min(value, limits[name] ?? 0),
  ]),
);
const requiredFeatures = BENCH_FEATURES.filter((feature) => adapter.features.has(feature));
/** An adapter gives one device only. */
async function open() {
  const again = await navigator.gpu.requestAdapter();
  if (!again) throw new Error('WebGPU has no adapter any more');
  const device = await again.requestDevice({ requiredFeatures, requiredLimits });
  // Deno's waits for all that the device does, and a driver's compiler can take minutes.
  device.destroy = () => undefined;
  return device;
}

const versions = { shadegrad: '', webgpu: null, runtime: navigator.userAgent };
const subject = { device: await open(), adapter: reportAdapter(adapter), toggles: [], versions };
const report = await benchChoice(subject, open, {
  shapes,
  ...(plans && { plans }),
  onProgress: ({ label, done, total }) => console.error(`${done}/${total} ${label}`),
});
console.log(process.argv.includes('--json') ? JSON.stringify(report, null, 2) : formatBench(report));
// What goes on is not waited for.
process.exit();
