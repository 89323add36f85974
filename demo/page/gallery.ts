import type { ImageShape } from '../../src/index.ts';
import type { Judged } from '../protocol.ts';
import { make, say } from './dom.ts';
import { count } from './format.ts';
import { thumbnails } from './thumbnails.ts';

/** Images on a page: six, four or three in a row. */
const PAGE = 12;

/** Images that the gallery can show, and what is said of them. */
export interface GalleryImages {
  readonly title: string;
  /** Said above the images, or in their place where there are none. */
  readonly summary: string;
  readonly images: readonly Judged[];
  readonly shape: ImageShape;
  /** What the classes are called: [classes]. */
  readonly names: readonly string[];
}

type Source = 'mistakes' | 'cell';

/**
 * Test images in pages of one height, so that the page does not grow with them: the worst mistakes, or those of a cell of the
 * confusion matrix once one was chosen.
 *
 * @param empty what stands there before there are any
 */
export function createGallery(empty: string) {
  const title = make('span');
  const summary = make('p', { class: 'caption', id: 'gallery-summary', 'aria-live': 'polite' });
  const list = make('ul', {
    class: 'thumbnails',
    id: 'gallery-images',
    tabindex: '-1',
    'aria-labelledby': 'mistakes-title',
  });
  const place = make('span', { id: 'gallery-place', 'aria-live': 'polite' });
  const [previous, next] = [
    make('button', { type: 'button', 'aria-label': 'Previous images' }, 'Previous'),
    make('button', { type: 'button', 'aria-label': 'Next images' }, 'Next'),
  ];
  const pages = make(
    'div',
    { class: 'pages', role: 'group', 'aria-label': 'Pages of images' },
    previous,
    place,
    next,
  );
  const [mistakesChoice, cellChoice] = [radio('mistakes'), radio('cell')];
  const cellName = make('span');
  const choice = make(
    'fieldset',
    { class: 'options', id: 'gallery-choice' },
    make('legend', { class: 'unseen' }, 'Which test images to show'),
    make('label', {}, mistakesChoice, ' Worst mistakes'),
    make('label', {}, cellChoice, ' ', cellName),
  );
  const element = make(
    'section',
    { class: 'panel gallery', 'aria-labelledby': 'mistakes-title' },
    make('h2', { id: 'mistakes-title' }, title, make('span', { class: 'whose' })),
    choice,
    summary,
    list,
    pages,
  );
  let shown: Partial<Record<Source, GalleryImages>> = {};
  let source: Source = 'mistakes';
  let page = 0;

  /** The last page there is. */
  const lastPage = (): number => Math.max(0, Math.ceil((shown[source]?.images.length ?? 0) / PAGE) - 1);

  function draw(): void {
    const now = shown[source];
    const images = now?.images ?? [];
    page = Math.min(page, lastPage());
    title.textContent = now?.title ?? 'Worst mistakes';
    summary.className = images.length > 0 ? 'caption' : 'empty';
    say(summary, now ? now.summary : empty);
    const onPage = images.slice(page * PAGE, (page + 1) * PAGE);
    list.hidden = onPage.length === 0;
    if (now) list.replaceChildren(...thumbnails(onPage, now.shape, now.names));
    place.textContent = `${page * PAGE + 1} to ${page * PAGE + onPage.length} of ${count(images.length)}`;
    pages.hidden = onPage.length === 0;
    const focused = pages.contains(document.activeElement);
    for (const [button, stands] of [
      [previous, page === 0],
      [next, page === lastPage()],
    ] as const) {
      // Not `disabled`: a button that has the focus would lose it.
      button.setAttribute('aria-disabled', String(stands));
      button.classList.toggle('alone', lastPage() === 0);
    }
    if (focused && lastPage() === 0) list.focus();
    choice.hidden = !shown.cell;
    cellName.textContent = shown.cell?.title ?? '';
    mistakesChoice.checked = source === 'mistakes';
    cellChoice.checked = source === 'cell';
  }

  function turn(pagesOn: number): void {
    const to = Math.min(Math.max(page + pagesOn, 0), lastPage());
    if (to === page) return;
    page = to;
    draw();
  }

  function select(now: Source): void {
    source = now;
    page = 0;
    draw();
  }

  previous.addEventListener('click', () => turn(-1));
  next.addEventListener('click', () => turn(1));
  pages.addEventListener('keydown', (event) => {
    const by = {
      ArrowLeft: -1,
      ArrowRight: 1,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    turn(by);
  });
  mistakesChoice.addEventListener('change', () => select('mistakes'));
  cellChoice.addEventListener('change', () => select('cell'));
  draw();

  return {
    element,
    clear(): void {
      shown = {};
      select('mistakes');
    },
    /** Shows them, unless a cell's are on show. */
    showMistakes(mistakes: GalleryImages): void {
      shown = { ...shown, mistakes };
      draw();
    },
    /**
     * Shows a cell's images.
     * @param chosen whether the cell was just chosen; else it is the same one, after another epoch
     */
    showCell(cell: GalleryImages, chosen: boolean): void {
      shown = { ...shown, cell };
      if (!chosen) {
        draw();
        return;
      }
      select('cell');
      element.scrollIntoView({ block: 'nearest' });
    },
  };
}

function radio(value: Source): HTMLInputElement {
  return make('input', { type: 'radio', name: 'gallery', value });
}
