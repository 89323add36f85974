const entry = new URL('../../../dist/node.js', import.meta.url);

/** @returns {Promise<typeof import('../../../src/node.ts')>} */
async function load() {
  try {
    return await import(entry.href);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    if (missing)
      throw new Error('Shadegrad is not built. Run "npm ci" in the repository\'s root.', { cause: error });
    throw error;
  }
}

/** Shadegrad as its users run it: this repository's build. */
export const shadegrad = await load();
