import type { ImageShape } from '../../src/index.ts';
import type { Exciting, Explanation, UnitDetail, WeightImages } from '../protocol.ts';
import { magnify, paintDiverging, paintKey } from './diverging.ts';
import { byId, make, say } from './dom.ts';
import { loudest, signed } from './evidence-text.ts';
import { size } from './format.ts';
import { paintInk } from './pixels.ts';

/** Room for the longer side of a unit's weights, and of the images that excite it, in pixels. */
const ROOM = 196;
const IMAGE_ROOM = 56;

/** One unit of the first layer: its weights, what it says to each class, and what excites it. */
export function unitDetail(onClose: () => void) {
  const region = byId('unit-detail', HTMLElement);
  const canvas = byId('unit-weights', HTMLCanvasElement);
  const key = byId('unit-key', HTMLCanvasElement);
  const bars = byId('unit-outgoing', HTMLOListElement);
  const element = (id: string) => byId(id, HTMLElement);
  /** The classes that there are bars for. */
  let named = '';

  byId('unit-close', HTMLButtonElement).addEventListener('click', onClose);
  region.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    onClose();
  });

  function showBars(outgoing: Float32Array | null, classNames: readonly string[]): void {
    bars.hidden = outgoing === null;
    if (!outgoing) return;
    if (named !== classNames.join('\n')) {
      named = classNames.join('\n');
      bars.replaceChildren(
        ...classNames.map((name) =>
          make(
            'li',
            {},
            make('span', { class: 'name', title: name }, name),
            make('span', { class: 'signed-bar', 'aria-hidden': 'true' }, make('span')),
            make('span', { class: 'value' }),
          ),
        ),
      );
    }
    const most = loudest(outgoing) || 1;
    for (const [label, item] of [...bars.children].entries()) {
      const value = outgoing[label] ?? 0;
      const [, bar, text] = item.children;
      if (bar?.firstElementChild instanceof HTMLElement) {
        const { style, dataset } = bar.firstElementChild;
        const share = (50 * Math.abs(value)) / most;
        style.width = `${share}%`;
        style.marginLeft = `${value < 0 ? 50 - share : 50}%`;
        dataset.says = value < 0 ? 'against' : 'for';
      }
      if (text) text.textContent = signed(value);
    }
  }

  function showImages(list: HTMLElement, images: readonly Exciting[], shape: ImageShape): void {
    const items = [...list.children];
    for (const [i, { pixels, name, excitation }] of images.entries()) {
      const picture = make('canvas', { class: 'pixels', role: 'img', 'aria-label': `Test image of ${name}` });
      paintInk(picture, pixels, shape);
      magnify(picture, shape, IMAGE_ROOM);
      const text = make('p', {}, make('strong', { title: name }, name), ` ${signed(excitation, 1)}`);
      const item = items[i];
      if (item) item.replaceChildren(picture, text);
      else list.append(make('li', {}, picture, text));
    }
    for (const item of items.slice(images.length)) item.remove();
  }

  return {
    hide(): void {
      region.hidden = true;
    },
    /** Shows what the page knows by itself: what the unit looks for, and what it says of the drawing. */
    show(unit: number, weights: WeightImages, explanation: Explanation | undefined): void {
      const { shape, values, scale, hiddenLayers, classNames } = weights;
      const pixels = shape.height * shape.width;
      const flat = hiddenLayers === 0;
      region.hidden = false;
      element('unit-title').textContent = flat
        ? `Template of ${classNames[unit] ?? unit}`
        : `Unit ${unit + 1}`;
      element('unit-now').textContent = nowText(unit, explanation, classNames);
      magnify(canvas, shape, ROOM, 2);
      paintDiverging(canvas, values.subarray(unit * pixels, (unit + 1) * pixels), shape);
      canvas.setAttribute('aria-label', `Its ${size(shape)} weights`);
      paintKey(key);
      element('unit-least').textContent = signed(-scale);
      element('unit-most').textContent = signed(scale);
      element('unit-says').hidden = flat;
    },
    /** Shows what the worker knows of it. */
    tell({ outgoing, most, least }: UnitDetail, { shape, classNames, hiddenLayers }: WeightImages): void {
      showBars(outgoing, classNames);
      const through = hiddenLayers > 1 ? 'Through the later layers, for this drawing.' : '';
      say(
        element('unit-outgoing-note'),
        outgoing
          ? through
          : 'Draw first: what it says goes through later layers, and depends on the drawing.',
      );
      showImages(element('unit-exciting'), most, shape);
      showImages(element('unit-unmoving'), least, shape);
      element('unit-images').hidden = most.length === 0;
    },
  };
}

/** E.g. "For your drawing: 0.83 active; speaks for 8 by 1.25." */
function nowText(unit: number, explanation: Explanation | undefined, classNames: readonly string[]): string {
  if (!explanation) return 'Draw, and see what it says of the drawing.';
  const { activations, units, label } = explanation;
  const value = activations[unit] ?? 0;
  if (!units) return `For your drawing: ${signed(value)}, before softmax.`;
  if (value === 0) return 'For your drawing: off.';
  const said = units.contributions[unit] ?? 0;
  const side = said < 0 ? 'against' : 'for';
  return `For your drawing: ${value.toFixed(2)} active; speaks ${side} ${classNames[label] ?? label} by ${Math.abs(said).toFixed(2)}.`;
}
