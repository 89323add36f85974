import { isAbsolute } from 'node:path/win32';
import { expect, test } from 'vitest';
import { scriptFor } from '../../src/node/probe.ts';

test('the script of the other process begins its search for modules in a whole path, on Windows too', () => {
  const library = 'C:\\Users\\me\\node_modules\\webgpu\\dist\\win32-x64\\dawn.node';
  const begun: string[] = [];
  const createRequire = (path: string) => {
    begun.push(path);
    return () => ({
      create: () => ({ requestAdapter: () => Promise.reject(new Error('none')) }),
      writeSync: () => 0,
    });
  };
  const process = { getBuiltinModule: () => ({ createRequire }), exit: () => undefined };
  new Function('process', scriptFor(library))(process);
  expect(begun).toEqual([library]);
  expect(begun.every(isAbsolute)).toBe(true);
});
