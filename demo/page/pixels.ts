/** Paints grey levels as ink on paper: 0 for none, 255 for the darkest. */
export function paintInk(
  canvas: HTMLCanvasElement,
  pixels: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number },
): void {
  canvas.width = width;
  canvas.height = height;
  const image = new ImageData(width, height);
  for (const [i, ink] of pixels.entries()) {
    image.data.fill(255 - ink, 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d')?.putImageData(image, 0, 0);
}

/**
 * Puts images of one size side by side, in rows.
 *
 * @param images [count, height, width]
 * @param gap pixels between them
 */
export function tiled(
  images: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number },
  columns: number,
  gap: number,
  ground: number,
): { readonly pixels: Uint8Array; readonly height: number; readonly width: number } {
  const count = images.length / (height * width);
  const across = Math.min(columns, count);
  const down = Math.ceil(count / across);
  const sheet = { width: across * (width + gap) - gap, height: down * (height + gap) - gap };
  const pixels = new Uint8Array(sheet.width * sheet.height).fill(ground);
  for (let i = 0; i < count; i++) {
    const left = (i % across) * (width + gap);
    const top = Math.floor(i / across) * (height + gap);
    for (let row = 0; row < height; row++) {
      const start = (i * height + row) * width;
      pixels.set(images.subarray(start, start + width), (top + row) * sheet.width + left);
    }
  }
  return { pixels, ...sheet };
}
