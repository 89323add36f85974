import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

/** Channels of each colour type. */
const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;

export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly colourType?: keyof typeof CHANNELS;
  readonly depth?: 1 | 2 | 4 | 8 | 16;
  readonly interlaced?: boolean;
  /** Chunks between the header and the image data. */
  readonly chunks?: readonly Uint8Array[];
  /** Rows as they are stored, without the bytes for their filters. */
  readonly data: Uint8Array;
}

/** A PNG file of exactly these parts, so that a test can also make files that no encoder makes. */
export function pngFile(parts: PngParts): Uint8Array {
  const { width, height, colourType = 0, depth = 8, interlaced = false, chunks = [], data } = parts;
  const rowBytes = Math.ceil((width * CHANNELS[colourType] * depth) / 8);
  const filtered = new Uint8Array(height * (rowBytes + 1));
  for (let row = 0; row < height; row++)
    filtered.set(data.subarray(row * rowBytes, (row + 1) * rowBytes), row * (rowBytes + 1) + 1);
  return Buffer.concat([
    SIGNATURE,
    pngChunk('IHDR', pngHeader(width, height, depth, colourType, interlaced)),
    ...chunks,
    pngChunk('IDAT', deflateSync(filtered)),
    pngChunk('IEND', new Uint8Array()),
  ]);
}

export function pngHeader(width: number, height: number, depth = 8, colourType = 0, interlaced = false) {
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, depth);
  header.setUint8(9, colourType);
  header.setUint8(12, interlaced ? 1 : 0);
  return new Uint8Array(header.buffer);
}

export function pngChunk(type: string, content: Uint8Array): Uint8Array {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
