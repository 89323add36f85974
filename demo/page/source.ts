import { type Dispatch, sourceFilesOf } from '../../src/index.ts';
import { make } from './dom.ts';
import { highlighted } from './highlight.ts';

/** Addresses of the shaders as people write them: those that run are shipped without their comments. */
const FILES = import.meta.glob<string>('../../shaders/**/*.wgsl', {
  query: '?url&no-inline',
  import: 'default',
  eager: true,
});

/**
 * The files of a dispatch's shader: its parts, folded, then its own.
 * @throws TypeError or Error where one of them cannot be fetched
 */
export async function sourceOf(dispatch: Dispatch): Promise<readonly HTMLElement[]> {
  const files = sourceFilesOf(dispatch);
  const codes = await Promise.all(files.map(fetchFile));
  const own = files.length - 1;
  return [make('h3', {}, 'Shader'), ...files.map((file, i) => fileOf(file, codes[i] ?? '', i === own))];
}

async function fetchFile(file: string): Promise<string> {
  const response = await fetch(FILES[`../../shaders/${file}`] ?? file);
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  return response.text();
}

function fileOf(file: string, code: string, isOpen: boolean): HTMLElement {
  const lines = code.trimEnd().split('\n').length;
  const name = `shaders/${file}`;
  const details = make(
    'details',
    { class: 'file' },
    make('summary', {}, make('code', {}, name), make('span', { class: 'lines' }, ` ${lines} lines`)),
    make(
      'pre',
      { class: 'code', tabindex: '0', role: 'group', 'aria-label': name },
      make('code', {}, ...highlighted(code.trimEnd())),
    ),
  );
  details.open = isOpen;
  return details;
}
