import type { Explanation, WeightImages } from '../protocol.ts';
import { magnify, paintDiverging } from './diverging.ts';
import { byId, make, write } from './dom.ts';
import { loudest, signed } from './evidence-text.ts';
import { percent } from './format.ts';

/** Room for the longer side of a tile's image, in pixels, and that of a class's template. It is twice its size at least. */
const ROOM = 56;
const TEMPLATE_ROOM = 84;
/** Rows that are shown until more are asked for, and the fewest and the most tiles. */
const ROWS = 4;
const FEWEST = 12;
const MOST = 256;
/** Time from a change of the drawing until the tiles are in their new order: it would flicker while one draws. */
const SORT_MILLISECONDS = 250;

interface Tile {
  readonly button: HTMLButtonElement;
  readonly canvas: HTMLCanvasElement;
  /** Before its name and behind what it says, for those who do not see the tile. */
  readonly kind: HTMLElement;
  readonly name: HTMLElement;
  readonly says: HTMLElement;
  readonly more: HTMLElement;
  /** Whether its image is of other weights or other colours. */
  stale: boolean;
}

/**
 * The first layer's units as tiles: buttons of which one is in the tab order, and arrow keys move from it. Tiles stay where
 * they are while somebody points at them or goes through them by keyboard.
 */
export function unitTiles(onChoose: (unit: number) => void) {
  const grid = byId('unit-grid', HTMLElement);
  const order = byId('unit-order', HTMLSelectElement);
  const all = byId('unit-all', HTMLButtonElement);
  let tiles: Tile[] = [];
  let weights: WeightImages | undefined;
  let explanation: Explanation | undefined;
  let chosen: number | undefined;
  let expanded = false;
  /** Units in the order of their tiles. */
  let placed: readonly number[] = [];
  let sorting: ReturnType<typeof setTimeout> | undefined;
  let pointed = false;

  function wanted(): number[] {
    const units = Array.from({ length: weights?.shown ?? 0 }, (_, unit) => unit);
    const said = explanation?.units?.contributions;
    if (said && order.value === 'verdict') {
      const loudness = (unit: number) => Math.abs(said[unit] ?? 0);
      units.sort((a, b) => loudness(b) - loudness(a));
    }
    return units.slice(0, expanded ? MOST : room());
  }

  /** How many tiles fit into the rows that are shown. */
  function room(): number {
    if (!weights || weights.hiddenLayers === 0) return weights?.shown ?? 0;
    const first = tiles[placed[0] ?? 0];
    const gap = Number.parseFloat(getComputedStyle(grid).columnGap) || 0;
    const columns = first ? Math.floor((grid.clientWidth + gap) / (first.button.offsetWidth + gap)) : 1;
    return Math.max(FEWEST, ROWS * Math.max(1, columns));
  }

  /** Puts the tiles into their places, unless somebody points at them or goes through them by keyboard. */
  function place(): void {
    clearTimeout(sorting);
    sorting = undefined;
    label();
    if (pointed || grid.querySelector(':focus-visible')) return;
    const units = wanted();
    if (units.length === placed.length && units.every((unit, i) => unit === placed[i])) return;
    placed = units;
    const focused = unitAt(document.activeElement);
    grid.replaceChildren(...units.map((unit) => tileOf(unit).button));
    rove(focused ?? chosen);
    if (focused !== undefined) tiles[focused]?.button.focus({ preventScroll: true });
    paint();
    light();
  }

  function placeSoon(): void {
    sorting ??= setTimeout(place, SORT_MILLISECONDS);
  }

  function tileOf(unit: number): Tile {
    const known = tiles[unit];
    if (known) return known;
    const canvas = make('canvas', { class: 'pixels', 'aria-hidden': 'true' });
    const kind = make('span', { class: 'unseen' });
    const name = make('span', { class: 'unit-name' });
    const says = make('span', { class: 'unit-says' });
    const more = make('span', { class: 'unseen' });
    const button = make(
      'button',
      {
        type: 'button',
        class: 'unit',
        'data-unit': String(unit),
        'aria-controls': 'unit-detail',
        tabindex: '-1',
      },
      canvas,
      make('span', { class: 'lamp' }, make('span')),
      make('span', { class: 'unit-text' }, kind, name, ' ', says, more),
    );
    const tile = { button, canvas, kind, name, says, more, stale: true };
    if (weights) measure(tile, weights);
    tiles[unit] = tile;
    return tile;
  }

  function measure({ canvas }: Tile, { shape, hiddenLayers }: WeightImages): void {
    magnify(canvas, shape, hiddenLayers === 0 ? TEMPLATE_ROOM : ROOM, 2);
  }

  function paint(): void {
    if (!weights) return;
    const { shape, values } = weights;
    const pixels = shape.height * shape.width;
    for (const unit of placed) {
      const tile = tileOf(unit);
      if (!tile.stale) continue;
      tile.stale = false;
      paintDiverging(tile.canvas, values.subarray(unit * pixels, (unit + 1) * pixels), shape);
    }
  }

  /** Shows what each unit says of the drawing. */
  function light(): void {
    if (!weights) return;
    const { hiddenLayers, classNames } = weights;
    const lit = litOf(explanation, hiddenLayers);
    for (const unit of placed) {
      const { button, kind, name, says, more } = tileOf(unit);
      const own = hiddenLayers === 0 ? (classNames[unit] ?? String(unit)) : String(unit + 1);
      const told = explanation && toldOf(explanation, unit, lit, classNames);
      write(name, own);
      write(says, told?.short ?? '');
      button.dataset.says = told?.manner ?? '';
      button.style.setProperty('--lit', told ? String(lit[unit] ?? 0) : '1');
      button.classList.toggle('drawn', told !== undefined);
      button.classList.toggle('template', hiddenLayers === 0);
      button.setAttribute('aria-expanded', String(unit === chosen));
      write(kind, hiddenLayers === 0 ? 'Template of ' : 'Unit ');
      write(more, told?.more ?? '');
    }
  }

  function rove(unit: number | undefined): void {
    const at = unit !== undefined && placed.includes(unit) ? unit : placed[0];
    for (const other of placed) tileOf(other).button.tabIndex = other === at ? 0 : -1;
  }

  function columns(): number {
    const top = tileOf(placed[0] ?? 0).button.offsetTop;
    const end = placed.findIndex((unit) => tileOf(unit).button.offsetTop > top);
    return end < 0 ? placed.length : end;
  }

  const unitAt = (target: EventTarget | null): number | undefined => {
    const button = target instanceof Element ? target.closest('button') : null;
    return button?.dataset.unit === undefined ? undefined : Number(button.dataset.unit);
  };

  grid.addEventListener('click', ({ target }) => {
    const unit = unitAt(target);
    if (unit === undefined) return;
    rove(unit);
    onChoose(unit);
  });
  grid.addEventListener('keydown', (event) => {
    const unit = unitAt(event.target);
    if (unit === undefined) return;
    const at = placed.indexOf(unit);
    const last = placed.length - 1;
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at - columns(),
      ArrowDown: at + columns(),
      Home: 0,
      End: last,
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const to = placed[move < 0 || move > last ? at : move];
    if (to === undefined) return;
    rove(to);
    tileOf(to).button.focus();
  });
  // A finger leaves no pointer behind that could be about to press.
  grid.addEventListener('pointerenter', ({ pointerType }) => {
    pointed = pointerType === 'mouse';
  });
  grid.addEventListener('pointerleave', () => {
    pointed = false;
    placeSoon();
  });
  grid.addEventListener('focusout', placeSoon);
  order.addEventListener('change', place);
  all.addEventListener('click', () => {
    expanded = !expanded;
    place();
  });
  new ResizeObserver(placeSoon).observe(grid);

  function label(): void {
    const rest = weights !== undefined && (expanded || weights.shown > room());
    all.hidden = !rest;
    const units = weights?.shown ?? 0;
    all.textContent = expanded ? 'Show fewer' : units > MOST ? `Show ${MOST}` : `Show all ${units}`;
    all.setAttribute('aria-expanded', String(expanded));
  }

  return {
    /** Shows these weights, of the network before or of another one. */
    show(now: WeightImages): void {
      const before = weights;
      weights = now;
      const other =
        before?.shown !== now.shown ||
        before.hiddenLayers !== now.hiddenLayers ||
        before.shape.height !== now.shape.height ||
        before.shape.width !== now.shape.width;
      if (other) {
        tiles = [];
        placed = [];
        expanded = false;
        pointed = false;
        grid.replaceChildren();
        // One tile is measured before it is known how many there is room for.
        if (now.shown > 0) grid.append(tileOf(0).button);
        byId('unit-order-line', HTMLElement).hidden = now.hiddenLayers === 0;
        const what = now.hiddenLayers === 0 ? 'Templates of the classes' : 'Units';
        grid.setAttribute('aria-label', `${what}; move with the arrow keys`);
        place();
      }
      for (const tile of tiles) if (tile) tile.stale = true;
      paint();
      light();
    },
    /** Lights the tiles by a drawing; undefined where there is none. */
    explain(now: Explanation | undefined): void {
      explanation = now;
      light();
      placeSoon();
    },
    /** Marks the tile of the unit that is looked at. */
    choose(unit: number | undefined): void {
      chosen = unit;
      light();
    },
    focus(unit: number): void {
      tiles[unit]?.button.focus();
    },
    repaint(): void {
      for (const tile of tiles) if (tile) tile.stale = true;
      paint();
    },
  };
}

