import { expect, test } from 'vitest';
import { noAdapter } from '../../src/node/install-steps.ts';
import { type Machine, troublesOf } from '../../src/node/troubles.ts';

const machine = (changes: Partial<Machine>): Machine => ({
  environment: {},
  hasLoader: true,
  drivers: ['libvulkan_radeon.so'],
  exists: () => false,
  list: () => [],
  isOpen: () => true,
  ...changes,
});

const has = (...paths: string[]) => ({ exists: (path: string) => paths.includes(path) });

test('a machine in order has no troubles', () => {
  expect(troublesOf(machine({ list: () => ['card0', 'renderD128'] }))).toEqual([]);
});

test('a missing Vulkan loader is to be installed', () => {
  expect(troublesOf(machine({ hasLoader: false }))).toEqual([
    {
      what: 'There is no Vulkan loader (libvulkan.so.1).',
      remedy: expect.stringContaining('apt install libvulkan1'),
    },
  ]);
});

test.each(['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'])(
  '%s that leads nowhere is named; one of its files is enough',
  (variable) => {
    const environment = { [variable]: '/none.json:/nor/this.json' };
    expect(troublesOf(machine({ environment }))).toEqual([
      {
        what: `${variable} is set, and hides all other drivers, but there is no /none.json and no /nor/this.json.`,
        remedy: `Unset ${variable}, or set it to the manifest of a driver that is there.`,
      },
    ]);
    expect(troublesOf(machine({ environment, ...has('/nor/this.json') }))).toEqual([]);
    expect(troublesOf(machine({ environment: { [variable]: '' } }))).toEqual([]);
  },
);

test.each([
  [
    'by its variables',
    { NVIDIA_DRIVER_CAPABILITIES: 'compute,utility' },
    ['/dev/nvidiactl'],
    /is "compute,utility"\), which/,
  ],
  [
    'by its variables',
    { NVIDIA_VISIBLE_DEVICES: 'all' },
    ['/dev/nvidiactl'],
    /without its graphics capability, which/,
  ],
  ['by its file', {}, ['/dev/nvidiactl', '/.dockerenv'], /This container has an NVIDIA card/],
])(
  "a container's NVIDIA card without the graphics capability is told, known %s",
  (_, environment, paths, what) => {
    expect(troublesOf(machine({ environment, ...has(...paths) }))).toEqual([
      {
        what: expect.stringMatching(what),
        remedy: expect.stringContaining('NVIDIA_DRIVER_CAPABILITIES=all'),
      },
    ]);
  },
);

test("an NVIDIA card without the Vulkan part of its driver needs that driver's package", () => {
  expect(troublesOf(machine(has('/dev/nvidiactl')))).toEqual([
    {
      what: expect.stringContaining('not the Vulkan part'),
      remedy: expect.stringContaining('nvidia-vulkan-icd'),
    },
  ]);
});

test('an NVIDIA card with its driver is in order', () => {
  expect(troublesOf(machine({ drivers: ['libGLX_nvidia.so.0'], ...has('/dev/nvidiactl') }))).toEqual([]);
});

test('a card that the user may not use is told by its file, and what to do', () => {
  const changes = {
    list: () => ['card0', 'renderD128', 'renderD129'],
    isOpen: (path: string) => path.endsWith('8'),
  };
  expect(troublesOf(machine(changes))).toEqual([
    {
      what: 'This user has no permission on /dev/dri/renderD129.',
      remedy: expect.stringContaining('usermod -aG render'),
    },
  ]);
});

test('what has been told already is not told again, and a trouble without a remedy leaves no blank', async () => {
  const known = [
    { what: 'A driver is broken.', remedy: '' },
    { what: 'So is another.', remedy: 'Mend it.' },
  ];
  const { message, nextStep } = await noAdapter('hardware', known);
  expect(message).toMatch(/^No hardware WebGPU adapter was found on this machine \([\w-]+\)\.$/);
  expect(nextStep).toMatch(/^Mend it\. \S/);
});
