import { reasonOf, ShadegradError } from '../errors.ts';
import type { Tensor } from './model.ts';

// The safetensors format (https://huggingface.co/docs/safetensors): a header's length as 8 bytes, little-endian;
// the header, a JSON object of {name: {dtype, shape, data_offsets}} and {"__metadata__": {string: string}}, filled
// up with spaces; the tensors' bytes, row by row, little-endian as every machine is that this runs on.

const LENGTH_BYTES = 8;
const LONGEST_HEADER = 100_000_000;
/** "PK\x03\x04" (APPNOTE.TXT, section 4.3.7); a header of that many bytes would be 67 MB long. */
const ZIP_SIGNATURE = 0x04034b50;
const METADATA = '__metadata__';
/** A tensor's keys: dtype, shape and data_offsets. */
const TENSOR_KEYS = 3;

/** The format's types of numbers, and how many bytes one takes. */
const TYPES: ReadonlyMap<string, number> = new Map([
  ['BOOL', 1],
  ['U8', 1],
  ['I8', 1],
  ['F8_E4M3', 1],
  ['F8_E5M2', 1],
  ['U16', 2],
  ['I16', 2],
  ['F16', 2],
  ['BF16', 2],
  ['U32', 4],
  ['I32', 4],
  ['F32', 4],
  ['U64', 8],
  ['I64', 8],
  ['F64', 8],
]);

/** A tensor as it lies in a file, and its numbers as bytes. */
export interface StoredTensor {
  readonly name: string;
  /** One of the format's types, e.g. F32. */
  readonly type: string;
  readonly shape: readonly number[];
  /** In a file that was read a view into it, not aligned. */
  readonly bytes: Uint8Array;
}

interface Entry {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  /** First byte in the buffer behind the header, and the one after the last. */
  readonly begin: number;
  readonly end: number;
}

/**
 * A file of tensors, of float32 or as they are to be stored, and notes on them.
 *
 * @throws ShadegradError `usage` where a tensor's name is taken, or its shape is not that of its data, `io` where the file
 *   is larger than memory or its header larger than the format allows
 */
export function encodeSafetensors({
  tensors,
  metadata,
}: {
  readonly tensors: readonly (Tensor | StoredTensor)[];
  readonly metadata: Readonly<Record<string, string>>;
}): Uint8Array<ArrayBuffer> {
  const names = new Set([METADATA]);
  let offset = 0;
  const stored = tensors.map((tensor) => ('bytes' in tensor ? tensor : asStored(tensor)));
  const entries = stored.map(({ name, type, shape, bytes }): [string, unknown] => {
    const numbers = bytes.length / (TYPES.get(type) ?? Number.NaN);
    if (names.has(name) || numbers !== shape.reduce((product, size) => product * size, 1)) {
      throw new ShadegradError(
        'usage',
        `Tensor "${name}" of ${numbers} numbers and shape [${shape.join(', ')}] cannot be saved.`,
        'Give each tensor a name of its own and the shape of its data.',
      );
    }
    names.add(name);
    const begin = offset;
    offset += bytes.length;
    return [name, { dtype: type, shape, data_offsets: [begin, offset] }];
  });
  const json = JSON.stringify(Object.fromEntries([[METADATA, metadata], ...entries]));
  const header = new TextEncoder().encode(json);
  const headerLength = Math.ceil(header.length / 8) * 8;
  if (headerLength > LONGEST_HEADER) {
    throw new ShadegradError(
      'io',
      `The notes in a file would be ${headerLength} bytes long, of ${LONGEST_HEADER} that the format allows.`,
      'Save fewer networks in one file.',
    );
  }
  const bytes = allocate(LENGTH_BYTES + headerLength + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerLength);
  bytes.set(header, LENGTH_BYTES);
  let position = LENGTH_BYTES + headerLength;
  for (const tensor of stored) {
    bytes.set(tensor.bytes, position);
    position += tensor.bytes.length;
  }
  return bytes;
}

function asStored({ name, shape, data }: Tensor): StoredTensor {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, type: 'F32', shape, bytes };
}

function allocate(length: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new ShadegradError(
      'io',
      `A file of ${length} bytes cannot be made: ${reasonOf(cause)}.`,
      'Save fewer or smaller networks in one file.',
      cause,
    );
  }
}

/**
 * Reads a safetensors file from anywhere: nothing in it is believed before it is checked.
 *
 * @returns its tensors in the order of their bytes, and notes on them
 * @throws ShadegradError `bad-model`
 */
