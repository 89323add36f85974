import type { Explanation, WeightImages } from '../protocol.ts';
import { diverging, magnify, paintDiverging, paintKey } from './diverging.ts';
import { byId } from './dom.ts';
import { sides, signed, spokenText } from './evidence-text.ts';

/** Room for the picture's longer side, in pixels. */
const ROOM = 168;

/** The drawing, coloured by what its pixels say of the verdict, and who else spoke for and against it. */
export function evidencePicture() {
  const canvas = byId('evidence-canvas', HTMLCanvasElement);
  const key = byId('evidence-key', HTMLCanvasElement);
  const element = (id: string) => byId(id, HTMLElement);

  /** @param explanation undefined where there is no drawing */
  function show(explanation: Explanation | undefined, { shape, classNames, network }: WeightImages): void {
    magnify(canvas, shape, ROOM);
    paintKey(key);
    element('evidence-key-line').style.visibility = explanation ? 'visible' : 'hidden';
    if (!explanation) {
      paintDiverging(canvas, new Uint8Array(shape.height * shape.width).fill(128), shape);
      canvas.setAttribute('aria-label', 'No drawing yet');
      element('evidence-title').textContent = 'Why it says what it says';
      element('evidence-units').textContent =
        'Draw, and see which units and which pixels speak for the verdict.';
      element('evidence-sum').textContent = '';
      return;
    }
    const { label, lead, pixels, bias, units, ink } = explanation;
    const name = classNames[label] ?? String(label);
    const { values, scale } = diverging(pixels);
    paintDiverging(canvas, values, shape, ink);
    const { on, against } = sides(pixels);
    const both = `pixels for it ${signed(on)}, pixels against it ${signed(against)}`;
    canvas.setAttribute('aria-label', `Your drawing, taken for ${name}: ${both}`);
    const who = network ? `network ${network.index + 1}` : 'it';
    element('evidence-title').textContent = `Why ${who} says ${name}`;
    element('evidence-units').textContent = units
      ? spokenText(units.contributions, name)
      : `No hidden units: each pixel speaks for itself, by the template of ${name} less the others.`;
    element('evidence-sum').textContent =
      `${name} is ahead of the others by ${lead.toFixed(2)} on average, as log-odds: ${both}, biases ${signed(bias)}.`;
    element('evidence-least').textContent = `${signed(-scale)} against ${name}`;
    element('evidence-most').textContent = `for ${name} ${signed(scale)}`;
  }

  return { show };
}
