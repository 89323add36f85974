import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeOnnx } from '../../src/export/onnx.ts';
import { writeFiles } from '../../src/node/run-files.ts';
import { population, single } from '../support/exported.ts';
import { python } from '../support/python.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

test("onnx's own checker finds nothing in exported models, types and shapes included", async () => {
  const models = {
    'floats.onnx': encodeOnnx(single),
    'bytes.onnx': encodeOnnx(single, { bytes: true }),
    'several.onnx': encodeOnnx(population, { bytes: true }),
  };
  await writeFiles(folder, models);
  const program = `
import onnx
for name in ${JSON.stringify(Object.keys(models))}:
    onnx.checker.check_model(onnx.load(name), full_check=True)
    print(name)
`;
  expect(python(folder, '-c', program).trim().split(/\s+/)).toEqual(Object.keys(models));
});
