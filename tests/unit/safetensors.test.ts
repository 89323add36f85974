import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ShadegradError } from '../../src/errors.ts';
import { floats, halves } from '../../src/model/floats.ts';
import type { Model } from '../../src/model/model.ts';
import { decodeModel, encodeModel } from '../../src/model/model-file.ts';
import { modelNotes } from '../../src/model/notes.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/model/safetensors.ts';
import { traitsOfImages } from '../../src/pictures/traits.ts';
import { blobs } from '../support/blobs.ts';
import { failure } from '../support/failure.ts';
import { stateDict } from '../support/state-dict.ts';

const MODEL: Model = {
  spec: { inputs: 6, hidden: [5, 2], classes: 3 },
  tensors: [
    { name: '0.weight', shape: [5, 6], data: Float32Array.from({ length: 30 }, (_, i) => i / 7 - 2) },
    { name: '0.bias', shape: [5], data: Float32Array.of(0, -0, 1e-40, 3.4e38, -1) },
    { name: '2.weight', shape: [2, 5], data: new Float32Array(10).fill(0.1) },
    { name: '2.bias', shape: [2], data: Float32Array.of(1, 2) },
    { name: '4.weight', shape: [3, 2], data: new Float32Array(6).fill(-0.3) },
    { name: '4.bias', shape: [3], data: Float32Array.of(1, 2, 3) },
  ],
};
const NOTES = { image: { height: 2, width: 3 }, dataset: 'mnist "ü"' };

