import { centerDigit, type ImageShape } from '../../src/index.ts';
import { byId, make } from './dom.ts';
import { percent, size } from './format.ts';
import { paintInk } from './pixels.ts';

/** The form of MNIST's images, which drawings are brought into. */
const FIELD: ImageShape = { height: 28, width: 28 };

/** Width of the pen on the pad of 280 pixels; it becomes about two pixels of the network's 28. */
const PEN = 20;

/** How often a drawing is looked at while it is drawn. */
const LOOK_MILLISECONDS = 40;

/** What the network is, as far as drawing goes. */
export type Knowledge =
  | { readonly kind: 'nothing' }
  /** There was one, but its device was lost. */
  | { readonly kind: 'gone' }
  /** It was trained a little at least. */
  | { readonly kind: 'trained'; readonly image: ImageShape | null; readonly classes: number };

/** The pad to draw on, what the network sees, and what it makes of it. */
export function drawPanel(predict: (pixels: Uint8Array) => void) {
  const pad = byId('draw-canvas', HTMLCanvasElement);
  const seen = byId('seen-canvas', HTMLCanvasElement);
  const verdict = byId('verdict', HTMLElement);
  const bars = byId('probabilities', HTMLOListElement);
  const context = pad.getContext('2d', { willReadFrequently: true });
  let knowledge: Knowledge = { kind: 'nothing' };
  let pixels = new Uint8Array(FIELD.height * FIELD.width);
  let drawn = false;
  let last: { readonly x: number; readonly y: number } | undefined;
  let looking: ReturnType<typeof setTimeout> | undefined;
  /** One question at a time; the last drawing is asked about when the answer is there. */
  let asked = false;
  let stale = false;

  if (context) {
    context.lineWidth = PEN;
    context.lineCap = 'round';
    context.lineJoin = 'round';
  }

  function buildBars(classes: number): void {
    if (bars.children.length === classes) return;
    bars.replaceChildren(
      ...Array.from({ length: classes }, (_, label) =>
        make(
          'li',
          { 'data-class': String(label), 'data-probability': '0' },
          make('span', { class: 'digit' }, String(label)),
          make('span', { class: 'bar' }, make('span')),
          make('span', { class: 'percent' }, '–'),
        ),
      ),
    );
  }

  function showBars(probabilities: ArrayLike<number>): void {
    const known = probabilities.length > 0;
    const best = known ? Math.max(...Array.from(probabilities)) : 1;
    for (const [label, item] of [...bars.children].entries()) {
      const probability = probabilities[label] ?? 0;
      const [, bar, text] = item.children;
      item.setAttribute('data-probability', String(probability));
      item.classList.toggle('best', known && probability === best);
      if (bar?.firstElementChild instanceof HTMLElement) {
        bar.firstElementChild.style.width = `${100 * probability}%`;
      }
      if (text) text.textContent = known ? percent(probability, 1) : '–';
    }
  }

  /** What stands in the way of an answer; empty for nothing. */
  function obstacle(): string {
    if (knowledge.kind === 'nothing') return 'The network knows nothing yet. Train it, then draw.';
    if (knowledge.kind === 'gone') return 'The network went with its device. Start again to have it back.';
    const { image } = knowledge;
    if (image?.height !== FIELD.height || image.width !== FIELD.width) {
      const wanted = image ? `${size(image)} pixels` : 'an unknown size';
      return `Drawing needs a network for images of ${size(FIELD)} pixels; this one takes ${wanted}.`;
    }
    return drawn ? '' : 'Draw a digit, and see what the network takes it for.';
  }

  function ask(): void {
    const why = obstacle();
    if (why !== '') {
      verdict.textContent = why;
      showBars([]);
      return;
    }
    stale = asked;
    if (asked) return;
    asked = true;
    predict(pixels);
  }

  function look(): void {
    looking = undefined;
    const image = context?.getImageData(0, 0, pad.width, pad.height).data ?? new Uint8ClampedArray();
    const ink = Uint8Array.from({ length: image.length / 4 }, (_, i) => image[4 * i + 3] ?? 0);
    pixels = centerDigit(ink, pad.width, pad.height) as Uint8Array<ArrayBuffer>;
    paintInk(seen, pixels, FIELD);
    ask();
  }

  function lookSoon(): void {
    if (looking === undefined) looking = setTimeout(look, LOOK_MILLISECONDS);
  }

  function placeOf({ clientX, clientY }: PointerEvent) {
    const box = pad.getBoundingClientRect();
    return {
      x: ((clientX - box.left) * pad.width) / box.width,
      y: ((clientY - box.top) * pad.height) / box.height,
    };
  }

  function lineTo(event: PointerEvent): void {
    const to = placeOf(event);
    const from = last ?? to;
    last = to;
    context?.beginPath();
    context?.moveTo(from.x, from.y);
    context?.lineTo(to.x, to.y);
    context?.stroke();
  }

  pad.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    last = undefined;
    drawn = true;
    byId('invitation', HTMLElement).hidden = true;
    lineTo(event);
    lookSoon();
  });
  pad.addEventListener('pointermove', (event) => {
    if (!last || !pad.hasPointerCapture(event.pointerId)) return;
    // The browser gathers moves between two frames; a fast stroke would have corners without them.
    const moves = event.getCoalescedEvents();
    for (const move of moves.length > 0 ? moves : [event]) lineTo(move);
    lookSoon();
  });
  for (const type of ['pointerup', 'pointercancel'] as const) {
    pad.addEventListener(type, () => {
      last = undefined;
    });
  }
  byId('clear', HTMLButtonElement).addEventListener('click', () => {
    context?.clearRect(0, 0, pad.width, pad.height);
    drawn = false;
    byId('invitation', HTMLElement).hidden = false;
    look();
  });
  buildBars(10);
  look();

  return {
    /** The network is another one, or has learned more. */
    know(now: Knowledge): void {
      knowledge = now;
      if (now.kind === 'trained') buildBars(now.classes);
      ask();
    },
    /** @param probabilities empty where there was no network to ask */
    answer(probabilities: Float32Array): void {
      asked = false;
      if (obstacle() === '' && probabilities.length > 0) {
        showBars(probabilities);
        const best = probabilities.reduce((b, p, i) => (p > (probabilities[b] ?? 0) ? i : b), 0);
        verdict.textContent = `It takes this for a ${best} (${percent(probabilities[best] ?? 0, 1)}).`;
      }
      if (stale) ask();
    },
    /** The worker is a new one, which owes no answer. */
    forget(): void {
      asked = false;
      stale = false;
    },
  };
}
