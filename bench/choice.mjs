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
} from '../dist/bench.js';
import { openDevice, PLAN_NAMES } from '../dist/index.js';

const shapes = process.argv.includes('--few') ? FEW_CHOICE_SHAPES : CHOICE_SHAPES;
const named = process.argv.includes('--plans')
  ? process.argv[process.argv.indexOf('--plans') + 1]
  : undefined;
const plans = named && PLAN_NAMES.filter((name) => named.split(',').includes(name));
/** An adapter gives one device only, so each is of its own. */
async function open() {
  const opened = await openDevice({
    optionalFeatures: BENCH_FEATURES,
    optionalLimits: choiceBenchLimits(shapes),
  });
  // Deno's waits for all that the device does, and a driver's compiler can take minutes.
  opened.device.destroy = () => undefined;
  return opened;
}

const { device, info } = await open();
const versions = { shadegrad: '', webgpu: null, runtime: navigator.userAgent };
const subject = { device, adapter: info, toggles: [], versions };
const another = async () => (await open()).device;
const report = await benchChoice(subject, another, {
  shapes,
  ...(plans && { plans }),
  onProgress: ({ label, done, total }) => console.error(`${done}/${total} ${label}`),
});
console.log(process.argv.includes('--json') ? JSON.stringify(report, null, 2) : formatBench(report));
// What goes on is not waited for.
process.exit();
