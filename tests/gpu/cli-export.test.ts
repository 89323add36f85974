import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeJson } from '../../src/export/json.ts';
import { encodeOnnx } from '../../src/export/onnx.ts';
import { encodeTfjs } from '../../src/export/tfjs.ts';
import { decodeModel, encodeModel } from '../../src/model/model-file.ts';
import { foldNormalisation } from '../../src/model/normalisation.ts';
import { encodeModels, networkFile } from '../../src/model/population-file.ts';
import { blobs } from '../support/blobs.ts';
import { writeDataset } from '../support/dataset-folder.ts';
import { MODELS, NOTES, population, SETTINGS, single } from '../support/exported.ts';
import { runCli } from '../support/process.ts';
import { stateDict } from '../support/state-dict.ts';

let folder: string;
let model: string;
let models: string;

const path = (...names: string[]) => join(folder, ...names);
const write = async (name: string, content: string | Uint8Array) => {
  await writeFile(path(name), content);
  return path(name);
};
const read = async (...names: string[]) => new Uint8Array(await readFile(path(...names)));
const exported = (file: string, format: string, out: string, ...more: string[]) =>
  runCli(['export', file, '--format', format, '--out', path(out), ...more]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadegrad-test-'));
  model = await write('model.safetensors', encodeModel(single.model, NOTES));
  models = await write('models.safetensors', encodeModels(MODELS, NOTES, SETTINGS));
});
afterAll(() => rm(folder, { recursive: true }));

describe('export writes', () => {
  test('one file for ONNX, in place of one that is there, and says so', async () => {
    await write('model.onnx', 'old');
    const { code, stdout, stderr } = await exported(model, 'onnx', 'model.onnx', '--bytes');
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `Written:\n  ${path('model.onnx')}\n`,
      stderr: '',
    });
    expect(await read('model.onnx')).toEqual(encodeOnnx(single, { bytes: true }));
  });

  test('several networks as one model of ONNX', async () => {
    await exported(models, 'onnx', 'all.onnx');
    expect(await read('all.onnx')).toEqual(encodeOnnx(population));
  });

  test('files for each of several networks in the other formats', async () => {
    await exported(models, 'json', 'json');
    expect((await readdir(path('json'))).sort()).toEqual([1, 2, 3].map((n) => `network-${n}.json`));
    expect(await read('json', 'network-3.json')).toEqual(encodeJson(networkFile(population, 2)));
  });

  test('one of several networks', async () => {
    await exported(models, 'tfjs', 'tfjs', '--network', '2');
    expect((await readdir(path('tfjs'))).sort()).toEqual(['model.json', 'weights.bin']);
    const { 'weights.bin': weights } = encodeTfjs(networkFile(population, 1));
    expect(await read('tfjs', 'weights.bin')).toEqual(weights);
  });

  test('a folder for PyTorch, with a normalisation in the weights', async () => {
    const tensors = single.model.tensors.map(({ name, shape, data }) => ({
      name: `net.${name}`,
      shape,
      bytes: new Uint8Array(Float32Array.from(data).buffer),
    }));
    const foreign = await write('foreign.safetensors', stateDict(tensors));
    const given = ['--input-mean', '0.1307', '--input-std', '0.3081'];
    const { code } = await exported(foreign, 'pytorch', 'torch', ...given);
    expect(code).toBe(0);
    expect((await readdir(path('torch'))).sort()).toEqual(['model.safetensors', 'predict.py']);
    const folded = foldNormalisation(single.model, { mean: 0.1307, std: 0.3081 });
    expect(decodeModel(await read('torch', 'model.safetensors')).model).toEqual(folded);
  });

  test('with --training what PyTorch needs to repeat the run of the report beside the model', async () => {
    const data = path('blobs');
    await writeDataset(data, blobs());
    const settings = ['--hidden', '4', '--epochs', '2', '--models', '2', '--out', path('run')];
    await runCli(['train', '--data', data, ...settings]);
    const several = path('run', 'models.safetensors');
    const refused = await exported(several, 'pytorch', 'training', '--training');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/holds 2 networks, and --training is of one\. Choose it with --network/);
    const { code } = await exported(several, 'pytorch', 'training', '--training', '--network', '2');
    expect(code).toBe(0);
    const { history } = JSON.parse(await readFile(path('training', 'training.json'), 'utf8'));
    const report = JSON.parse(await readFile(path('run', 'report.json'), 'utf8'));
    expect(history).toEqual(report.models[1].history);
    expect(await readdir(path('training'))).toContain('train.py');
  });
});

describe('export refuses, and leaves nothing behind', () => {
  test.each<[string, number, RegExp, string[]]>([
    [
      'an unknown format',
      2,
      /'keras' is invalid\. Allowed choices are onnx, tfjs, pytorch, json/,
      ['--format', 'keras'],
    ],
    ['bytes for JSON', 2, /--bytes needs --format onnx\./, ['--format', 'json', '--bytes']],
    [
      'a network that is not there',
      2,
      /There is no network 2: the file holds 1\./,
      ['--format', 'onnx', '--network', '2'],
    ],
    [
      'a training without a report',
      4,
      /There is no report of a training: .*Without --training the network alone is exported\./,
      ['--format', 'pytorch', '--training'],
    ],
  ])('%s', async (_, expected, message, args) => {
    const { code, stdout, stderr } = await runCli(['export', model, '--out', path('nothing', 'x'), ...args]);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
    expect(stderr).toMatch(message);
    expect(await readdir(folder)).not.toContain('nothing');
  });

  test('a model file that was cut', async () => {
    const whole = encodeModel(single.model, NOTES);
    const cut = await write('cut.safetensors', whole.subarray(0, whole.length - 1));
    const { code, stderr } = await exported(cut, 'onnx', 'nothing.onnx');
    expect(code).toBe(4);
    expect(stderr).toMatch(/cut\.safetensors: This is not a whole safetensors file/);
  });

  test('a folder in place of the file, and the model itself', async () => {
    await mkdir(path('taken'));
    const taken = await exported(model, 'onnx', 'taken');
    expect(taken.code).toBe(2);
    expect(taken.stderr).toMatch(/taken is a folder, and a file is to be written there/);
    const before = await read('model.safetensors');
    const { code, stderr } = await exported(model, 'pytorch', '.');
    expect(code).toBe(2);
    expect(stderr).toMatch(/is the model that is to be exported/);
    expect(await read('model.safetensors')).toEqual(before);
  });
});
