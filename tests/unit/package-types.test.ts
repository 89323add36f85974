import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test.each(['.', './bench', './export', './node'] as const)(
  '"%s" has types for TypeScript before 6.0, which brings none of WebGPU',
  (entry) => {
    const conditions = packageJson.exports[entry];
    const { 'types@<6.0': older, types } = conditions;
    // The first condition that fits is taken.
    expect(Object.keys(conditions)[0]).toBe('types@<6.0');
    const declarations = read(older);
    expect(declarations).toContain('/// <reference types="@webgpu/types" />');
    expect(declarations).toContain(`export * from '.${types.replace(/\.d\.ts$/, '.js')}';`);
    expect(packageJson.files).toContain(older.split('/')[1]);
    expect(packageJson.dependencies).toHaveProperty('@webgpu/types');
  },
);

test('sources do not refer to these types: in TypeScript 6.0 and later they clash with its own', () => {
  for (const entry of ['index', 'bench', 'export', 'node', 'charts'])
    expect(read(`src/${entry}.ts`)).not.toContain('@webgpu/types');
});