/** A file of this header, as it stands, and of so many zero bytes. */
function file(header: string | Uint8Array, buffer = 0, headerLength?: bigint): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + buffer);
  new DataView(bytes.buffer).setBigUint64(0, headerLength ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function tensor(name: string, shape: unknown, offsets: unknown, more = ''): string {
  return `${JSON.stringify(name)}:{"dtype":"F32","shape":${JSON.stringify(shape)},"data_offsets":${JSON.stringify(offsets)}${more}}`;
}

describe('a model survives being saved and read', () => {
  test('to the bit, with its spec, image and notes', () => {
    const { model, image, metadata } = decodeModel(encodeModel(MODEL, NOTES));
    expect(model).toEqual(MODEL);
    expect(Object.is(model.tensors[1]?.data[1], -0)).toBe(true);
    expect(image).toEqual(NOTES.image);
    expect(metadata).toEqual({
      format: 'pt',
      'shadegrad.spec': '{"inputs":6,"hidden":[5,2],"classes":3}',
      'shadegrad.preprocessing': '{"height":2,"width":3,"scale":"1/255"}',
      'shadegrad.dataset': NOTES.dataset,
    });
  });

  test('from an unaligned view into a larger buffer', () => {
    const bytes = encodeModel(MODEL, NOTES);
    const larger = new Uint8Array(bytes.length + 9);
    larger.set(bytes, 3);
    expect(decodeModel(larger.subarray(3, 3 + bytes.length)).model).toEqual(MODEL);
  });

  test('with what its dataset says: class names and traits of the images', () => {
    const classNames = ['T-shirt/top', 'お', '"quoted"'];
    const data = { ...blobs({ height: 2, width: 3 }), classNames };
    const notes = modelNotes(data);
    expect(notes).toEqual({
      image: { height: 2, width: 3 },
      dataset: 'blobs',
      classNames,
      traits: traitsOfImages(data.train, data.shape),
    });
    const file = decodeModel(encodeModel(MODEL, notes));
    expect({ ...file, metadata: undefined }).toEqual({
      model: MODEL,
      image: notes.image,
      classNames,
      traits: notes.traits,
      assumptions: [],
      metadata: undefined,
    });
    expect(modelNotes(blobs())).not.toHaveProperty('classNames');
  });

  test('softmax regression, whose only layer has no hidden one before it', () => {
    const tensors = [
      { name: '0.weight', shape: [1, 784], data: new Float32Array(784) },
      { name: '0.bias', shape: [1], data: Float32Array.of(1) },
    ];
    const model = { spec: { inputs: 784, hidden: [], classes: 1 }, tensors };
    expect(decodeModel(encodeModel(model, { image: { height: 28, width: 28 } })).model).toEqual(model);
  });

  test('the header is aligned to 8 bytes, and the same model gives the same bytes', () => {
    const bytes = encodeModel(MODEL, NOTES);
    const length = new DataView(bytes.buffer).getBigUint64(0, true);
    expect(Number(length) % 8).toBe(0);
    expect(bytes.length).toBe(8 + Number(length) + 4 * (30 + 5 + 10 + 2 + 6 + 3));
    expect(encodeModel(MODEL, NOTES)).toEqual(bytes);
  });
});

/** Float32 numbers by their bits. */
const float = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0;
const bitsOf = (value: number) => new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;

/** What a number is in half precision, as its 16 bits. */
function halfOf(values: ArrayLike<number>): Uint16Array {
  const data = Float32Array.from(values);
  return new Uint16Array(new Uint8Array(halves({ name: 'a', shape: [data.length], data }).bytes).buffer);
}

/** Places at which there is something else than `right` has there, with it. */
function differing(found: Uint16Array, right: (i: number) => number): [number, number][] {
  return [...found.entries()].filter(([i, value]) => value !== right(i));
}

describe('half precision', () => {
  /** All of them, and what they are read as. */
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  const read = floats({ name: 'a', type: 'F16', shape: [2 ** 16], bytes: new Uint8Array(all.buffer) }).data;
  /** Those from 0 to 65,504, the greatest. */
  const finite = all.subarray(0, 0x7c00);

  test('is read as IEEE 754 has it, subnormal numbers and zeros with a sign too', () => {
    const known = [0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1 - 2 ** -11, 1, 1 + 2 ** -10, 65504, Infinity];
    const bits = [0, 1, 0x3ff, 0x400, 0x3bff, 0x3c00, 0x3c01, 0x7bff, 0x7c00];
    expect(bits.map((each) => read[each])).toEqual(known);
    expect(bits.map((each) => read[each | 0x8000])).toEqual(known.map((value) => -value));
    // In order, without a gap: each is more than the one before.
    expect(finite.subarray(1).filter((bits) => !((read[bits] ?? 0) > (read[bits - 1] ?? Infinity)))).toEqual(
      new Uint16Array(),
    );
  });

  test('every half survives being read and written; all NaN become one', () => {
    const written = halfOf(read);
    expect(differing(written, (bits) => (Number.isNaN(read[bits]) ? 0x7e00 : bits))).toEqual([]);
  });

  test('what lies between two halves goes to the nearest, and from the very middle to the even one', () => {
    for (const [sign, signBit] of [
      [1, 0],
      [-1, 0x8000],
    ] as const) {
      // All of these are float32. The last of them, 65,520, would be infinite.
      const middles = Array.from(
        finite.subarray(1),
        (bits) => ((read[bits - 1] ?? 0) + (read[bits] ?? 0)) / 2,
      );
      const near = (by: number) => halfOf(middles.map((middle) => sign * float(bitsOf(middle) + by)));
      expect(differing(near(0), (bits) => signBit | (bits + (bits % 2)))).toEqual([]);
      expect(differing(near(-1), (bits) => signBit | bits)).toEqual([]);
      expect(differing(near(1), (bits) => signBit | (bits + 1))).toEqual([]);
    }
  });

  test('what is too small becomes 0 with its sign, and what is too large is refused', () => {
    const small = [2 ** -25, 2 ** -126, 2 ** -149, 0];
    expect([...halfOf(small)]).toEqual([0, 0, 0, 0]);
    expect([...halfOf(small.map((value) => -value))]).toEqual([0x8000, 0x8000, 0x8000, 0x8000]);
    expect([...halfOf([65519.996, -65519.996])]).toEqual([0x7bff, 0xfbff]);
    for (const large of [65520, -65520, 3.4e38]) {
      const error = failure(() => halfOf([1, large]));
      expect(error).toMatchObject({ code: 'bad-model' });
      expect(error.message).toContain(
        `"a" of the model holds ${Math.fround(large)}, more than a 16-bit float`,
      );
    }
  });

  test('a model file of it has half the bytes, and the same notes', () => {
    const { tensors } = MODEL;
    const model = {
      ...MODEL,
      tensors: tensors.map((each) => ({ ...each, data: each.data.map((v) => v % 9) })),
    };
    const [whole, half] = [encodeModel(model, NOTES), encodeModel(model, NOTES, { half: true })];
    const weights = 30 + 5 + 10 + 2 + 6 + 3;
    const headers = [whole, half].map(({ buffer }) => Number(new DataView(buffer).getBigUint64(0, true)));
    expect([whole.length, half.length]).toEqual([
      8 + (headers[0] ?? 0) + 4 * weights,
      8 + (headers[1] ?? 0) + 2 * weights,
    ]);
    const { model: read, ...notes } = decodeModel(half);
    expect(notes).toEqual({ ...decodeModel(whole), model: undefined });
    for (const [i, { name, shape, data }] of read.tensors.entries()) {
      expect({ name, shape }).toEqual({ name: tensors[i]?.name, shape: tensors[i]?.shape });
      for (const [n, value] of data.entries()) {
        const exact = model.tensors[i]?.data[n] ?? Number.NaN;
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.max(2 ** -11 * Math.abs(exact), 2 ** -25));
      }
    }
    expect(encodeModel(read, NOTES, { half: true })).toEqual(half);
  });
});

