import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { SWIFT_SHADER } from '../../src/node/install-steps.ts';
import { missingECharts } from '../../src/report/echarts.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const entries = Object.keys(packageJson.exports) as (keyof typeof packageJson.exports)[];

test.each(entries)('"%s" has types for TypeScript before 6.0, which brings none of WebGPU', (entry) => {
  const conditions = packageJson.exports[entry];
  const { 'types@<6.0': older, types } = conditions;
  // The first condition that fits is taken.
  expect(Object.keys(conditions)[0]).toBe('types@<6.0');
  const declarations = read(older);
  expect(declarations).toContain('/// <reference types="@webgpu/types" />');
  expect(declarations).toContain(`export * from '.${types.replace(/\.d\.ts$/, '.js')}';`);
  expect(packageJson.files).toContain(older.split('/')[1]);
  expect(packageJson.dependencies).toHaveProperty('@webgpu/types');
});

test('what this package does without is installed by the commands that errors name', () => {
  const { peerDependencies } = packageJson;
  expect(missingECharts().nextStep).toBe(`Install it: "npm install echarts@${peerDependencies.echarts}".`);
  expect(SWIFT_SHADER).toBe(`@sparticuz/chromium@${peerDependencies['@sparticuz/chromium']}`);
  for (const name of ['@sparticuz/chromium', 'echarts'] as const) {
    expect(packageJson.peerDependenciesMeta[name]).toEqual({ optional: true });
    expect(packageJson.devDependencies).toHaveProperty(name);
    expect(packageJson.dependencies).not.toHaveProperty(name);
  }
});

test('sources do not refer to these types: in TypeScript 6.0 and later they clash with its own', () => {
  for (const { default: built } of Object.values(packageJson.exports)) {
    const source = built.replace('./dist', 'src').replace(/\.js$/, '.ts');
    expect(read(source), source).not.toContain('@webgpu/types');
  }
});