/** How bright each unit is, 0 to 1: by its activation, or by the class's probability. */
function litOf(explanation: Explanation | undefined, hiddenLayers: number): Float32Array {
  if (!explanation) return new Float32Array();
  const { activations } = explanation;
  const most = activations.reduce((highest, value) => Math.max(highest, value), Number.NEGATIVE_INFINITY);
  if (hiddenLayers > 0) return activations.map((value) => (most > 0 ? value / most : 0));
  const odds = activations.map((logit) => Math.exp(logit - most));
  const sum = odds.reduce((total, value) => total + value, 0);
  return odds.map((value) => value / sum);
}

/** What a tile says of a unit at a drawing. */
function toldOf(
  { activations, units, label }: Explanation,
  unit: number,
  lit: Float32Array,
  classNames: readonly string[],
): { readonly short: string; readonly more: string; readonly manner: string } {
  const value = activations[unit] ?? 0;
  const name = classNames[label] ?? String(label);
  if (!units) {
    const share = percent(lit[unit] ?? 0, 0);
    return {
      short: share,
      more: `, ${signed(value)} before softmax`,
      manner: unit === label ? 'for' : 'silent',
    };
  }
  const { contributions } = units;
  const said = contributions[unit] ?? 0;
  if (value === 0) return { short: 'off', more: '', manner: 'silent' };
  const manner = said < 0 ? 'against' : 'for';
  return {
    short: signed(said, loudest(contributions) < 1 ? 2 : 1),
    more: `: speaks ${manner} ${name} by ${Math.abs(said).toFixed(2)}, active ${value.toFixed(2)}`,
    manner,
  };
}
