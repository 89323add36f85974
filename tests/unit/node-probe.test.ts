import { isAbsolute } from 'node:path/win32';
import { describe, expect, test } from 'vitest';
import { answerIn, scriptFor } from '../../src/node/probe.ts';

const DAWN = 'C:\\Users\\me\\node_modules\\webgpu\\dist\\win32-x64\\dawn.node';

interface Faked {
  readonly names?: readonly string[];
  readonly dawnError?: string;
  readonly driverError?: string;
  readonly driver?: string;
  readonly namesOnly?: boolean;
}

/** Runs the script of the other process in this one, with a Dawn that has adapters of these names. */
async function run({ names = [], dawnError, driverError, driver, namesOnly = false }: Faked) {
  const begun: string[] = [];
  const loaded: string[] = [];
  let devices = 0;
  const adapter = {
    info: { description: 'driver' },
    limits: {},
    features: [],
    requestDevice: async () => devices++,
  };
  const listed = ['no such name', ...names.map((name) => ` * backend: 'vulkan', name: '${name}'`)].join('\n');
  const create = ([flag = '']: string[]) => ({
    requestAdapter: async () => {
      if (flag === 'adapter=\u0001') throw new Error(listed);
      return adapter;
    },
  });
  const printed = await new Promise<string>((resolve) => {
    let text = '';
    const require = (module: string) => {
      if (module === 'node:fs') return { writeSync: (_: number, more: string) => (text += more) };
      if (dawnError !== undefined) throw new Error(dawnError);
      return { create };
    };
    const process = {
      getBuiltinModule: () => ({
        createRequire: (path: string) => {
          begun.push(path);
          return require;
        },
      }),
      dlopen: (_: unknown, library: string) => {
        loaded.push(library);
        throw new Error(driverError ?? 'Module did not self-register');
      },
      exit: () => resolve(text),
    };
    new Function('process', scriptFor(DAWN, driver ?? null, namesOnly))(process);
  });
  return { ...answerIn(printed), begun, loaded, devices };
}

describe('the script of the other process', () => {
  test('begins its search for modules in a whole path, on Windows too', async () => {
    const { begun } = await run({});
    expect(begun).toEqual([DAWN]);
    expect(begun.every(isAbsolute)).toBe(true);
  });

  test('tells apart a Dawn that does not load, and a driver that does not', async () => {
    expect(await run({ dawnError: 'invalid ELF header' })).toMatchObject({
      failure: { of: 'dawn', reason: 'invalid ELF header' },
    });
    expect(await run({ driver: 'libx.so', driverError: 'libx.so: cannot open' })).toMatchObject({
      failure: { of: 'driver', reason: 'libx.so: cannot open' },
      loaded: ['libx.so'],
    });
    expect(await run({ driver: 'libx.so', names: ['a'] })).toMatchObject({ failure: null, devices: 1 });
  });

  test('counts cards of one name, and names those that another hides', async () => {
    const { adapters, hidden } = await run({ names: ['NVIDIA A100', 'NVIDIA A10', 'NVIDIA A100', 'T4'] });
    expect(adapters.map(({ name, alike }) => [name, alike])).toEqual([
      ['NVIDIA A100', 2],
      ['T4', 1],
    ]);
    expect(hidden).toEqual([{ name: 'NVIDIA A10', by: 'NVIDIA A100' }]);
  });

  test('opens no device where names are enough', async () => {
    const { adapters, devices } = await run({ names: ['a', 'b'], namesOnly: true });
    expect(adapters.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(devices).toBe(0);
  });
});

describe('the answer of the other process', () => {
  const answer = 'shadegrad-adapters:{"adapters":[],"hidden":[],"failure":null}';

  test.each([
    ['alone', answer],
    ['among what else is printed', `a layer's greeting\n{}\n${answer}\nand its farewell\n`],
  ])('is read %s', (_, stdout) => {
    expect(answerIn(stdout)).toEqual({ adapters: [], hidden: [], failure: null });
  });

  test.each([
    ['nothing', ''],
    ['only something else', 'hello\n'],
    ['half of it', answer.slice(0, -5)],
  ])('is missing where there is %s', (_, stdout) => {
    expect(answerIn(stdout)).toMatchObject({
      adapters: [],
      failure: { of: 'process', reason: 'The process that asked it printed no answer.' },
    });
  });
});
