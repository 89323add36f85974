// Runs the tests of `npm run portability` in an engine that is not Node, and leaves their report in `globalThis.report`.
import type { File, Task, VitestRunner } from '@vitest/runner';
import { startTests } from '@vitest/runner';
import { PLAN_NAMES, planLacks } from '../../../src/train/plans/index.ts';
import { testDevice } from '../../support/gpu.ts';

/** A report as Vitest's JSON reporter makes it, as far as `tools/portability/` reads it. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly duration: number | undefined;
      readonly failureMessages: readonly string[];
      readonly meta: object;
    }[];
  }[];
}

const files: Record<string, () => Promise<unknown>> = import.meta.glob([
  '../../gpu/kernels*.test.ts',
  // They replace modules, which only Vitest can.
  '!../../gpu/kernels-matrix*.test.ts',
  '!../../gpu/kernels-*-emulated.test.ts',
  '../*.test.ts',
]);

const runner: VitestRunner = {
  config: {
    root: '/',
    setupFiles: [],
    name: undefined,
    passWithNoTests: false,
    testNamePattern: undefined,
    allowOnly: false,
    sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
    chaiConfig: undefined,
    maxConcurrency: 1,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: false,
  },
  importFile: (path) => files[path]?.(),
  onBeforeRunTask: (test) => console.log(fullName(test)),
  onAfterRunTask: ({ name, result }) => console.log(result?.state, `${result?.duration?.toFixed()} ms`, name),
};

/** `kernels-quads*.test.ts` have the kernels of the plan `layered-quads`: they need what that needs. */
function runsOn(device: GPUDevice, path: string): boolean {
  const plan = PLAN_NAMES.find((name) =>
    new RegExp(`/kernels-${name.replace('layered-', '')}[.-]`).test(path),
  );
  return plan === undefined || planLacks(plan, device) === undefined;
}

function testsOf(task: Task | File): Task[] {
  return 'tasks' in task ? task.tasks.flatMap(testsOf) : [task];
}

function fullName({ name, suite }: Task): string {
  return suite?.name ? `${fullName(suite)} ${name}` : name;
}

async function run(): Promise<Report> {
  const device = await testDevice();
  const paths = Object.keys(files).filter((path) => runsOn(device, path));
  const finished: File[] = [];
  for (const path of paths) finished.push(...(await startTests([path], runner)));
  return {
    testResults: finished.map((file) => ({
      name: file.filepath,
      message: file.result?.errors?.[0]?.message ?? '',
      assertionResults: testsOf(file).map((test) => ({
        fullName: fullName(test),
        status: test.result?.state === 'pass' ? 'passed' : 'failed',
        duration: test.result?.duration,
        failureMessages: (test.result?.errors ?? []).map(({ stack, message }) => stack ?? message),
        meta: test.meta,
      })),
    })),
  };
}

Object.assign(globalThis, { report: await run() });
