import { describe, expect, test } from 'vitest';
import { compile } from '../../src/gpu/pipeline.ts';
import { assembled } from '../../src/gpu/shaders.ts';
import { testDevice } from '../support/gpu.ts';
import { shader } from '../support/shader.ts';

describe('a shader that does not compile names the file and the line that is wrong', () => {
  const files = ['parts/lanes.wgsl', 'parts/layer.wgsl', 'parts/quad_sums.wgsl', 'dense_quads.wgsl'].map(
    shader,
  );

  test.each([
    ['in a part', 'parts/quad_sums.wgsl', '  s.y += standing[at].y * number;'],
    ['in the first part', 'parts/lanes.wgsl', '  return 4u * i + FOUR < vec4u(end);'],
    ['in a kernel, behind its enable line', 'dense_quads.wgsl', '    chunk += CHUNK;'],
    ['in a kernel, before it', 'dense_quads.wgsl', '// A dense layer for adapters whose'],
    ['the enable line itself', 'dense_quads.wgsl', 'enable subgroups;'],
  ])('%s', async (_, file, text) => {
    const wrong = text.startsWith('enable') ? 'enable nothing_like_it;' : '  let wrong = nothing;';
    const [kernel, ...parts] = files
      .map((own) => (own.file === file ? { file, code: broken(own.code, text, wrong) } : own))
      .reverse();
    if (!kernel) throw new Error('no kernel');
    const { code, place } = assembled(kernel, parts.reverse());
    const line =
      shader(file)
        .code.split('\n')
        .findIndex((own) => own.startsWith(text)) + 1;
    const message = expect.stringMatching(
      new RegExp(`\\n${file}:${line}:\\d+: [^]*\\n  ${wrong}\\n +\\^`.replaceAll('.wgsl', '\\.wgsl')),
    );
    const compiled = compile(await testDevice(), kernel.file, code, {}, {}, place);
    await expect(compiled).rejects.toMatchObject({ code: 'gpu', message });
  });
});

/** `code` in which the line that begins with `text` is `wrong`. */
function broken(code: string, text: string, wrong: string): string {
  const lines = code.split('\n');
  const at = lines.findIndex((line) => line.startsWith(text));
  if (at < 0) throw new Error(`no line "${text}"`);
  return lines.with(at, wrong).join('\n');
}
