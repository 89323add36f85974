/** A picture being drawn: colour and opacity of each pixel, 0 to 1. */
export class Canvas {
  constructor(width, height, shade = 1, opacity = 1) {
    this.width = width;
    this.height = height;
    /** [height, width, 3] */
    this.colour = new Float32Array(width * height * 3).fill(shade);
    /** [height, width] */
    this.opacity = new Float32Array(width * height).fill(opacity);
  }

  /** Sets each pixel's colour to what `shade(colour, x, y)` gives for each of the three channels. */
  shade(shade) {
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        for (let channel = 0; channel < 3; channel++) {
          const i = (y * this.width + x) * 3 + channel;
          this.colour[i] = shade(this.colour[i], x, y, channel);
        }
      }
    }
    return this;
  }

  /** Covers pixels by `amount(x, y)`, 0 to 1, with a grey level or the three of a colour. */
  cover(amount, paint) {
    const channels = Array.isArray(paint) ? paint : [paint, paint, paint];
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        const share = Math.min(1, Math.max(0, amount(x, y)));
        if (share === 0) continue;
        const i = y * this.width + x;
        for (const [channel, value] of channels.entries()) {
          this.colour[i * 3 + channel] += share * (value - this.colour[i * 3 + channel]);
        }
      }
    }
    return this;
  }

  /** Adds a number of `noise()` to each pixel, the same one to its three channels. */
  noise(noise) {
    for (let i = 0; i < this.opacity.length; i++) {
      const value = noise();
      for (let channel = 0; channel < 3; channel++) this.colour[i * 3 + channel] += value;
    }
    return this;
  }

  /** @returns {{ width: number, height: number, channels: 1 | 3 | 4, data: Uint8Array }} 8 bits a channel */
  picture() {
    const opaque = this.opacity.every((value) => value === 1);
    const grey = this.colour.every((value, i) => value === this.colour[i - (i % 3)]);
    const channels = opaque ? (grey ? 1 : 3) : 4;
    const data = new Uint8Array(this.width * this.height * channels);
    for (let i = 0; i < this.opacity.length; i++) {
      for (let channel = 0; channel < Math.min(3, channels); channel++) {
        data[i * channels + channel] = byte(this.colour[i * 3 + channel]);
      }
      if (channels === 4) data[i * 4 + 3] = byte(this.opacity[i]);
    }
    return { width: this.width, height: this.height, channels, data };
  }
}

const byte = (value) => Math.round(255 * Math.min(1, Math.max(0, value)));

/**
 * A digit of 28 x 28 pixels as a drawing of any size.
 * @returns {(x: number, y: number) => number} ink at a pixel, 0 to 1, of a digit whose field has its upper left corner
 *   at `left`, `top`, is `side` pixels wide and turned by `angle` radians about its middle; cubic interpolation
 *   (Keys, "Cubic convolution interpolation for digital image processing", 1981)
 */
export function drawn(pixels, left, top, side, angle = 0) {
  const scale = 28 / side;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const at = (x, y) => (x < 0 || y < 0 || x > 27 || y > 27 ? 0 : pixels[y * 28 + x] / 255);
  return (x, y) => {
    const [dx, dy] = [(x + 0.5 - left) * scale - 14, (y + 0.5 - top) * scale - 14];
    const [u, v] = [cos * dx + sin * dy + 13.5, cos * dy - sin * dx + 13.5];
    if (u < -2 || v < -2 || u > 29 || v > 29) return 0;
    const [column, row] = [Math.floor(u), Math.floor(v)];
    const across = weights(u - column);
    const down = weights(v - row);
    let sum = 0;
    for (let j = 0; j < 4; j++) {
      for (let i = 0; i < 4; i++) sum += down[j] * across[i] * at(column - 1 + i, row - 1 + j);
    }
    return Math.min(1, Math.max(0, sum));
  };
}

function weights(t) {
  return [
    ((-0.5 * t + 1) * t - 0.5) * t,
    (1.5 * t - 2.5) * t * t + 1,
    ((-1.5 * t + 2) * t + 0.5) * t,
    (0.5 * t - 0.5) * t * t,
  ];
}
