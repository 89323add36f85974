import { cpus } from 'node:os';

/** The processor as reports name it. */
export function processorName() {
  return cpus()[0]?.model.trim() || 'unnamed processor';
}
