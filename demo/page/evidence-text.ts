import type { WeightImages } from '../protocol.ts';
import { count } from './format.ts';

// What is said of a network's verdict and of its units.

/** Units that are named on each side, and the least that one says, as a share of what the loudest says. */
const NAMED = 3;
const HEARD = 0.1;

/** E.g. "+1.25", "−0.40". */
export function signed(value: number, digits = 2): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`;
}

/**
 * E.g. "Units 12, 40 and 7 spoke for 8; unit 33 spoke against it."
 *
 * @param contributions of each unit: [units]
 * @param name of the class that it is about
 */
export function spokenText(contributions: Float32Array, name: string): string {
  const least = HEARD * loudest(contributions);
  const speaking = (sign: 1 | -1): number[] =>
    [...contributions.keys()]
      .filter((unit) => sign * (contributions[unit] ?? 0) > least)
      .sort((a, b) => sign * ((contributions[b] ?? 0) - (contributions[a] ?? 0)))
      .slice(0, NAMED);
  const [on, against] = [speaking(1), speaking(-1)];
  const forIt = on.length > 0 ? `${unitsText(on)} spoke for ${name}` : `No unit of weight spoke for ${name}`;
  return against.length > 0
    ? `${forIt}; ${lowered(unitsText(against))} spoke against it.`
    : `${forIt}; none of weight against it.`;
}

/** The greatest size among values of either sign. */
export function loudest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** E.g. "Unit 12", "Units 12, 40 and 7". */
function unitsText(units: readonly number[]): string {
  const numbers = units.map((unit) => String(unit + 1));
  const last = numbers.pop();
  return numbers.length > 0 ? `Units ${numbers.join(', ')} and ${last}` : `Unit ${last}`;
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** What the drawing's pixels add to the lead: those for the verdict, and those against it. */
export function sides(pixels: Float32Array): { readonly on: number; readonly against: number } {
  let [on, against] = [0, 0];
  for (const value of pixels) {
    if (value > 0) on += value;
    else against += value;
  }
  return { on, against };
}

/** E.g. "All 100 units of network 3, the best of 4", "The first 1,337 of 2,000 units". */
export function unitsOfText({ units, shown, hiddenLayers, network }: WeightImages): string {
  const noun = hiddenLayers === 0 ? 'templates' : 'units';
  const layer = hiddenLayers > 1 ? ` of the first of ${hiddenLayers} hidden layers` : '';
  const all =
    shown < units ? `The first ${count(shown)} of ${count(units)} ${noun}` : `All ${count(units)} ${noun}`;
  const which = network
    ? ` of network ${network.index + 1}${network.best ? ', the best of' : ' of'} ${network.of}`
    : '';
  return `${all}${layer}${which}`;
}
