import type { Step } from '../../src/train/step.ts';

/** A step that trains nothing, to be spread over. */
export const NO_STEP: Step = { offset: 0, count: 0, index: 0, t: 0, stepSize: 0, rootCorrection: 0 };
