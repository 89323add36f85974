import { commonFolders } from './folders.ts';
import type { OwnFile, OwnFiles, Trouble } from './protocol.ts';

// What files that are chosen, dropped or pasted are: told by how they begin, then by their names.

/** A file that the user gave the page. */
export interface Offered extends OwnFile {
  /** Its first {@link HEAD_BYTES} bytes, or all where it has fewer. */
  readonly head: Uint8Array;
}

/** What the page does with files. */
export type Offer =
  | { readonly as: 'model'; readonly file: File }
  | { readonly as: 'picture'; readonly file: File }
  | { readonly as: 'dataset'; readonly own: OwnFiles }
  /** Nothing. The trouble says what they are, and what the page takes. */
  | { readonly as: 'nothing'; readonly trouble: Trouble };

/** How many bytes of a file tell what it is. */
export const HEAD_BYTES = 64;

interface Identity {
  readonly kind: 'model' | 'picture' | 'idx' | 'other';
  /** With its article, e.g. "a PDF". */
  readonly what: string;
  /** What to do with it, where there is something better than to take another file. */
  readonly nextStep?: string;
}

const TAKEN =
  'This page takes a picture of a digit, a model (.safetensors), four IDX files of images and labels, or a folder of pictures: CLASS/*.png.';
const AS_PNG = 'Browsers cannot read these: save it as PNG or JPEG.';
const UNPACK = 'Unpack it first.';

/** How many files that the page does not take are listed. */
const MOST_LISTED = 20;

const picture = (what: string): Identity => ({ kind: 'picture', what });
const other = (what: string, nextStep?: string): Identity => ({
  kind: 'other',
  what,
  ...(nextStep ? { nextStep } : {}),
});

/** How files begin, in hexadecimal. The first that fits counts. */
const SIGNATURES: readonly (readonly [RegExp, Identity])[] = [
  [/^89504e470d0a1a0a/, picture('a PNG picture')],
  [/^ffd8ff/, picture('a JPEG picture')],
  [/^474946383[79]61/, picture('a GIF picture')],
  // RIFF, its length, WEBP.
  [/^52494646.{8}57454250/, picture('a WebP picture')],
  // Files of boxes have ftyp and a brand after the first box's length: avif; hei*, mif1, msf1; others.
  [/^.{8}6674797061766966/, picture('an AVIF picture')],
  [/^.{8}66747970(686569|6d696631|6d736631)/, other('a HEIC picture', AS_PNG)],
  [/^.{8}66747970/, other('a video')],
  [/^(49492a00|4d4d002a)/, other('a TIFF picture', AS_PNG)],
  [/^25504446/, other('a PDF', 'To have a digit in it read, take a picture of that.')],
  [/^504b0304/, other('a ZIP archive', `${UNPACK} A model of PyTorch is to be saved as safetensors.`)],
  [/^377abcaf/, other('a 7-Zip archive', UNPACK)],
  [/^1f8b/, other('a gzip file', `${UNPACK} Only IDX files may stay packed, as train-images-idx3-ubyte.gz.`)],
  [/^89484446/, other('an HDF5 file')],
  [/^934e554d5059/, other('a NumPy array', 'Write images and labels as IDX files.')],
  // Two zeros, the type of the values, and how many dimensions they have.
  [/^0000(08|09|0b|0c|0d|0e)0[1-4]/, { kind: 'idx', what: 'an IDX file' }],
  // The header's length in eight bytes, then the header, which is JSON.
  [/^.{10}0000007b/, { kind: 'model', what: 'a safetensors file' }],
];

