import { testOnDawn } from './dawn.mjs';
import { debianSid } from './debian-sid.mjs';
import { testInDeno } from './deno.mjs';
import { testInFirefox } from './firefox.mjs';
import { LAVAPIPE, lavapipeVersions, unpackLavapipe } from './lavapipe.mjs';
import { NotRun } from './part.mjs';

const DAWN = 'Dawn, npm webgpu';

/**
 * What `npm run portability` tests, by name: implementations of WebGPU on drivers that need no GPU.
 *
 * @type {Readonly<Record<string, (setting: import('./part.mjs').Setting) => Promise<import('./part.mjs').Outcome>>>}
 */
export const PARTS = {
  /** What `npm test` runs on, for comparison. */
  swiftshader: async ({ project, log }) => {
    if (process.platform !== 'linux' || process.arch !== 'x64') throw new NotRun('needs Linux on x64');
    const { version, report } = await testOnDawn({ project, log, environment: {} });
    const driver = /driver ([\d.]+)/.exec(adapterOf(report, 'SwiftShader'))?.[1] ?? '';
    return {
      implementation: `${DAWN} ${version}`,
      driver: `SwiftShader ${driver}`,
      compiler: 'Tint, Reactor',
      report,
    };
  },

  'lavapipe-25': async ({ folder, project, log }) => {
    const { environment, mesa, compiler } = await unpackLavapipe({ folder, log });
    const on = { ...environment, SHADEGRAD_TEST_ADAPTER: LAVAPIPE };
    const { version, report } = await testOnDawn({ project, log, environment: on });
    return {
      implementation: `${DAWN} ${version}`,
      driver: `lavapipe, ${mesa}`,
      compiler: `Tint, ${llvmOf(report, mesa) ?? compiler}`,
      report,
    };
  },

  /** Has matrix units. */
  'lavapipe-26': async (setting) => {
    const { project, log } = setting;
    const sid = await debianSid(setting);
    const environment = { SHADEGRAD_TEST_ADAPTER: LAVAPIPE };
    const { version, report } = await testOnDawn({ project, log, environment, enter: sid.command });
    const { mesa, compiler } = await lavapipeVersions(sid.folder);
    return {
      implementation: `${DAWN} ${version}`,
      driver: `lavapipe, ${mesa}`,
      compiler: `Tint, ${llvmOf(report, mesa) ?? compiler}`,
      report,
    };
  },

  deno: async ({ folder, log, origin }) => {
    const { environment, mesa, compiler } = await unpackLavapipe({ folder, log });
    const { version, report } = await testInDeno({ folder, log, origin, environment });
    return {
      implementation: `wgpu, Deno ${version}`,
      driver: `lavapipe, ${mesa}`,
      compiler: `naga, ${llvmOf(report, LAVAPIPE) ?? compiler}`,
      report,
    };
  },

  firefox: async (setting) => {
    const sid = await debianSid(setting);
    const { mesa, compiler } = await lavapipeVersions(sid.folder);
    const { version, report, page } = await testInFirefox({ ...setting, sid });
    return {
      implementation: `wgpu, Firefox ${version}`,
      driver: `lavapipe, ${mesa}`,
      compiler: `naga, ${compiler}`,
      report,
      page,
    };
  },
};

/** As the adapter names it; Firefox's does not. @param {import('./part.mjs').Report} report @param {string} driver */
function llvmOf(report, driver) {
  return /LLVM [\d.]+/.exec(adapterOf(report, driver))?.[0];
}

/**
 * @param {import('./part.mjs').Report} report
 * @param {string} driver what the adapter's description has to hold
 * @returns {string} the description, '' where the test that notes it failed
 * @throws {Error} where the tests ran on another driver
 */
function adapterOf({ testResults }, driver) {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const description = tests.find(({ meta }) => meta.adapter)?.meta.adapter?.description ?? '';
  if (description !== '' && !description.includes(driver)) {
    throw new Error(`the tests ran on "${description}" instead of ${driver}`);
  }
  return description;
}