describe('a model saved by PyTorch', () => {
  const bytes = readFileSync(new URL('../fixtures/pytorch-model.safetensors', import.meta.url));

  test('is read: spec and square image follow from its tensors, which come in the order of layers', () => {
    const { model, image, assumptions, metadata } = decodeModel(bytes);
    expect(model.spec).toEqual({ inputs: 9, hidden: [4], classes: 3 });
    expect(image).toEqual({ height: 3, width: 3 });
    expect(metadata).toEqual({});
    expect(assumptions.map(({ code }) => code)).toEqual(['relu', 'pixels']);
    expect(model.tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ['0.weight', [4, 9]],
      ['0.bias', [4]],
      ['2.weight', [3, 4]],
      ['2.bias', [3]],
    ]);
    for (const { data } of model.tensors) {
      expect([...data]).toEqual(Array.from(data, (_, i) => i / 4 - 0.5));
    }
  });

  test('has no image size where its inputs are not a square', () => {
    expect(decodeModel(encodeSafetensors({ tensors: MODEL.tensors, metadata: {} })).image).toBeNull();
  });
});

describe('files that are not safetensors are bad-model errors', () => {
  const two = `{${tensor('a', [2], [0, 8])},${tensor('b', [], [8, 12])}}`;

  test('this one is good', () => {
    expect(decodeSafetensors(file(`${two}   `, 12)).tensors.map(({ shape }) => shape)).toEqual([[2], []]);
  });

  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /only 0 bytes/],
    ['a header length beyond the file', file('{}', 0, 3n), /header should be 3 bytes long/],
    ['a header length beyond 2^53', file('{}', 0, 2n ** 64n - 1n), /header should be 18446744073709551615/],
    ['a header of no length', file('{}', 0, 0n), /not JSON/],
    ['a zip archive', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0, 0, 0, 0, 0), /as torch\.save writes it/],
    ['HTML', new TextEncoder().encode('<!DOCTYPE html><html></html>'), /header should be/],
    ['a header that does not begin with {', file(' {}'), /begin with "\{"/],
    ['a header with a byte order mark', file('\ufeff{}'), /begin with "\{"/],
    ['a header that is not UTF-8', file(Uint8Array.of(0x7b, 0xff, 0x7d)), /not UTF-8/],
    ['a cut header', file('{"a":'), /not JSON/],
    ['deep nesting', file(`{"a":${'['.repeat(1e6)}`), /not JSON/],
    ['metadata that is not text', file('{"__metadata__":{"a":1}}'), /metadata is not text/],
    ['metadata that is no object', file('{"__metadata__":["a"]}'), /metadata is not text/],
    ['a tensor that is no object', file('{"a":1}'), /tensor "a" is not described/],
    ['a tensor without a shape', file('{"a":{"dtype":"F32","data_offsets":[0,0]}}'), /is not described/],
    ['a further key', file(`{${tensor('a', [0], [0, 0], ',"x":1')}}`), /is not described/],
    ['a shape of text', file(`{${tensor('a', ['2'], [0, 8])}}`, 8), /is not described/],
    ['a negative size', file(`{${tensor('a', [-1, -2], [0, 8])}}`, 8), /is not described/],
    ['a fractional size', file(`{${tensor('a', [0.5, 4], [0, 8])}}`, 8), /is not described/],
    ['three offsets', file(`{${tensor('a', [2], [0, 8, 8])}}`, 8), /is not described/],
    ['a size beyond 2^53', file(`{${tensor('a', [2 ** 60], [0, 8])}}`, 8), /is not described/],
    [
      'a product beyond 2^53',
      file(`{${tensor('a', [2 ** 50, 2 ** 50], [0, 8])}}`, 8),
      /does not fit its bytes/,
    ],
    [
      'a product that overflows to 2',
      file(`{${tensor('a', [2 ** 32, 2 ** 31 + 1], [0, 8])}}`, 8),
      /does not fit/,
    ],
    [
      'a product that overflows to infinity',
      file(`{${tensor('a', new Array(40).fill(2 ** 50), [0, 8])}}`, 8),
      /does not fit/,
    ],
    ['offsets the wrong way round', file(`{${tensor('a', [2], [8, 0])}}`, 8), /does not fit its bytes/],
    ['a shape that is not of the bytes', file(`{${tensor('a', [3], [0, 8])}}`, 8), /does not fit its bytes/],
    ['a gap before the first tensor', file(`{${tensor('a', [1], [4, 8])}}`, 8), /leave a gap/],
    ['a gap', file(`{${tensor('a', [1], [0, 4])},${tensor('b', [1], [8, 12])}}`, 12), /"b" overlap/],
    ['an overlap', file(`{${tensor('a', [2], [0, 8])},${tensor('b', [2], [4, 12])}}`, 12), /"b" overlap/],
    [
      'the same bytes twice',
      file(`{${tensor('a', [1], [0, 4])},${tensor('b', [1], [0, 4])}}`, 4),
      /"b" overlap/,
    ],
    ['a cut buffer', file(two, 11), /need 12 bytes, but it holds 11/],
    ['bytes behind the last tensor', file(two, 13), /need 12 bytes, but it holds 13/],
    ['a name twice', file(`{${tensor('a', [1], [0, 4])},${tensor('a', [1], [0, 4])}}`, 4), /occurs twice/],
    ['a name twice, once escaped', file(`{"\\u0061":1,${tensor('a', [1], [0, 4])}}`, 4), /occurs twice/],
    ['metadata twice', file('{"__metadata__":{},"__metadata__":{}}'), /occurs twice/],
    ['a note twice', file('{"__metadata__":{"a":"1","a":"2"}}'), /occurs twice/],
    ['a shape twice', file(`{${tensor('a', [1], [0, 4], ',"shape":[1]')}}`, 4), /occurs twice/],
    [
      'a shape that is not of the bytes of its type',
      file('{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}', 8),
      /does not fit its bytes/,
    ],
    [
      'an unknown type',
      file('{"a":{"dtype":"\\u001b[2J","shape":[],"data_offsets":[0,4]}}', 4),
      /of type "\\u001b\[2J"; F32/,
    ],
  ])('%s', (_, bytes, message) => {
    const error = failure(() => decodeSafetensors(bytes));
    expect(error).toMatchObject({ code: 'bad-model' });
    expect(error.message).toMatch(message);
    expect(error.nextStep).not.toBe('');
  });

  test('null metadata is as none', () => {
    const { tensors, metadata } = decodeSafetensors(
      file(`{"__metadata__":null,${tensor('a', [1], [0, 4])}}`, 4),
    );
    expect(tensors).toHaveLength(1);
    expect(metadata).toEqual({});
  });

  test('names of object properties are names like any other', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const header = `{"__metadata__":{"__proto__":"polluted"},${names
      .map((name, i) => tensor(name, [1], [4 * i, 4 * i + 4]))
      .join()}}`;
    const { tensors, metadata } = decodeSafetensors(file(header, 12));
    expect(tensors.map(({ name }) => name)).toEqual(names);
    expect(Object.hasOwn(metadata, '__proto__')).toBe(true);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });

  test('colons and quotes in texts are no keys', () => {
    const metadata = { 'a:"b\\': '": "c":', '\\': '\\"' };
    const tensors = [{ name: 'x:"\\":', shape: [1], data: Float32Array.of(1) }];
    const read = decodeSafetensors(encodeSafetensors({ tensors, metadata }));
    expect(read.metadata).toEqual(metadata);
    expect(read.tensors.map(floats)).toEqual(tensors);
  });
});

