/** A point of a stroke. The pen turns sharply at a corner and passes smoothly through all others. */
export interface ControlPoint {
  readonly x: number;
  readonly y: number;
  readonly corner: boolean;
}

/** One way to write a digit: strokes of the pen, in a box of about 100 x 100, y downwards. */
export interface Skeleton {
  /** How often this way is chosen, relative to the digit's other ways. */
  readonly weight: number;
  readonly strokes: readonly (readonly ControlPoint[])[];
}

/** Points as `x,y`, a corner as `x,y!`. */
function stroke(points: string): ControlPoint[] {
  return points.split(' ').map((point) => {
    const [x = 0, y = 0] = point.replace('!', '').split(',').map(Number);
    return { x, y, corner: point.endsWith('!') };
  });
}

/* @__NO_SIDE_EFFECTS__ */
function way(weight: number, ...strokes: string[]): Skeleton {
  return { weight, strokes: strokes.map(stroke) };
}

/** The ways to write each digit, 0 to 9. */
export const skeletons: readonly (readonly Skeleton[])[] = [
  [
    // An oval from the top, closed; drawn past its start; left open; closed with a curl inwards; narrow.
    way(4, '52,2 26,14 13,50 24,86 50,98 77,86 88,50 75,14 52,2'),
    way(3, '64,8 36,4 15,32 14,70 36,97 68,92 87,60 82,24 58,3 38,6'),
    way(2, '42,6 18,32 14,68 38,97 70,92 87,56 80,20 60,4'),
    way(2, '66,12 38,4 15,34 16,74 42,98 74,86 86,52 76,18 54,6 40,16'),
    way(2, '54,2 36,14 28,50 35,86 50,98 65,86 72,50 66,14 50,3'),
  ],
  [
    // A bare line; with a flag; with flag and foot; with a foot.
    way(8, '51,0 50,34 49,66 48,100'),
    way(3, '32,24 46,12 56,0! 55,50 54,100'),
    way(2, '28,22 44,13 54,0! 53,50 52,99', '24,99 52,98 80,99'),
    way(1, '50,0 50,50 49,98', '26,98 50,99 74,97'),
  ],
  [
    // A loop at the bottom; a corner; a flat base after a wide curve; a wave; a hook at the start and a small loop.
    way(4, '16,26 32,6 60,3 80,24 70,50 44,78 20,94 10,84 24,76 52,90 74,98 94,88'),
    way(4, '16,24 34,4 64,3 80,24 66,52 40,76 14,96! 50,94 90,95'),
    way(3, '12,14 42,2 74,8 80,32 56,60 14,94! 50,97 92,92'),
    way(2, '18,20 44,2 76,12 74,42 48,68 14,93! 36,84 62,96 92,86'),
    way(2, '24,34 16,18 38,3 68,6 78,32 58,62 28,90 20,80 36,78 62,92 88,96'),
  ],
  [
    // Two bows with a corner between them; a small loop between them; a flat top; a shallow notch.
    way(5, '16,14 44,2 76,14 70,38 40,48! 72,54 84,76 58,97 14,88'),
    way(3, '18,12 48,2 76,18 62,42 38,50 40,42 62,48 83,70 62,96 16,90'),
    way(2, '16,6 48,5 78,4! 60,24 42,42! 74,50 84,76 52,98 14,86'),
    way(3, '22,8 56,3 74,22 56,44 48,47 70,56 78,78 52,98 18,92'),
  ],
  [
    // Open, in two strokes; closed, in one; open with a round bowl, in one; closed, with a long bar; open and angular.
    way(4, '24,4 20,28 14,54! 50,56 90,50', '70,6 67,52 63,100'),
    way(3, '64,98 65,50 66,2! 38,34 10,66! 50,65 92,62'),
    way(3, '20,4 14,32 32,52 60,46 76,8! 72,52 68,100'),
    way(2, '68,2 40,32 12,60! 50,60 92,57', '66,30 63,64 60,100'),
    way(2, '30,2 12,50! 46,50 82,46', '76,2 66,50 56,98'),
  ],
  [
    // Body, then hat; all from the hat on; as an S; with a long straight hat and a low belly.
    way(4, '30,6 28,22 24,42! 52,36 80,54 76,82 48,99 14,88', '30,6 56,4 86,3'),
    way(4, '84,3 58,5 32,6! 24,44! 52,36 82,56 74,88 44,99 14,86'),
    way(2, '80,6 46,4 28,22 42,42 68,52 80,74 62,96 16,90'),
    way(2, '34,10 32,28 28,48! 56,46 76,64 68,88 40,98 16,92', '34,10 62,6 94,2'),
  ],
  [
    // A round back and a belly closed on it; a straight back; a belly that curls inwards; a belly left open.
    way(4, '68,2 42,18 22,46 16,76 36,98 66,94 80,74 62,57 36,62 20,80'),
    way(3, '62,0 42,26 24,56 20,82 42,99 70,90 76,68 54,56 26,70'),
    way(2, '74,8 50,6 26,32 16,68 34,97 66,96 82,76 64,60 42,64 36,78'),
    way(1, '60,2 34,28 18,66 30,94 58,97 78,80 72,62 48,62'),
  ],
  [
    // Bare; with a bar; with a serif; with both; in one round sweep.
    way(5, '12,8 50,6 86,4! 62,46 46,100'),
    way(3, '14,7 50,7 84,4! 64,48 48,100', '32,52 56,50 82,47'),
    way(2, '14,24 16,7! 50,8 86,5! 60,50 48,100'),
    way(1, '14,22 16,6! 50,7 84,5! 62,48 50,100', '34,50 56,50 78,47'),
    way(3, '12,12 44,10 76,4 80,14 60,46 46,72 40,100'),
  ],
  [
    // An S closed upwards; two rings; started in the middle; an S left open at the top; with a small head.
    way(5, '74,14 48,2 24,18 40,42 70,62 76,86 50,99 22,86 28,64 56,44 76,22 66,6'),
    way(2, '50,47 26,34 28,9 52,1 74,12 70,36 48,48', '50,48 22,64 20,90 50,100 80,90 78,64 52,48'),
    way(2, '54,48 30,32 32,8 58,2 72,22 52,46 26,66 26,92 54,99 76,82 68,60 48,44'),
    way(2, '80,10 52,3 24,20 42,44 70,62 74,88 48,99 22,86 30,62 56,44 84,22'),
    way(1, '66,16 48,4 34,18 44,36 70,56 80,82 52,99 20,84 28,58 54,38 66,22 58,6'),
  ],
  [
    // A ring and a straight stem; a bowed stem; a stem that hooks; a slanting stem; a ring left open at the top.
    way(4, '74,18 48,3 22,18 24,42 50,50 74,20! 72,60 68,100'),
    way(2, '76,16 48,2 20,20 28,48 58,46 78,18 80,52 68,84 38,99 16,90'),
    way(2, '74,14 44,4 20,26 32,50 60,44 77,16! 76,58 66,92 40,98'),
    way(3, '70,16 44,3 20,24 32,48 58,40 76,8! 62,56 44,100'),
    way(1, '58,8 30,10 18,34 42,50 66,34 76,6! 74,54 70,100'),
  ],
];
