import {
  type ImageShape,
  type ImageTraits,
  type PreparedPicture,
  prepareStrokes,
  ShadegradError,
  type StrokePoint,
} from '../../src/index.ts';
import { fetchCode } from '../fetch-code.ts';
import type { NetworkSummary, Reply, Trouble } from '../protocol.ts';
import { byId, make } from './dom.ts';
import { keepFocus } from './focus.ts';
import { percent } from './format.ts';
import type { Decoded } from './picture.ts';
import { paintInk } from './pixels.ts';
import { votesRow } from './votes.ts';

/** Size of the images that drawings become while there is no network that determines it. */
const FIELD: ImageShape = { height: 28, width: 28 };

/** Width of the pen on the pad, which has 280 pixels. The network's input is drawn with another pen. */
const PEN = 20;

/** Moves shorter than this, in pixels of the pad, count as trembling of the hand, so that a tap leaves a dot. */
const TREMBLING = 1;

/** Time from a change of the drawing until the network looks at it, with all changes meanwhile. */
const LOOK_MILLISECONDS = 40;

/** Below this probability the answer names what the network hesitates between. */
const SURE = 0.6;

/** What the drawing pad knows about the networks. */
export interface Knowledge {
  /** Undefined until there are some to ask. */
  readonly network: NetworkSummary | undefined;
  /** How many there are. */
  readonly networks: number;
  /** Why nothing can be asked; empty where something can. */
  readonly why: string;
}

export interface DrawActions {
  readonly predict: (pixels: Uint8Array) => void;
  /** Called with the network's input for the drawing; null where nothing is drawn. */
  readonly changed: (pixels: Uint8Array | null) => void;
  /** Called with what is wrong with a picture; undefined where one is read. */
  readonly refused: (trouble: Trouble | undefined) => void;
}

interface ShownPicture extends Decoded {
  readonly name: string;
}

const SEEN_STROKES =
  'What the network sees: your strokes, fitted and drawn as thick as in its training images.';
const SEEN_PICTURE = 'What the network sees: your picture, made like its training images.';

