import { expect, test } from 'vitest';
import { withoutECharts } from '../../src/report/echarts.ts';

const notFound = Object.assign(new Error("Cannot find package 'echarts'"), { code: 'ERR_MODULE_NOT_FOUND' });

test.each([
  ['not installed, in Node', notFound],
  ['not installed, in a bundle', new Error('Could not resolve "echarts/core" imported by "shadegrad".')],
  ['not installed, in a page', new TypeError('Failed to resolve module specifier "echarts/core"')],
])('ECharts that is %s, is to be installed', (_, cause) => {
  expect(withoutECharts(cause)).toMatchObject({ code: 'usage', cause });
  expect(withoutECharts(cause).nextStep).toMatch(/npm install/);
});

test('where the network is at fault, nobody is told to install it', () => {
  const cause = new TypeError('Failed to fetch dynamically imported module');
  expect(withoutECharts(cause)).toMatchObject({ code: 'io', cause });
  expect(withoutECharts(cause).nextStep).toMatch(/network.*load the page again/);
});
