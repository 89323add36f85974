import { describe, expect, test } from 'vitest';
import { decodeModel } from '../../src/model/model-file.ts';
import { decodeSafetensors } from '../../src/model/safetensors.ts';
import { linearLayers } from '../../src/model/state-dict.ts';
import { failure } from '../support/failure.ts';
import { layers, type Stored, stateDict } from '../support/state-dict.ts';

/** The names of the layers' weights, in the order found. */
function order(tensors: readonly Stored[]): string[] {
  return linearLayers(decodeSafetensors(stateDict(tensors)).tensors).map(({ weight }) => weight.name);
}

/** fc2 to fc9. */
const squares = Array.from({ length: 8 }, (_, i): [string, number, number] => [`fc${i + 2}`, 4, 4]);

const bytesOf = (array: { readonly buffer: ArrayBufferLike }) => new Uint8Array(array.buffer);

describe('linear layers are found by order and shape', () => {
  test.each<[string, Stored[], string[]]>([
    ['nn.Sequential', layers(['0', 9, 4], ['2', 4, 3]), ['0', '2']],
    ['with Flatten first', layers(['1', 9, 4], ['3', 4, 3]), ['1', '3']],
    ['with Dropout between', layers(['1', 9, 4], ['4', 4, 4], ['7', 4, 3]), ['1', '4', '7']],
    ['one layer', layers(['', 9, 3]).map((t) => ({ ...t, name: t.name.slice(1) })), ['']],
    [
      'under prefixes',
      layers(['module._orig_mod.net.0', 9, 4], ['module._orig_mod.net.2', 4, 3]),
      ['module._orig_mod.net.0', 'module._orig_mod.net.2'],
    ],
    ['attributes', layers(['fc1', 9, 4], ['fc2', 4, 3]), ['fc1', 'fc2']],
    [
      'more than ten, sorted by name as files have them',
      layers(['fc1', 9, 4], ['fc10', 4, 3], ...squares),
      ['fc1', ...squares.map(([name]) => name), 'fc10'],
    ],
    [
      'blocks of blocks',
      layers(['b.1.0', 4, 4], ['b.0.1', 5, 4], ['b.0.0', 9, 5]),
      ['b.0.0', 'b.0.1', 'b.1.0'],
    ],
    [
      'words whose order shapes tell',
      layers(['hidden', 5, 4], ['input', 9, 5], ['output', 4, 3]),
      ['input', 'hidden', 'output'],
    ],
    [
      'numbers where layers could change places, words elsewhere',
      layers(['fc1', 9, 4], ['fc3', 4, 4], ['fc2', 4, 4], ['out', 4, 3]),
      ['fc1', 'fc2', 'fc3', 'out'],
    ],
    [
      'a bottleneck, whose width comes twice',
      layers(['out', 6, 3], ['down', 6, 2], ['up', 2, 6], ['in', 9, 6]),
      ['in', 'down', 'up', 'out'],
    ],
    ['numbers that do not fit, where shapes do', layers(['fc1', 4, 3], ['fc2', 9, 4]), ['fc2', 'fc1']],
    ['an embedding in name only', layers(['embed', 9, 4], ['head', 4, 3]), ['embed', 'head']],
  ])('%s', (_, tensors, names) => {
    expect(order(tensors)).toEqual(names.map((name) => `${name}${name && '.'}weight`));
  });

  test('whatever order the file has them in', () => {
    const tensors = layers(['in', 9, 6], ['fc1', 6, 6], ['fc2', 6, 6], ['down', 6, 2], ['out', 2, 3]);
    const expected = order(tensors);
    // Each rotation, forwards and backwards.
    for (let shift = 0; shift < tensors.length; shift++) {
      const rotated = [...tensors.slice(shift), ...tensors.slice(0, shift)];
      expect(order(rotated)).toEqual(expected);
      expect(order(rotated.toReversed())).toEqual(expected);
    }
  });

  test('and come under the names of this package, with zeros for a bias that is not there', () => {
    const weight = bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
    const file = stateDict([
      { name: 'net.out.weight', shape: [1, 2], bytes: bytesOf(Float32Array.of(9, 10)) },
      { name: 'net.in.weight', shape: [2, 4], bytes: weight },
      { name: 'net.out.bias', shape: [1], bytes: bytesOf(Float32Array.of(11)) },
    ]);
    const { model, image, assumptions } = decodeModel(file);
    expect(model).toEqual({
      spec: { inputs: 4, hidden: [2], classes: 1 },
      tensors: [
        { name: '0.weight', shape: [2, 4], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
        { name: '0.bias', shape: [2], data: new Float32Array(2) },
        { name: '2.weight', shape: [1, 2], data: Float32Array.of(9, 10) },
        { name: '2.bias', shape: [1], data: Float32Array.of(11) },
      ],
    });
    expect(image).toEqual({ height: 2, width: 2 });
    expect(assumptions.map(({ code }) => code)).toEqual(['relu', 'pixels']);
  });

  test('and pictures are taken for digits as MNIST has them where the images may be such', () => {
    const { assumptions } = decodeModel(stateDict(layers(['fc', 784, 10])));
    expect(assumptions.map(({ code }) => code)).toEqual(['pixels', 'pictures']);
  });

  test('without a hidden layer there is no ReLU to assume', () => {
    const { assumptions } = decodeModel(stateDict(layers(['fc', 9, 3])));
    expect(assumptions.map(({ code }) => code)).toEqual(['pixels']);
  });
});

describe('what is no chain of linear layers is refused by name', () => {
  const linear = layers(['fc1', 9, 4], ['fc2', 4, 3]);
  test.each<[string, Stored[], RegExp]>([
    ['no tensors', [], /it holds no tensors\.$/],
    [
      'a convolution',
      [{ name: 'conv1.weight', shape: [32, 1, 3, 3] }],
      /"conv1.weight" \[32, 1, 3, 3\] is a convolution's\.$/,
    ],
    ['a one-dimensional one', [{ name: 'c.weight', shape: [4, 1, 3] }], /"c.weight" .* a convolution's/],
    [
      'a batch normalisation',
      [...layers(['bn', 1, 9]).slice(1), { name: 'bn.running_mean', shape: [9] }],
      /"bn.running_mean" \[9\] is a batch normalisation's/,
    ],
    [
      'its counter, of another type',
      [{ name: 'bn.num_batches_tracked', shape: [], type: 'I64' }],
      /"bn.num_batches_tracked" \[\] is a batch normalisation's/,
    ],
    [
      'a layer normalisation',
      [{ name: 'norm.weight', shape: [4] }],
      /"norm.weight" \[4\] is a normalisation's/,
    ],
    ['an LSTM', [{ name: 'rnn.weight_ih_l0', shape: [16, 9] }], /"rnn.weight_ih_l0" .* a recurrent layer's/],
    ['an LSTM cell', [{ name: 'bias_hh', shape: [16] }], /"bias_hh" .* a recurrent layer's/],
    [
      'attention',
      [{ name: 'attn.in_proj_weight', shape: [12, 4] }],
      /"attn.in_proj_weight" .* an attention layer's/,
    ],
    ['an embedding', [{ name: 'tok_emb.weight', shape: [50, 9] }], /"tok_emb.weight" .* an embedding's/],
    [
      'a weight that was taken apart',
      [{ name: 'fc.weight_g', shape: [4, 1] }],
      /"fc.weight_g" .* neither the weight nor the bias/,
    ],
    ['a kernel of Keras', [{ name: 'dense.kernel', shape: [9, 4] }], /"dense.kernel" .* neither/],
    ['a buffer', [{ name: 'mean', shape: [1] }], /"mean" \[1\] is neither/],
    ['a number', [{ name: 'scale.weight', shape: [] }], /"scale.weight" \[\] is a single number/],
    ['a bias alone', [{ name: 'fc3.bias', shape: [3] }], /"fc3.bias" \[3\] has no weight beside it/],
    [
      'a bias of another layer',
      layers(['fc3', 3, 3]).map((t, i) => (i ? { ...t, shape: [4] } : t)),
      /"fc3.bias" \[4\] is not the bias of "fc3.weight" \[3, 3\]/,
    ],
    ['a name that a terminal obeys', [{ name: '\u001b[2J', shape: [1] }], /"\\u001b\[2J" \[1\] is neither/],
  ])('%s', (_, tensors, message) => {
    const extended = tensors.length === 0 ? [] : [...linear, ...tensors];
    const error = failure(() => decodeModel(stateDict(extended)));
    expect(error).toMatchObject({ code: 'bad-model' });
    expect(error.message).toMatch(message);
    expect(error.nextStep).toMatch(/nn\.Linear/);
  });

  test.each<[string, Stored[], RegExp]>([
    [
      'layers that do not meet',
      layers(['fc1', 9, 4], ['fc2', 5, 3]),
      /"fc1.weight" \[4, 9\], "fc2.weight" \[3, 5\] do not follow/,
    ],
    ['two heads', layers(['body', 9, 4], ['age', 4, 3], ['sex', 4, 3]), /do not follow one another/],
    ['two heads of two widths', layers(['body', 9, 4], ['age', 4, 3], ['sex', 4, 2]), /do not follow/],
    ['a circle beside the chain', layers(['a', 9, 4], ['b', 5, 6], ['c', 6, 5]), /do not follow/],
    ['a transposed kernel', layers(['0', 9, 4], ['2', 3, 4]), /do not follow/],
    [
      'squares named by words',
      layers(['encoder', 4, 4], ['decoder', 4, 4]),
      /neither names nor shapes tell which of its layers "encoder.weight" \[4, 4\], "decoder.weight"/,
    ],
    [
      'squares between',
      layers(['in', 9, 4], ['left', 4, 4], ['right', 4, 4], ['out', 4, 3]),
      /of its layers "left.weight" \[4, 4\], "right.weight" \[4, 4\] comes first/,
    ],
    ['an autoencoder, which begins anywhere', layers(['encoder', 9, 4], ['decoder', 4, 9]), /comes first/],
    [
      'two ways round',
      layers(['a', 9, 4], ['b', 4, 5], ['c', 5, 4], ['d', 4, 6], ['e', 6, 4], ['f', 4, 3]),
      /"b.weight" \[5, 4\], "d.weight" \[6, 4\] comes first/,
    ],
  ])('an order that is not to be found: %s', (_, tensors, message) => {
    const error = failure(() => order(tensors));
    expect(error).toMatchObject({ code: 'bad-model' });
    expect(error.message).toMatch(message);
  });

  test('of many tensors a few are named', () => {
    const many = Array.from({ length: 20 }, (_, i): [string, number, number] => [
      `l${i}x${i ? '' : 'y'}`,
      4,
      4,
    ]);
    const { message } = failure(() => order(layers(...many)));
    expect(message).toContain('"l0xy.weight" [4, 4], ');
    expect(message).toMatch(/…/);
    expect(message.length).toBeLessThan(400);
  });

  test('thousands of layers without an order take no time', () => {
    const hostile = Array.from({ length: 2000 }, (_, i): [string, number, number] => [
      i % 2 ? `a${i}` : `b${i}`,
      1,
      1,
    ]);
    const started = performance.now();
    expect(failure(() => order(layers(...hostile))).code).toBe('bad-model');
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('types of numbers', () => {
  const read = (type: string, bytes: Uint8Array, count: number) =>
    decodeModel(
      stateDict([
        { name: 'bytes.weight', shape: [1, count], type, bytes },
        // Behind it, so that it does not stand at a multiple of its size.
        { name: 'bytes.bias', shape: [1], type: 'F16', bytes: Uint8Array.of(0, 0) },
      ]),
    ).model.tensors[0]?.data;

  test('F16 is converted exactly: each of its finite values', () => {
    // By the definition, from the least to the greatest: 1023 subnormal numbers, then 30 binades of 1024.
    const positive = [0];
    for (let fraction = 1; fraction < 1024; fraction++) positive.push(fraction * 2 ** -24);
    for (let exponent = -14; exponent <= 15; exponent++) {
      for (let fraction = 0; fraction < 1024; fraction++)
        positive.push((1 + fraction / 1024) * 2 ** exponent);
    }
    const bits = Uint16Array.from({ length: 2 * positive.length }, (_, i) => (i >> 1) | ((i & 1) << 15));
    const data = read('F16', bytesOf(bits), bits.length);
    expect(positive.at(-1)).toBe(65504);
    const right = (i: number) => (i & 1 ? -1 : 1) * (positive[i >> 1] ?? Number.NaN);
    expect(data?.findIndex((value, i) => !Object.is(value, right(i)))).toBe(-1);
  });

  test('BF16 is converted exactly: it is the upper half of a float32', () => {
    const values = Float32Array.of(1, -2, 0.15625, 3.3895313892515355e38, 2 ** -133, -0);
    const upper = Uint16Array.from(new Uint32Array(values.buffer), (bits) => bits >>> 16);
    const data = read('BF16', bytesOf(upper), upper.length);
    expect(data).toEqual(values);
  });

  test('F64 is rounded to the nearest float32', () => {
    const values = Float64Array.of(0.1, -1 / 3, 1 + 2 ** -24, 1 + 3 * 2 ** -24, 1e-50, 3.4028235e38);
    expect(read('F64', bytesOf(values), values.length)).toEqual(
      Float32Array.of(0.1, -1 / 3, 1, 1 + 2 ** -22, 0, 3.4028234663852886e38),
    );
  });

  test.each<[string, Uint8Array, number, RegExp]>([
    [
      'F64',
      bytesOf(Float64Array.of(1, 3.5e38)),
      2,
      /"bytes.weight" of the model file holds 3.5e\+38, more than/,
    ],
    ['F64', bytesOf(Float64Array.of(Number.NaN)), 1, /"bytes.weight".*not finite/],
    ['F16', bytesOf(Uint16Array.of(0x7c00)), 1, /"bytes.weight".*not finite/],
    ['F16', bytesOf(Uint16Array.of(0xfe01)), 1, /"bytes.weight".*not finite/],
    ['BF16', bytesOf(Uint16Array.of(0xff80)), 1, /"bytes.weight".*not finite/],
    [
      'I64',
      bytesOf(BigInt64Array.of(1n)),
      1,
      /"bytes.weight" of the model file is of type "I64"; F32, F16, BF16 and F64/,
    ],
    ['U8', Uint8Array.of(1), 1, /"bytes.weight" .* of type "U8"/],
  ])('%s that cannot be used', (type, bytes, count, message) => {
    const error = failure(() => read(type, bytes, count));
    expect(error).toMatchObject({ code: 'bad-model' });
    expect(error.message).toMatch(message);
    expect(error.nextStep).not.toBe('');
  });
});
