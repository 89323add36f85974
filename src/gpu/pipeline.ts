import { reasonOf, ShadegradError } from '../errors.ts';
import { type Access, KERNELS, type KernelName, kernelSource, type UpdatePart } from './kernels.ts';
import { assertMatrixUnits, type MatrixShape } from './matrix-units.ts';
import type { ShaderSource, SourcePlace } from './shaders.ts';
import { DeviceWatch } from './watch.ts';

/** A compiled kernel with the layout of its bind group. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const LAYOUTS: Record<Access, GPUBufferBindingLayout> = {
  read: { type: 'read-only-storage' },
  'read-write': { type: 'storage' },
  step: { type: 'uniform' },
};

const compiled = new WeakMap<GPUDevice, Map<string, Promise<Pipeline>>>();

/**
 * Compiles `kernel` for these override constants, once per device.
 *
 * @param update the optimizer's lines, for a kernel that updates parameters
 * @param matrix the matrix units' shape, for a kernel that runs on them
 * @throws ShadegradError `gpu` with line, column and source line if the shader does not compile, `usage` if it needs
 *   matrix units that the device does not have, `io` if its code cannot be loaded
 */
export function pipelineFor(
  device: GPUDevice,
  kernel: KernelName,
  constants: Readonly<Record<string, number>>,
  update?: UpdatePart,
  matrix?: MatrixShape,
): Promise<Pipeline> {
  let pipelines = compiled.get(device);
  if (!pipelines) {
    pipelines = new Map();
    compiled.set(device, pipelines);
  }
  const key = JSON.stringify([kernel, update, matrix, constants]);
  let pipeline = pipelines.get(key);
  if (!pipeline) {
    const made = compileKernel(device, kernel, constants, update, matrix);
    pipelines.set(key, made);
    // A broken connection may be whole the next time. A server's bad answer stays: Chromium keeps it as long as the page.
    made.catch(() => pipelines.delete(key));
    pipeline = made;
  }
  return pipeline;
}

async function compileKernel(
  device: GPUDevice,
  kernel: KernelName,
  constants: Readonly<Record<string, number>>,
  update?: UpdatePart,
  matrix?: MatrixShape,
): Promise<Pipeline> {
  const { code, place } = await kernelSource(kernel, update, matrix);
  return compile(device, `${kernel}.wgsl`, code, KERNELS[kernel].bindings, constants, place);
}

/**
 * Compiles any shader whose entry point is `main`; {@link pipelineFor} compiles the project's own.
 *
 * @param place the file and line that a line of `code` comes from, for errors; by default `file` itself
 * @throws ShadegradError as {@link pipelineFor}
 */
export async function compile(
  device: GPUDevice,
  file: string,
  code: string,
  bindings: Readonly<Record<string, Access>>,
  constants: Readonly<Record<string, number>>,
  place: ShaderSource['place'] = (line) => ({ file, line }),
): Promise<Pipeline> {
  if (code.includes('subgroup_matrix')) assertMatrixUnits(device, `The shader ${file}`);
  const watch = DeviceWatch.of(device);
  watch.check();
  // The scope keeps the shader's errors from the device's watch: they are reported here, with their source lines.
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label: file, code });
  const layout = device.createBindGroupLayout({
    label: file,
    entries: Object.values(bindings).map((access, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: LAYOUTS[access],
    })),
  });
  // Both at once: a lost device rejects both, and a rejection that nothing waits for would be unhandled.
  const [rejected, { messages }] = await watch.guard(
    Promise.all([device.popErrorScope(), module.getCompilationInfo()]),
  );
  const errors = messages.filter(({ type }) => type === 'error');
  if (errors.length > 0 || rejected) {
    const details = errors
      .map((error) => sourceError(code, place(error.lineNum) ?? { file, line: error.lineNum }, error))
      .join('\n');
    throw compileError(file, details || rejected?.message);
  }
  try {
    const pipeline = await device.createComputePipelineAsync({
      label: file,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main', constants: { ...constants } },
    });
    watch.check();
    return { pipeline, layout };
  } catch (error) {
    watch.check();
    throw compileError(file, reasonOf(error));
  }
}

function sourceError(
  code: string,
  { file, line: number }: SourcePlace,
  { lineNum, linePos, message }: GPUCompilationMessage,
): string {
  const line = code.split('\n')[lineNum - 1] ?? '';
  return `${file}:${number}:${linePos}: ${message}\n  ${line}\n  ${' '.repeat(Math.max(0, linePos - 1))}^`;
}

function compileError(file: string, details = 'no details'): ShadegradError {
  return new ShadegradError(
    'gpu',
    `The shader ${file} does not compile on this device:\n${details}`,
    'Please report this with the output of "shadegrad doctor".',
  );
}
