import { readBuffer } from '../../src/gpu/buffers.ts';
import { KERNELS, type Kernel, kernelSource } from '../../src/gpu/kernels.ts';
import { compile, type Pipeline } from '../../src/gpu/pipeline.ts';
import { DeviceWatch } from '../../src/gpu/watch.ts';
import type { Dispatch } from '../../src/train/plan.ts';
import { encodeSteps, STEP_SIZE, type Step } from '../../src/train/step.ts';

/** Words of an element, by its type. */
const WORDS = { u32: 1, f32: 1, vec2f: 2, vec4u: 4, vec4f: 4 } as const;

/** A storage buffer of a shader. */
interface Buffer {
  readonly name: string;
  readonly type: keyof typeof WORDS;
}

/** A shader is compiled once for a device, as the one that it checks: most of a test's time is the compiler's. */
const compiled = new WeakMap<GPUDevice, Map<string, Promise<Pipeline>>>();

/**
 * Runs a dispatch with every index into a storage buffer looked at first, also of what is read and not used: nobody
 * else would notice, since the bounds checks of WebGPU keep such reads inside.
 *
 * What it finds it writes behind the end of a buffer that the kernel writes: there may be no binding left for another one.
 *
 * @param buffers by the dispatch's names for them, with NaN behind what the kernel may touch
 * @param contents the words of each buffer that the kernel may touch, likewise by name
 * @returns the kernel's names of the buffers that it would have read or written behind their end
 */
export async function boundsBroken(
  device: GPUDevice,
  { kernel, constants, update, matrix, bindings, workgroups }: Dispatch,
  buffers: ReadonlyMap<string, GPUBuffer>,
  contents: Readonly<Record<string, ArrayLike<number>>>,
  step: Step,
): Promise<string[]> {
  const { code } = await kernelSource(kernel, update, matrix);
  const { bindings: accesses }: Kernel = KERNELS[kernel];
  const storage = Object.entries(accesses).flatMap(([name, access]): Buffer[] => {
    if (access === 'step') return [];
    const [, type = ''] = new RegExp(`var<storage, \\w+> ${name}: array<(\\w+)>;`).exec(code) ?? [];
    if (!(type in WORDS)) throw new Error(`${kernel}: how large is an element of "${name}", "${type}"?`);
    return [{ name, type: type as Buffer['type'] }];
  });
  // The last vector counts as a whole one: plans pad buffers so.
  const lengthOf = ({ name, type }: Buffer) =>
    Math.ceil((contents[bindings[name] ?? '']?.length ?? 0) / WORDS[type]);
  const marked = storage.find(({ name }) => accesses[name] === 'read-write');
  if (!marked) throw new Error(`${kernel} writes nothing`);
  const checks = storage.map(
    (buffer, i) => `
fn index_of_${buffer.name}(i: u32) -> u32 {
  if (i >= ${lengthOf(buffer)}u) { ${marked.name}[${lengthOf(marked) + i}u] = ${marked.type}(1); }
  return i;
}`,
  );
  const checked = [looked(code, storage), ...checks].join('\n');
  const pipelines = compiled.get(device) ?? new Map<string, Promise<Pipeline>>();
  compiled.set(device, pipelines);
  const key = JSON.stringify([checked, constants]);
  const compiling =
    pipelines.get(key) ?? compile(device, `${kernel}.wgsl, checked`, checked, accesses, constants);
  pipelines.set(key, compiling);
  const { pipeline, layout } = await compiling;
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
  const uniform = device.createBuffer({ label: 'step', size: 256, usage: usage | GPUBufferUsage.UNIFORM });
  device.queue.writeBuffer(uniform, 0, encodeSteps([step]));
  const bufferOf = (name: string): GPUBuffer => {
    const buffer = buffers.get(bindings[name] ?? '');
    if (!buffer) throw new Error(`${kernel}: no buffer for "${name}"`);
    return buffer;
  };
  const entries = Object.entries(accesses).map(([name, access], binding): GPUBindGroupEntry => {
    if (access === 'step') return { binding, resource: { buffer: uniform, size: STEP_SIZE } };
    return { binding, resource: { buffer: bufferOf(name) } };
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroups(...workgroups);
  pass.end();
  device.queue.submit([encoder.finish()]);
  const after = new Float32Array(await readBuffer(device, bufferOf(marked.name)));
  DeviceWatch.of(device).check();
  uniform.destroy();
  const isMarked = (i: number) => !Number.isNaN(after[(lengthOf(marked) + i) * WORDS[marked.type]]);
  return storage.filter((_, i) => isMarked(i)).map(({ name }) => name);
}

/** `code` with every `name[i]` as `name[index_of_name(i)]`. */
function looked(code: string, storage: readonly Buffer[]): string {
  const access = new RegExp(`(?<![\\w.])(${storage.map(({ name }) => name).join('|')})\\[`);
  let [rest, done] = [code, ''];
  for (let match = access.exec(rest); match; match = access.exec(rest)) {
    const start = match.index + match[0].length;
    const end = closingBracket(rest, start);
    done += `${rest.slice(0, start)}index_of_${match[1]}(${looked(rest.slice(start, end), storage)})`;
    rest = rest.slice(end);
  }
  return done + rest;
}

function closingBracket(code: string, start: number): number {
  let depth = 1;
  for (let i = start; i < code.length; i++) {
    if (code[i] === '[') depth++;
    if (code[i] === ']') depth--;
    if (depth === 0) return i;
  }
  throw new Error('a bracket is not closed');
}
