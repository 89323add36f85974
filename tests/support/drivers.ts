import { swiftShader } from '../../src/node/swiftshader.ts';

/**
 * Vitest's global set-up: leaves the Vulkan loader SwiftShader alone, where npm brought it, in this process and all that it
 * starts. So tests do not depend on the machine's own drivers, unless SHADEGRAD_TEST_ADAPTER asks for one of them.
 */
export default async function keepToSwiftShader(): Promise<void> {
  if (process.env.SHADEGRAD_TEST_ADAPTER !== undefined) return;
  const bundled = await swiftShader();
  if (!bundled) return;
  Object.assign(process.env, { VK_DRIVER_FILES: bundled.manifest, VK_ICD_FILENAMES: bundled.manifest });
  delete process.env.VK_ADD_DRIVER_FILES;
}
