import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { encodeOnnx, ONNX_IR_VERSION, ONNX_OPSET } from '../../src/export/onnx.ts';
import { ModelProtoSchema } from '../../src/export/onnx_pb.ts';
import { initialModel } from '../../src/model/initialise.ts';
import type { Model } from '../../src/model/model.ts';
import { decodeModel } from '../../src/model/model-file.ts';
import { withNormalisation } from '../../src/model/normalisation.ts';
import { networkFile } from '../../src/model/population-file.ts';
import { MODELS, pixels, population, SETTINGS, SPEC, single } from '../support/exported.ts';
import { failure } from '../support/failure.ts';
import { forward } from '../support/forward.ts';
import { onnxSession, scaled } from '../support/onnx.ts';
import { stateDict } from '../support/state-dict.ts';

const parse = (bytes: Uint8Array) => fromBinary(ModelProtoSchema, bytes);
const propsOf = (bytes: Uint8Array) =>
  Object.fromEntries(parse(bytes).metadataProps.map(({ key, value }) => [key, value]));

function expectClose(found: Float32Array | undefined, right: Float64Array): void {
  expect(found?.length).toBe(right.length);
  // Sums of a dozen numbers around one: some roundings to float32.
  for (const [i, value] of right.entries())
    expect(Math.abs((found?.[i] ?? Number.NaN) - value)).toBeLessThan(1e-6);
}

describe('ONNX of one network', () => {
  test.each([
    ['floats', false],
    ['bytes', true],
  ])('gives what the network gives, of any number of images: %s', async (_, bytes) => {
    const session = await onnxSession(encodeOnnx(single, { bytes }));
    expect(session.inputNames).toEqual(['pixels']);
    expect(session.outputNames).toEqual(['logits', 'probabilities']);
    for (const rows of [9, 1]) {
      const images = pixels.subarray(0, rows * SPEC.inputs);
      const found = await session.run(bytes ? images : scaled(images), SPEC.inputs);
      const right = forward(single.model, images);
      expect(found.logits?.dims).toEqual([rows, SPEC.classes]);
      expectClose(found.logits?.data, right.logits);
      expectClose(found.probabilities?.data, right.probabilities);
    }
  });

  test('may have no hidden layer', async () => {
    const model = initialModel({ inputs: 12, hidden: [], classes: 2 }, 3);
    const session = await onnxSession(encodeOnnx({ ...single, model, classNames: null }));
    const { probabilities } = await session.run(scaled(pixels), 12);
    expectClose(probabilities?.data, forward(model, pixels).probabilities);
  });

  test('gives for pixels from 0 to 1 what a network trained on normalised ones gives for those', async () => {
    const normalisation = { mean: 0.25, std: 0.5 };
    const tensors = single.model.tensors.map(({ name, shape, data }) => ({
      name,
      shape,
      bytes: new Uint8Array(Float32Array.from(data).buffer),
    }));
    const file = withNormalisation(decodeModel(stateDict(tensors)), normalisation);
    const session = await onnxSession(encodeOnnx(file, { bytes: true }));
    const { probabilities } = await session.run(pixels, SPEC.inputs);
    // (x - 0.25) / 0.5 of x = byte / 255 is y / 255 of y = 2 byte - 127.5.
    const normalised = Float64Array.from(pixels, (byte) => 2 * byte - 127.5);
    expectClose(probabilities?.data, forward(single.model, normalised).probabilities);
  });

  test('states opset and version, leaves the batch open, and keeps the notes', () => {
    const bytes = encodeOnnx(single);
    const { irVersion, opsetImport, producerName, graph } = parse(bytes);
    expect(irVersion).toBe(BigInt(ONNX_IR_VERSION));
    expect(opsetImport).toMatchObject([{ domain: '', version: BigInt(ONNX_OPSET) }]);
    expect(producerName).toBe('shadegrad');
    const { format: _, ...notes } = single.metadata;
    expect(propsOf(bytes)).toEqual(notes);
    expect(graph?.input[0]?.type?.value).toMatchObject({
      case: 'tensorType',
      value: { elemType: 1, shape: { dim: [{ value: { value: 'batch' } }, { value: { value: 12n } }] } },
    });
    expect(graph?.initializer.map(({ name, dims }) => [name, dims.map(Number)])).toEqual(
      single.model.tensors.map(({ name, shape }) => [name, shape]),
    );
  });

  test('says what a file from elsewhere leaves to be assumed', () => {
    const tensors = [{ name: 'fc.weight', shape: [2, 9] }];
    expect(propsOf(encodeOnnx(decodeModel(stateDict(tensors, { note: 'mine' }))))).toEqual({
      note: 'mine',
      'shadegrad.spec': '{"inputs":9,"hidden":[],"classes":2}',
      'shadegrad.preprocessing': '{"height":3,"width":3,"scale":"1/255"}',
    });
  });
});

describe('ONNX of several networks', () => {
  test('is one model: the logits of each, and the mean of their probabilities', async () => {
    const session = await onnxSession(encodeOnnx(population));
    const { logits, probabilities } = await session.run(scaled(pixels), SPEC.inputs);
    expect(logits?.dims).toEqual([9, 3, SPEC.classes]);
    expect(probabilities?.dims).toEqual([9, SPEC.classes]);
    const each = MODELS.map((model) => forward(model, pixels));
    const rightLogits = Float64Array.from({ length: 9 * 3 * 3 }, (_, i) => {
      const [row, network, c] = [Math.floor(i / 9), Math.floor(i / 3) % 3, i % 3];
      return each[network]?.logits[3 * row + c] ?? Number.NaN;
    });
    expectClose(logits?.data, rightLogits);
    const mean = (i: number) => each.reduce((sum, network) => sum + (network.probabilities[i] ?? 0), 0) / 3;
    expectClose(
      probabilities?.data,
      Float64Array.from({ length: 27 }, (_, i) => mean(i)),
    );
  });

  test('is of one of them where that is chosen, with its own settings', async () => {
    const bytes = encodeOnnx(networkFile(population, 1));
    const session = await onnxSession(bytes);
    const { logits } = await session.run(scaled(pixels), SPEC.inputs);
    expectClose(logits?.data, forward(MODELS[1] as Model, pixels).logits);
    expect(propsOf(bytes)['shadegrad.models']).toBe(JSON.stringify([SETTINGS[1]]));
  });

  test('keeps within what a file can hold', () => {
    const data = new Float32Array(2 ** 20);
    const model = { spec: SPEC, tensors: [{ name: '0.weight', shape: [], data }] };
    const models: [Model, ...Model[]] = [model, ...Array.from({ length: 511 }, () => model)];
    expect(failure(() => encodeOnnx({ ...population, models }))).toMatchObject({ code: 'usage' });
  });

  test('there is no network beyond the last', () => {
    expect(failure(() => networkFile(population, 3))).toMatchObject({
      code: 'usage',
      message: 'There is no network 4: the file holds 3.',
    });
  });
});