export function decodeSafetensors(bytes: Uint8Array): {
  tensors: StoredTensor[];
  metadata: Readonly<Record<string, string>>;
} {
  const { header, buffer } = split(bytes);
  const parsed = parseHeader(header);
  const { [METADATA]: noted, ...described } = parsed;
  // Some writers say null where there are no notes.
  const metadata = noted ?? {};
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw damaged('its metadata is not text');
  }
  const entries = Object.entries(described).map(([name, value]) => checkEntry(name, value));
  const metadataKeys = Object.hasOwn(parsed, METADATA) ? 1 + Object.keys(metadata).length : 0;
  // JSON.parse keeps the last of several equal keys: the text must have no more keys than were kept.
  if (countKeys(header) !== metadataKeys + (1 + TENSOR_KEYS) * entries.length) {
    throw damaged('a name occurs twice in its header');
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let offset = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== offset) throw damaged(`the bytes of tensor ${quote(name)} overlap others or leave a gap`);
    offset = end;
  }
  if (offset !== buffer.length) {
    throw damaged(`its tensors need ${offset} bytes, but it holds ${buffer.length}`);
  }
  return {
    tensors: entries.map(({ begin, end, ...described }) => ({
      ...described,
      bytes: buffer.subarray(begin, end),
    })),
    metadata: metadata as Record<string, string>,
  };
}

function split(bytes: Uint8Array): { header: string; buffer: Uint8Array } {
  if (bytes.length < LENGTH_BYTES + 2) throw damaged(`it is only ${bytes.length} bytes long`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) === ZIP_SIGNATURE) {
    throw new ShadegradError(
      'bad-model',
      'This is a zip archive, as torch.save writes it, and not a safetensors file.',
      'Save the model with safetensors.torch.save_file(model.state_dict(), "model.safetensors").',
    );
  }
  const length = view.getBigUint64(0, true);
  if (length > LONGEST_HEADER || Number(length) > bytes.length - LENGTH_BYTES) {
    throw damaged(`its header should be ${length} bytes long, but the file has ${bytes.length} bytes`);
  }
  const end = LENGTH_BYTES + Number(length);
  if (bytes[LENGTH_BYTES] !== 0x7b) throw damaged('its header does not begin with "{"');
  try {
    const header = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(LENGTH_BYTES, end),
    );
    return { header, buffer: bytes.subarray(end) };
  } catch (error) {
    throw damaged('its header is not UTF-8 text', error);
  }
}

function parseHeader(header: string): Record<string, unknown> {
  try {
    return JSON.parse(header) as Record<string, unknown>;
  } catch (error) {
    throw damaged('its header is not JSON', error);
  }
}

function checkEntry(name: string, value: unknown): Entry {
  const fields = isRecord(value) ? value : {};
  const { dtype: type, shape, data_offsets: offsets } = fields;
  if (
    Object.keys(fields).length !== TENSOR_KEYS ||
    typeof type !== 'string' ||
    !isSizes(shape) ||
    !isSizes(offsets) ||
    offsets.length !== 2
  ) {
    throw damaged(`tensor ${quote(name)} is not described by a type, a shape and two offsets`);
  }
  const size = TYPES.get(type);
  if (size === undefined) throw unreadableType(name, type);
  const [begin, end] = offsets as [number, number];
  const count = shape.reduce((product, size) => product * size, 1);
  // A product that is no longer exact is far beyond the length of any buffer.
  if (!Number.isSafeInteger(size * count) || end - begin !== size * count) {
    throw damaged(`the shape of tensor ${quote(name)} does not fit its bytes`);
  }
  return { name, type, shape, begin, end };
}

/** The number of keys in all objects of a valid JSON text: its colons outside strings. */
function countKeys(json: string): number {
  let keys = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') inString = !inString;
    else if (inString && character === '\\') i += 1;
    else if (!inString && character === ':') keys += 1;
  }
  return keys;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** Text out of a file, fit to be printed: of bounded length, and without control characters. */
export function quote(text: string): string {
  const short = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
  return short.replace(/[\u007f-\u009f]/g, '\ufffd');
}

/** The error of a tensor whose numbers are of a type that is not read, or not known. */
export function unreadableType(name: string, type: string): ShadegradError {
  return new ShadegradError(
    'bad-model',
    `Tensor ${quote(name)} of the model file is of type ${quote(type)}; F32, F16, BF16 and F64 are read.`,
    'Save the model in floating point (PyTorch: model.float()).',
  );
}

function damaged(how: string, cause?: unknown): ShadegradError {
  return new ShadegradError(
    'bad-model',
    `This is not a whole safetensors file: ${how}.`,
    'Copy or save the model file again, or choose another one.',
    cause,
  );
}