describe('files that are no model are bad-model errors', () => {
  const change = (index: number, changed: object) =>
    MODEL.tensors.map((each, i) => (i === index ? { ...each, ...changed } : each));
  const withNote = (name: string, value: string) => ({
    tensors: MODEL.tensors,
    metadata: { ...decodeModel(encodeModel(MODEL, NOTES)).metadata, [name]: value },
  });
  test.each<[string, Parameters<typeof encodeSafetensors>[0], RegExp]>([
    ['a missing layer', { ...withNote('x', ''), tensors: MODEL.tensors.slice(2) }, /own description/],
    [
      'NaN',
      { tensors: change(3, { data: Float32Array.of(0, Number.NaN) }), metadata: {} },
      /"2.bias".*not finite/,
    ],
    [
      'infinity',
      { tensors: change(3, { data: Float32Array.of(Number.NEGATIVE_INFINITY, 0) }), metadata: {} },
      /"2.bias".*not finite/,
    ],
    [
      'a layer of no units',
      {
        tensors: [
          { name: '0.weight', shape: [0, 4], data: new Float32Array(0) },
          { name: '0.bias', shape: [0], data: new Float32Array(0) },
        ],
        metadata: {},
      },
      /classes: 0 is not a layer size\.$/,
    ],
    [
      'too many classes',
      {
        tensors: [
          { name: '0.weight', shape: [257, 1], data: new Float32Array(257) },
          { name: '0.bias', shape: [257], data: new Float32Array(257) },
        ],
        metadata: {},
      },
      /257 classes are too many\.$/,
    ],
    ['too few class names', withNote('shadegrad.classes', '["a","b"]'), /3 classes, but names them/],
    ['class names that are no texts', withNote('shadegrad.classes', '["a","b",3]'), /names them/],
    ['class names that are no list', withNote('shadegrad.classes', '"abc"'), /names them/],
    ['another spec', withNote('shadegrad.spec', '{"inputs":6,"hidden":[5],"classes":3}'), /own description/],
    ['a spec that is not JSON', withNote('shadegrad.spec', 'x\u009b'), /own description, "x\ufffd"/],
    ['a null spec', withNote('shadegrad.spec', 'null'), /own description/],
    [
      'another image',
      withNote('shadegrad.preprocessing', '{"height":2,"width":2,"scale":"1/255"}'),
      /another way/,
    ],
    [
      'negative sizes',
      withNote('shadegrad.preprocessing', '{"height":-2,"width":-3,"scale":"1/255"}'),
      /another way/,
    ],
    [
      'another scale',
      withNote('shadegrad.preprocessing', '{"height":2,"width":3,"scale":"1/127"}'),
      /another way/,
    ],
    ['no preprocessing in it', withNote('shadegrad.preprocessing', '[]'), /another way/],
  ])('%s', (_, contents, message) => {
    const error = failure(() => decodeModel(encodeSafetensors(contents)));
    expect(error).toMatchObject({ code: 'bad-model' });
    expect(error.message).toMatch(message);
    expect(error.nextStep).not.toBe('');
  });
});