/** The pad to draw on, the image that the network sees, and its answer. */
export function drawPanel({ predict, changed, refused }: DrawActions) {
  const pad = byId('draw-canvas', HTMLCanvasElement);
  const seen = byId('seen-canvas', HTMLCanvasElement);
  const reading = byId('reading', HTMLElement);
  const verdict = byId('verdict', HTMLElement);
  const clear = byId('clear', HTMLButtonElement);
  const bars = byId('probabilities', HTMLOListElement);
  const votes = votesRow();
  const context = pad.getContext('2d');
  let knowledge: Knowledge = { network: undefined, networks: 1, why: '' };
  let names: readonly string[] = [];
  let strokes: StrokePoint[][] = [];
  /** The picture on the pad, in place of strokes. */
  let shown: ShownPicture | undefined;
  /** Counts what was put on the pad: a picture that is decoded after something else came is not shown. */
  let turn = 0;
  let lastPrepared:
    | (PreparedPicture & { readonly of: ShownPicture; readonly shape: ImageShape; readonly traits: unknown })
    | undefined;
  /** The pointer that draws, and its current stroke; no stroke while it is outside the pad. */
  let pointer: number | undefined;
  let stroke: StrokePoint[] | undefined;
  /** The network's input for the strokes, and why its answer is doubtful; empty where nothing speaks against it. */
  let pixels: Uint8Array = new Uint8Array();
  let doubt = '';
  let looking: ReturnType<typeof setTimeout> | undefined;
  /** Whether an answer is awaited. There is one question at a time; then the drawing as it is by then is asked about. */
  let asked = false;
  let stale = false;

  if (context) {
    context.lineWidth = PEN;
    context.lineCap = 'round';
    context.lineJoin = 'round';
  }

  function buildBars(classNames: readonly string[]): void {
    if (names.length === classNames.length && names.every((name, label) => name === classNames[label]))
      return;
    names = classNames;
    bars.replaceChildren(
      ...names.map((name, label) =>
        make(
          'li',
          { 'data-class': String(label), 'data-probability': '0' },
          make('span', { class: 'name', title: name }, name),
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
      if (text) text.textContent = known ? chance(probability, '> ') : '–';
    }
  }

  function isEmpty(): boolean {
    return strokes.length === 0 && !shown;
  }

  /** Says why there can be no answer; empty where there can. */
  function obstacle(): string {
    if (knowledge.why !== '') return knowledge.why;
    if (!knowledge.network?.image) return 'The network does not say how high and wide its images are.';
    return isEmpty() ? 'Draw a digit, and see what the network takes it for.' : '';
  }

  function ask(): void {
    const why = obstacle();
    if (why !== '') {
      reading.textContent = '';
      verdict.textContent = why;
      showBars([]);
      votes.show([], names);
      return;
    }
    stale = asked;
    if (asked) return;
    asked = true;
    predict(pixels);
  }

  /** Pictures take a while, so each is prepared once for networks of one kind, and not after each epoch. */
  function preparedFrom(of: ShownPicture, shape: ImageShape, traits: ImageTraits | null): PreparedPicture {
    const isLast = lastPrepared?.of === of && lastPrepared.shape === shape && lastPrepared.traits === traits;
    const prepared = lastPrepared && isLast ? lastPrepared : of.prepare(shape, traits);
    lastPrepared = { ...prepared, of, shape, traits };
    return prepared;
  }

  function look(): void {
    looking = undefined;
    const { image = null, traits = null } = knowledge.network ?? {};
    const shape = image ?? FIELD;
    const prepared = shown ? preparedFrom(shown, shape, traits) : prepareStrokes(strokes, shape, traits);
    pixels = prepared.pixels;
    doubt = prepared.notices.map(({ text }) => ` ${text}`).join('');
    paintInk(seen, pixels, shape);
    changed(isEmpty() ? null : pixels);
    ask();
  }

  function lookSoon(): void {
    if (looking === undefined) looking = setTimeout(look, LOOK_MILLISECONDS);
  }

  function placeOf({ clientX, clientY }: PointerEvent): StrokePoint {
    const box = pad.getBoundingClientRect();
    return {
      x: ((clientX - box.left) * pad.width) / box.width,
      y: ((clientY - box.top) * pad.height) / box.height,
    };
  }

  /** Continues the stroke. It ends at the edge of the pad; back on the pad, another one begins. */
  function moveTo(event: PointerEvent): void {
    const { x, y } = placeOf(event);
    const to = { x: Math.min(pad.width, Math.max(0, x)), y: Math.min(pad.height, Math.max(0, y)) };
    const inside = to.x === x && to.y === y;
    const from = stroke?.at(-1);
    if (from ? Math.hypot(to.x - from.x, to.y - from.y) >= TREMBLING : inside) {
      if (!stroke) {
        stroke = [];
        strokes.push(stroke);
      }
      stroke.push(to);
      drawLine(from ?? to, to);
    }
    if (!inside) stroke = undefined;
  }

  function drawLine(from: StrokePoint, to: StrokePoint): void {
    context?.beginPath();
    context?.moveTo(from.x, from.y);
    context?.lineTo(to.x, to.y);
    context?.stroke();
  }

  /** Empties the pad. */
  function wipe(): void {
    turn++;
    context?.clearRect(0, 0, pad.width, pad.height);
    strokes = [];
    stroke = undefined;
    shown = undefined;
  }

  /** Shows what goes with a pad that is empty, drawn on, or has a picture. */
  function dress(): void {
    const isBlank = isEmpty() && pointer === undefined;
    byId('invitation', HTMLElement).hidden = !isBlank;
    clear.hidden = isBlank;
    pad.classList.toggle('picture', shown !== undefined);
    pad.setAttribute('aria-label', shown ? `The picture ${shown.name}` : 'Draw a digit here');
    byId('seen-what', HTMLElement).textContent = shown ? SEEN_PICTURE : SEEN_STROKES;
  }

  /** Puts a picture on the pad, as large as it fits. */
  function put(picture: ShownPicture): void {
    wipe();
    shown = picture;
    const { width, height } = picture.canvas;
    const scale = Math.min(pad.width / width, pad.height / height);
    if (context) {
      // The pixels of images as small as those of datasets are to be seen.
      context.imageSmoothingEnabled = scale < 2;
      context.imageSmoothingQuality = 'high';
      context.drawImage(
        picture.canvas,
        (pad.width - scale * width) / 2,
        (pad.height - scale * height) / 2,
        scale * width,
        scale * height,
      );
    }
    dress();
    look();
  }

  pad.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || pointer !== undefined) return;
    event.preventDefault();
    if (shown) wipe();
    turn++;
    pointer = event.pointerId;
    pad.setPointerCapture(pointer);
    dress();
    moveTo(event);
    lookSoon();
  });
  pad.addEventListener('pointermove', (event) => {
    if (event.pointerId !== pointer) return;
    // The browser merges the moves between two frames. Without each of them, a fast stroke would have corners.
    const moves = event.getCoalescedEvents();
    for (const move of moves.length > 0 ? moves : [event]) moveTo(move);
    lookSoon();
  });
  // This event comes however the pointer is lost: lifted, cancelled, or with the window.
  pad.addEventListener('lostpointercapture', (event) => {
    if (event.pointerId !== pointer) return;
    pointer = undefined;
    stroke = undefined;
  });
  clear.addEventListener('click', () =>
    keepFocus(() => {
      wipe();
      dress();
      look();
    }),
  );
  buildBars(Array.from({ length: 10 }, (_, label) => String(label)));
  look();

  return {
    /** To be called when there is another network, or it has learned more. */
    know(now: Knowledge): void {
      knowledge = now;
      if (now.network) buildBars(now.network.classNames);
      votes.build(now.network?.seeds ?? Array.from({ length: now.networks }, () => null));
      look();
    },
    answer({ probabilities, votes: given }: Extract<Reply, { kind: 'prediction' }>): void {
      asked = false;
      if (obstacle() === '' && probabilities.length > 0) {
        showBars(probabilities);
        const ranked = [...probabilities.keys()].sort(
          (a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0),
        );
        const [best = 0] = ranked;
        const counted = votes.show(given, names, best);
        reading.textContent = names[best] ?? '';
        reading.classList.toggle('long', reading.textContent.length > 2);
        verdict.textContent = `${answerText(ranked, probabilities, names)}${counted}${doubt}`;
      }
      if (stale) ask();
    },
    /** Reads a picture in place of what is on the pad, which stays where the file is no picture. */
    async read(file: File): Promise<void> {
      const mine = ++turn;
      const decoded = await decode(file);
      if (mine !== turn) return;
      const isPicture = 'canvas' in decoded;
      if (isPicture) put({ ...decoded, name: file.name });
      refused(isPicture ? undefined : decoded);
    },
    /** To be called for a new worker, from which no answer is awaited. */
    forget(): void {
      asked = false;
      stale = false;
    },
  };
}

