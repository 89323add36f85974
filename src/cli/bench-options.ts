import { Option } from 'commander';
import { PLAN_NAMES, type PlanName, type Toggles } from '../node.ts';
import { listOf, options, parseHidden, parseText, refuse, wholeNumber } from './options.ts';

/** Options that only `bench` has, beside those of every command. */
export const benchOptions = {
  ...options,
  samples: (meaning: string, value: number) =>
    new Option('--samples <count>', meaning).argParser(wholeNumber(1, 1000)).default(value),
  only: () =>
    new Option(
      '--only <names>',
      'kernels, separated by commas, each alone or with a size, e.g. dense,matmul/1024^3',
    ).argParser(listOf(parseText)),
  sweep: () => new Option('--sweep', 'run each kernel in workgroups of other sizes too, where it can'),
  batchSizes: () =>
    new Option('--batch-sizes <counts>', 'samples to a step, separated by commas')
      .argParser(listOf(wholeNumber(1, 1_000_000)))
      .default([32], '32'),
  networks: () =>
    new Option(
      '--hidden <widths>',
      'width of each hidden layer, e.g. 128,64, or "none"; give it again for another network (default: 100)',
    ).argParser((text, networks: number[][] = []) => [...networks, parseHidden(text)]),
  plans: () =>
    new Option(
      '--plans <names>',
      `of ${PLAN_NAMES.join(', ')}, separated by commas (default: those that train chooses from)`,
    ).argParser(listOf(parsePlan)),
  models: () =>
    new Option('--models <counts>', 'networks trained side by side, separated by commas')
      .argParser(listOf(wholeNumber(1, 65_535)))
      .default([1], '1'),
  few: () => new Option('--few', 'measure 8 shapes instead of 24'),
  seconds: () =>
    new Option('--seconds <count>', "for each shape's rounds").argParser(wholeNumber(1, 1000)).default(8),
  toggle: () =>
    new Option(
      '--toggle <name>',
      "set a toggle of Dawn's, to measure what it is worth; NAME=off turns one off; can be repeated",
    )
      .argParser(parseToggle)
      .default({}, 'none'),
  csv: () => new Option('--csv', 'print the figures as CSV on stdout, and nothing else').conflicts('json'),
  page: () => new Option('--out <file>', 'write the page there').argParser(parseText).makeOptionMandatory(),
  svg: (picture: string) => new Option('--svg <file>', `draw ${picture} there`).argParser(parseText),
};

function parsePlan(text: string): PlanName {
  return PLAN_NAMES.find((name) => name === text) ?? refuse(PLAN_NAMES.join(' or '));
}

function parseToggle(text: string, toggles: Toggles = {}): Toggles {
  const [, name, state = 'on'] = /^(\w+)(?:=(on|off))?$/.exec(text) ?? [];
  if (name === undefined) return refuse('NAME, NAME=on or NAME=off');
  return { ...toggles, [name]: state === 'on' };
}