describe('what would not be read is not written', () => {
  test('a model that is not its spec, or not of its image, or not finite', () => {
    const { spec, tensors } = MODEL;
    for (const model of [
      { tensors, spec: { ...spec, hidden: [5] } },
      { tensors, spec: { ...spec, hidden: [5, 4] } },
      { tensors, spec: { ...spec, classes: 0 } },
      { spec, tensors: tensors.slice(1) },
      { spec, tensors: [...tensors, { name: '6.bias', shape: [1], data: new Float32Array(1) }] },
      { spec, tensors: tensors.map((each) => ({ ...each, data: each.data.map(() => Number.NaN) })) },
    ]) {
      expect(failure(() => encodeModel(model, NOTES)).code).toBe('bad-model');
    }
    expect(failure(() => encodeModel(MODEL, { image: { height: 2, width: 2 } })).code).toBe('bad-model');
    expect(failure(() => encodeModel(MODEL, { ...NOTES, classNames: ['a', 'b'] })).code).toBe('bad-model');
  });

  test('tensors of one name, of the name of the metadata, or of a shape that is not theirs', () => {
    const one = { name: 'a', shape: [1], data: new Float32Array(1) };
    for (const tensors of [[one, one], [{ ...one, name: '__metadata__' }], [{ ...one, shape: [2] }]]) {
      expect(failure(() => encodeSafetensors({ tensors, metadata: {} })).code).toBe('usage');
    }
  });
});

