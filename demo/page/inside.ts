import type { Explanation, Reply, Request, WeightImages } from '../protocol.ts';
import { byId } from './dom.ts';
import { evidencePicture } from './evidence.ts';
import { unitsOfText } from './evidence-text.ts';
import { keepFocus } from './focus.ts';
import { size } from './format.ts';
import { onThemeChange } from './theme.ts';
import { unitDetail } from './unit-detail.ts';
import { unitTiles } from './unit-tiles.ts';

/** The network itself: its units, what they say of the drawing, and one of them large. */
export function insidePanel({ send }: { readonly send: (request: Request) => void }) {
  const picture = evidencePicture();
  const tiles = unitTiles(choose);
  const detail = unitDetail(() =>
    keepFocus(() => {
      const left = chosen;
      choose(undefined);
      if (left !== undefined) tiles.focus(left);
    }),
  );
  let weights: WeightImages | undefined;
  let drawing: Uint8Array | null = null;
  let explanation: Explanation | undefined;
  let chosen: number | undefined;
  /** Whether an explanation is awaited. There is one question at a time; then it is asked about the drawing as it is by then. */
  let asked = false;
  let changed = false;
  /** The last question about a unit, the last answer, and whether there is more to know since that question. */
  let question = 0;
  let answered = 0;
  let outdated = false;

  /** The drawing, where it has the size of the network's images. */
  function fitting(): Uint8Array | null {
    return weights && drawing?.length === weights.shape.height * weights.shape.width ? drawing : null;
  }

  function ask(): void {
    const pixels = fitting();
    changed = asked && pixels !== null;
    if (pixels && !asked) {
      asked = true;
      send({ kind: 'evidence', pixels });
    }
    if (!pixels) explain(undefined);
  }

  function study(): void {
    if (chosen === undefined) return;
    outdated = false;
    send({ kind: 'unit', id: ++question, unit: chosen, pixels: fitting() });
  }

  /** Asks again about a unit of which the page knows something already. */
  function studyAgain(): void {
    if (question === answered) study();
    else outdated = true;
  }

  function choose(unit: number | undefined): void {
    chosen = unit === chosen ? undefined : unit;
    tiles.choose(chosen);
    if (chosen === undefined || !weights) {
      detail.hide();
      return;
    }
    detail.show(chosen, weights, explanation);
    byId('unit-detail', HTMLElement).scrollIntoView({ block: 'nearest' });
    study();
  }

  function explain(now: Explanation | undefined): void {
    explanation = now;
    if (!weights || document.hidden) return;
    picture.show(explanation, weights);
    tiles.explain(explanation);
    if (chosen === undefined) return;
    detail.show(chosen, weights, explanation);
    if (weights.hiddenLayers > 1) studyAgain();
  }

  function draw(): void {
    if (!weights) return;
    tiles.show(weights);
    tiles.explain(explanation);
    picture.show(explanation, weights);
    if (chosen !== undefined) detail.show(chosen, weights, explanation);
  }

  /** To be called where no answer is awaited any more. */
  function forget(): void {
    asked = false;
    changed = false;
    answered = question;
    outdated = false;
  }

  onThemeChange(draw);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) draw();
  });

  return {
    /** Shows these weights, of the network before or of another one; undefined where there is none any more. */
    show(now: WeightImages | undefined): void {
      const before = weights;
      weights = now;
      byId('inside-body', HTMLElement).hidden = !now;
      byId('inside-empty', HTMLElement).hidden = now !== undefined;
      if (!now) explanation = undefined;
      if (before && (!now || now.units !== before.units || now.hiddenLayers !== before.hiddenLayers)) {
        chosen = undefined;
        explanation = undefined;
        tiles.choose(undefined);
        detail.hide();
      }
      if (!now) return;
      byId('inside-note', HTMLElement).textContent =
        `${unitsOfText(now)}, each as an image of its ${size(now.shape)} weights: ink where it is orange speaks for ${
          now.hiddenLayers === 0 ? 'the class' : 'the unit'
        }, ink where it is blue against it.`;
      if (!document.hidden) draw();
      ask();
      if (chosen !== undefined) studyAgain();
    },
    /** To be called when the drawing changes: the network's input for it; null where nothing is drawn. */
    see(pixels: Uint8Array | null): void {
      drawing = pixels;
      ask();
    },
    explain({ explanation: given }: Extract<Reply, { kind: 'evidence' }>): void {
      asked = false;
      if (given && given.look === weights?.look && drawing) explain(given);
      if (changed) ask();
    },
    tell({ id, detail: given }: Extract<Reply, { kind: 'unit' }>): void {
      if (id !== question) return;
      answered = id;
      if (given && weights && given.unit === chosen) detail.tell(given, weights);
      if (outdated) study();
    },
    /** To be called for a new worker, from which no answer is awaited. */
    forget,
  };
}