/** How files of text begin. */
const TEXTS: readonly (readonly [RegExp, Identity])[] = [
  [/^\s*<(!doctype html|html)/i, other('a web page')],
  [/^\s*(<\?xml[^>]*>\s*)?<svg/i, other('an SVG drawing', 'Save it as PNG.')],
  [/^\s*[{[]\s*["\]}[{\d-]/, other('JSON')],
];

/** What a file is. Names only decide where the page can say better than this what is wrong with the content. */
export function identify({ path, head }: Pick<Offered, 'path' | 'head'>): Identity {
  if (/\.safetensors$/i.test(path)) return { kind: 'model', what: 'a safetensors file' };
  if (/[-.]idx\d-/.test(path)) return { kind: 'idx', what: 'an IDX file' };
  if (head.length === 0) return other('empty');
  const hex = Array.from(head, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const signed = SIGNATURES.find(([signature]) => signature.test(hex));
  if (signed) return signed[1];
  if (head.some((byte) => byte < 9 || (byte > 13 && byte < 32))) {
    return other('of a kind that this page does not know');
  }
  const text = new TextDecoder().decode(head);
  return TEXTS.find(([beginning]) => beginning.test(text))?.[1] ?? other('text');
}

/** Says what is to be done with files that were given together. */
export function offerOf(offered: readonly Offered[]): Offer {
  const seen = offered.filter(({ path }) => !isHidden(path)).map((one) => ({ ...one, is: identify(one) }));
  const of = (kind: Identity['kind']) => seen.filter(({ is }) => is.kind === kind);
  const [idx, models, pictures] = [of('idx'), of('model'), of('picture')];
  if (idx.length > 0) return { as: 'dataset', own: ownFiles('idx', idx) };

  const [model] = models;
  if (model && models.length === 1) return { as: 'model', file: model.file };
  if (model) {
    return nothing(`These are ${models.length} models, and the page takes one.`, `Choose one of them.`);
  }
  const [only] = pictures;
  if (only && pictures.length === 1) return { as: 'picture', file: only.file };
  if (only && pictures.some(({ path }) => path.includes('/'))) {
    return { as: 'dataset', own: ownFiles('pictures', pictures) };
  }
  if (only) {
    return nothing(
      `These are ${pictures.length} pictures, and the page reads one at a time.`,
      'Choose one of them, or give the page a folder that has one for each class.',
    );
  }
  const [first, ...others] = seen;
  if (!first) return nothing('There are no files in what was given.', TAKEN);
  const more =
    others.length > 1
      ? `, and ${others.length} more files are nothing that the page takes either`
      : others.length === 1
        ? ', and the other file is nothing that the page takes either'
        : '';
  const listed = seen.slice(0, MOST_LISTED).map(({ path, is }) => `${path}: ${is.what}`);
  return nothing(
    `${first.path} is ${first.is.what}${more}.`,
    first.is.nextStep ?? TAKEN,
    others.length > 0 ? listed.join('\n') : '',
  );
}

/** Names that the page has for datasets of its own. */
const RESERVED = ['mnist', 'synthetic'];

/** What the user's files are called where no folder has a name for them. */
const UNNAMED = 'your files';

/** The user's dataset as the field of the images has it. */
export function ownFilesText(own: OwnFiles | undefined): string {
  if (!own || own.name === UNNAMED) return 'Your files';
  return `${own.name} (your files)`;
}

function ownFiles(kind: OwnFiles['kind'], offered: readonly Offered[]): OwnFiles {
  const folder = commonFolders(offered.map(({ path }) => path)).at(-1);
  const name = folder && RESERVED.includes(folder) ? `your ${folder}` : (folder ?? UNNAMED);
  return { kind, name, files: offered.map(({ file, path }) => ({ file, path })) };
}

function nothing(message: string, nextStep: string, details = ''): Offer {
  return { as: 'nothing', trouble: { message, nextStep: `${nextStep} Nothing was changed.`, details } };
}

/** What systems put into folders beside the user's files. */
function isHidden(path: string): boolean {
  return path
    .split('/')
    .some((part) => part.startsWith('.') || /^(thumbs\.db|desktop\.ini|__MACOSX)$/i.test(part));
}
