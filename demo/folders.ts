import { ShadegradError } from '../src/index.ts';
import type { OwnFile } from './protocol.ts';

// Datasets of pictures in folders, from the pictures' places alone.

/** A picture, and the number of its class. */
export interface LabelledFile extends OwnFile {
  readonly label: number;
}

export interface LabelledFolders {
  /** In the order of their code points: [classes] */
  readonly classNames: readonly string[];
  readonly train: readonly LabelledFile[];
  readonly test: readonly LabelledFile[];
  /** Whether the test images were taken from the only ones that there are. */
  readonly split: boolean;
}

const LAYOUT = 'Expected are train/CLASS/*.png and test/CLASS/*.png, or CLASS/*.png.';
const MOST_CLASSES = 256;

/** Of pictures that are not divided already, every fifth of each class is to test with. */
const TEST_EVERY = 5;

/** Parts of the folders' path that all files have in common, e.g. ["Downloads", "digits"]. */
export function commonFolders(paths: readonly string[]): readonly string[] {
  const [first = [], ...others] = paths.map((path) => path.split('/').slice(0, -1));
  const apart = first.findIndex((part, i) => others.some((other) => other[i] !== part));
  return apart < 0 ? first : first.slice(0, apart);
}

/**
 * The classes of pictures in the layout of torchvision's `ImageFolder`, as on the command line, or in one folder for each
 * class; then every fifth picture of a class, in the order of their names, is one to test with.
 *
 * @throws ShadegradError `bad-data` where the layout is different
 */
export function labelledFolders(files: readonly OwnFile[]): LabelledFolders {
  const root = commonFolders(files.map(({ path }) => path)).length;
  const placed = inOrder(files, ({ path }) => path).map((file) => ({
    ...file,
    folders: file.path.split('/').slice(root, -1),
  }));
  const loose = placed.find(({ folders }) => folders.length === 0);
  if (loose) {
    throw bad(`${loose.path} is in no folder of a class, which would tell what it shows.`, LAYOUT);
  }
  if (!placed.some(({ folders: [set] }) => set === 'train')) return divided(placed);

  const inSet = (set: string) =>
    placed.flatMap(({ folders: [own, className], file, path }) => {
      if (own !== set) return [];
      if (className === undefined) throw bad(`${path} is in ${set} itself, in no folder of a class.`, LAYOUT);
      return [{ file, path, className }];
    });
  const [train, test] = [inSet('train'), inSet('test')];
  if (test.length === 0) throw bad('There is a folder "train", but none "test".', LAYOUT);
  const classNames = classesOf(train);
  const unknown = test.find(({ className }) => !classNames.includes(className));
  if (unknown) {
    throw bad(
      `The folder test has the class "${unknown.className}", which there is nothing of to train on.`,
      'Use the same classes.',
    );
  }
  return { classNames, train: labelled(train, classNames), test: labelled(test, classNames), split: false };
}

interface Named extends OwnFile {
  readonly className: string;
}

function divided(placed: readonly (OwnFile & { readonly folders: readonly string[] })[]): LabelledFolders {
  const named = placed.map(({ file, path, folders: [className = ''] }) => ({ file, path, className }));
  const classNames = classesOf(named);
  const all = classNames.map((name) => named.filter(({ className }) => className === name));
  const isTest = (_: Named, i: number) => i % TEST_EVERY === TEST_EVERY - 1;
  const few = all.findIndex((files) => files.length < TEST_EVERY);
  if (few >= 0) {
    throw bad(
      `The class "${classNames[few]}" has only ${all[few]?.length} pictures: too few to train and to test with.`,
      `Give each class at least ${TEST_EVERY}, or use train/CLASS and test/CLASS.`,
    );
  }
  const train = all.flatMap((files) => files.filter((file, i) => !isTest(file, i)));
  const test = all.flatMap((files) => files.filter(isTest));
  return { classNames, train: labelled(train, classNames), test: labelled(test, classNames), split: true };
}

function classesOf(files: readonly Named[]): string[] {
  const names = inOrder([...new Set(files.map(({ className }) => className))], (name) => name);
  if (names.length < 2)
    throw bad('There are pictures of one class only, so there is nothing to tell apart.', LAYOUT);
  if (names.length > MOST_CLASSES) {
    throw bad(`There are ${names.length} folders of classes.`, `Use at most ${MOST_CLASSES}.`);
  }
  return names;
}

function labelled(files: readonly Named[], classNames: readonly string[]): LabelledFile[] {
  const labels = new Map(classNames.map((name, label) => [name, label]));
  return files.map(({ file, path, className }) => ({ file, path, label: labels.get(className) ?? 0 }));
}

/** Sorts as Python sorts strings: by code points. JavaScript's own order is that of UTF-16's units. */
function inOrder<T>(items: readonly T[], textOf: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, key: Array.from(textOf(item), (character) => character.codePointAt(0) ?? 0) }))
    .sort((a, b) => {
      const apart = a.key.findIndex((code, i) => code !== b.key[i]);
      return apart < 0 ? a.key.length - b.key.length : (a.key[apart] ?? 0) - (b.key[apart] ?? -1);
    })
    .map(({ item }) => item);
}

function bad(message: string, nextStep: string): ShadegradError {
  return new ShadegradError('bad-data', message, nextStep);
}