/** @returns the picture, or why there is none */
async function decode(file: File): Promise<Decoded | Trouble> {
  try {
    const { decodePicture } = await fetchCode('Reading a picture', () => import('./picture.ts'));
    return await decodePicture(file);
  } catch (error) {
    if (error instanceof ShadegradError) return error;
    return {
      message: `The picture ${file.name} cannot be read: it is damaged, or of a format that this browser does not know.`,
      nextStep: 'Save it as PNG or JPEG. Nothing was changed.',
    };
  }
}

/**
 * E.g. "An 8, 99.3 % sure.", or where the network is not sure "A 4 (52.1 %) or a 9 (41.0 %)?".
 * @param ranked the classes, the most probable first: [classes]
 */
export function answerText(
  ranked: readonly number[],
  probabilities: ArrayLike<number>,
  names: readonly string[],
): string {
  const [best = 0, second] = ranked;
  const sure = probabilities[best] ?? 0;
  const first = withArticle(names[best] ?? '').replace(/^an? /, (article) => article.replace('a', 'A'));
  if (sure >= SURE || second === undefined) return `${first}, ${chance(sure)} sure.`;
  const other = withArticle(names[second] ?? '');
  return `${first} (${chance(sure)}) or ${other} (${chance(probabilities[second] ?? 0)})?`;
}

/** A network is never quite sure: rounding must not say so. */
function chance(probability: number, over = 'over '): string {
  return probability >= 0.9995 ? `${over}99.9 %` : percent(probability, 1);
}

/** Digits and letters are things of which there are many; other names stand for themselves. */
function withArticle(name: string): string {
  if (!/^[\dA-Za-z]$/.test(name)) return name;
  return `${/^[8AEFHILMNORSXaefhilmnorsx]$/.test(name) ? 'an' : 'a'} ${name}`;
}
