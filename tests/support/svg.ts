/** One text of an SVG drawn by `renderSvg`: where it is anchored, and the corners of an upper estimate of its box. */
export interface SvgText {
  text: string;
  fontSize: number;
  anchor: string;
  x: number;
  y: number;
  corners: [number, number][];
}

const ENTITIES: Record<string, string> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};

export function svgTexts(svg: string): SvgText[] {
  return [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, attributes = '', content = '']) => {
    const text = content.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => ENTITIES[entity] ?? entity);
    const attribute = (name: string) => new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
    const numbers = (value: string) => value.match(/-?[\d.]+(?:e-?\d+)?/g)?.map(Number) ?? [];
    const fontSize = Number(/font-size:([\d.]+)px/.exec(attributes)?.[1] ?? 12);
    const transform = attribute('transform');
    const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = transform.startsWith('matrix')
      ? numbers(transform)
      : [1, 0, 0, 1, ...numbers(transform)];
    const place = (x: number, y: number): [number, number] => [a * x + c * y + e, b * x + d * y + f];
    const [x, y] = [Number(attribute('x')), Number(attribute('y'))];
    const anchor = attribute('text-anchor') || 'start';
    const width = Array.from(text).length * 0.6 * fontSize;
    const left = x - (anchor === 'middle' ? width / 2 : anchor === 'end' ? width : 0);
    const half = fontSize * 0.42;
    const corners = [
      place(left, y - half),
      place(left + width, y - half),
      place(left + width, y + half),
      place(left, y + half),
    ];
    const [centreX, centreY] = place(x, y);
    return { text, fontSize, anchor, x: centreX, y: centreY, corners };
  });
}

/** Texts that are not wholly within the picture. */
export function outside(svg: string, texts: readonly SvgText[]): string[] {
  const [width, height] = [/width="(\d+)"/, /height="(\d+)"/].map((pattern) =>
    Number(pattern.exec(svg)?.[1]),
  );
  return texts
    .filter(
      ({ corners }) =>
        !corners.every(([x, y]) => x >= 0 && y >= 0 && x <= (width ?? 0) && y <= (height ?? 0)),
    )
    .map(({ text }) => text);
}

/**
 * Pairs of texts whose boxes, rotated as drawn, overlap. Texts are sorted from left to right, so that each is compared
 * with those alone that begin before it ends: a matrix has thousands of texts, and too many pairs to try all.
 */
export function overlaps(texts: readonly SvgText[]): [string, string][] {
  const found: [string, string][] = [];
  const boxes = texts.map((text) => ({ ...text, ...extent(text) })).sort((a, b) => a.left - b.left);
  for (const [i, one] of boxes.entries()) {
    for (let j = i + 1; ; j++) {
      const other = boxes[j];
      if (!other || other.left > one.right) break;
      if (other.top > one.bottom || other.bottom < one.top) continue;
      if (!separable(one.corners, other.corners) && !separable(other.corners, one.corners)) {
        found.push([one.text, other.text]);
      }
    }
  }
  return found;
}

/** The upright rectangle around a box. */
function extent({ corners }: SvgText): { left: number; right: number; top: number; bottom: number } {
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

/** Whether all of rectangle `b` is beyond one side of rectangle `a` (separating axis theorem). */
function separable(a: readonly [number, number][], b: readonly [number, number][]): boolean {
  return a.some(([x, y], i) => {
    const [nextX, nextY] = a[(i + 1) % a.length] ?? [x, y];
    const [normalX, normalY] = [nextY - y, x - nextX];
    return b.every(([px, py]) => normalX * (px - x) + normalY * (py - y) >= 0);
  });
}

/** The rectangular paths of the picture. */
export function rectangles(svg: string): { width: number; height: number; fill: string; stroke: string }[] {
  const pattern =
    /<path d="M[-\d.]+ [-\d.]+l([\d.]+) 0l0 ([\d.]+)l-[\d.]+ 0Z" fill="([^"]*)" stroke="([^"]*)"/g;
  return [...svg.matchAll(pattern)].map(([, width, height, fill = '', stroke = '']) => ({
    width: Number(width),
    height: Number(height),
    fill,
    stroke,
  }));
}

/** The first end tag that does not fit its start tag, or the first start tag left open; null for a tree. */
export function unbalanced(xml: string): string | null {
  const open: string[] = [];
  for (const [tag, end, name = '', self] of xml.matchAll(
    /<(\/?)([a-zA-Z]+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g,
  )) {
    if (self) continue;
    if (!end) open.push(name);
    else if (open.pop() !== name) return tag;
  }
  const stray = /[<>]/.exec(xml.replace(/<[^<>]*>/g, ''));
  return open[0] ?? stray?.[0] ?? null;
}