describe('damage', () => {
  const whole = encodeModel(MODEL, NOTES);
  const elsewhere = stateDict(
    [
      { name: 'net.fc1.weight', shape: [5, 6], type: 'F64' },
      { name: 'net.fc1.bias', shape: [5], type: 'F16' },
      { name: 'net.fc2.weight', shape: [5, 5], type: 'BF16' },
      { name: 'net.out.weight', shape: [3, 5] },
      { name: 'net.out.bias', shape: [3] },
    ],
    null,
  );

  test.each([
    ['of this package', whole],
    ['from elsewhere', elsewhere],
  ])('every cut of a file %s is a bad-model error', (_, bytes) => {
    expect(decodeModel(bytes).model.tensors).toHaveLength(6);
    for (let length = 0; length < bytes.length; length++) {
      expect(failure(() => decodeModel(bytes.subarray(0, length))).code).toBe('bad-model');
    }
  });

  // Of a file that describes itself the spec is known; names from elsewhere may be damaged and still tell an order.
  test.each([
    ['of this package', whole, MODEL.spec],
    ['from elsewhere', elsewhere, undefined],
  ])('flipped bytes anywhere in a file %s give a bad-model error or a whole model', (_, bytes, spec) => {
    let read = 0;
    let refused = 0;
    // A linear congruential generator (Numerical Recipes), so that a failure can be repeated.
    let state = 1;
    const next = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let round = 0; round < 10_000; round++) {
      const damaged = bytes.slice();
      for (let flips = 1 + next(3); flips > 0; flips--) damaged[next(damaged.length)] = next(256);
      let model: Model;
      try {
        ({ model } = decodeModel(damaged));
      } catch (error) {
        if (!(error instanceof ShadegradError) || error.code !== 'bad-model') throw error;
        refused += 1;
        continue;
      }
      if (spec) expect(model.spec).toEqual(spec);
      else encodeModel(model, { image: { height: 1, width: model.spec.inputs } });
      read += 1;
    }
    expect(read).toBeGreaterThan(1000);
    expect(refused).toBeGreaterThan(1000);
  });
});
