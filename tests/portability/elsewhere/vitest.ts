// Stands for "vitest" where the tests run outside Node: Vitest's own runner and assertions, which need none of it.
import {
  ChaiStyleAssertions,
  chai,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
} from '@vitest/expect';
import { getCurrentTest } from '@vitest/runner';

export { afterAll, afterEach, beforeAll, beforeEach, describe, test } from '@vitest/runner';

for (const plugin of [JestExtend, JestChaiExpect, ChaiStyleAssertions, JestAsymmetricMatchers])
  chai.use(plugin);

export const { expect } = chai;

export const TestRunner = { getCurrentTest };
