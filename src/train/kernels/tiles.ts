/** How a tiled matrix product is cut up: see dense.wgsl. */
export interface Tile {
  /** Rows and columns of a workgroup's tile: a power of two, 8 or more, and 16 or more for 8 registers. */
  readonly side: number;
  /** Rows and columns that an invocation keeps in registers. */
  readonly registers: 4 | 8;
  /** Invocations: a power of two, at least one for each square of registers in the tile. */
  readonly workgroup: number;
}

/** The product of an m x k and a k x n matrix. */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** The tiles to choose from: large ones load less for each product, small ones make more workgroups. */
export const TILES: readonly [Tile, ...Tile[]] = [
  { side: 128, registers: 8, workgroup: 256 },
  { side: 64, registers: 8, workgroup: 256 },
  { side: 64, registers: 8, workgroup: 64 },
  { side: 32, registers: 8, workgroup: 256 },
  { side: 32, registers: 4, workgroup: 256 },
  { side: 16, registers: 4, workgroup: 256 },
  { side: 16, registers: 4, workgroup: 64 },
  { side: 8, registers: 4, workgroup: 256 },
];

/**
 * The tiles of one side.
 * @throws RangeError where there are none
 */
export function tilesOf(side: number): readonly [Tile, ...Tile[]] {
  const [first, ...others] = TILES.filter((tile) => tile.side === side);
  if (!first) throw new RangeError(`no tiles of side ${side}`);
  return [first, ...others];
}

/** WebGPU's default limit of workgroups along an axis. */
const MOST_WORKGROUPS = 65_535;

/**
 * The tile that is estimated to be the fastest for one network, from the sizes alone. The number of networks side by
 * side must not matter, since the tile decides the order in which sums are taken.
 *
 * @param tiles to choose from, the largest first
 */
export function tileFor(product: Product, tiles: readonly [Tile, ...Tile[]] = TILES): Tile {
  // For a product too large for any tile, the largest comes nearest to the limit.
  const [largest, ...others] = tiles;
  let best = largest;
  for (const tile of others) {
    if (Math.max(product.m, product.n) > tile.side * MOST_WORKGROUPS) continue;
    if (estimateCycles(tile, product) < estimateCycles(best, product)) best = tile;
  }
  return best;
}

// A large GPU of today, an NVIDIA H200, in round numbers. A smaller one ranks the tiles much the same, since it has
// enough workgroups sooner.
const CORES = 128;
/** Cycles from the request of a chunk to its products: a load from the second-level cache and two barriers. */
const CHUNK_LATENCY = 500;
/** Cycles from a workgroup's beginning to its first load, and of adding up and writing a quadrant. */
const FIXED_LATENCY = 500;
/** Cycles in which 32 invocations stage their blocks: four loads, four stores, and their addresses. */
const STAGING = 40;

/**
 * Cycles of a dispatch. A core's arithmetic does 128 multiply-adds a cycle, its workgroup memory serves two quarters of
 * 32 invocations' vectors; the workgroups that fit on it share both and hide each other's latency.
 */
export function estimateCycles({ side, registers, workgroup }: Tile, { m, n, k }: Product): number {
  const groups = Math.ceil(m / side) * Math.ceil(n / side);
  const slices = workgroup / (side / registers) ** 2;
  const chunk = (8 * workgroup) / side;
  const chunks = Math.ceil(k / chunk);
  const depth = chunk / slices;
  const resident = (registers === 8 ? 512 : 1024) / workgroup;
  const work = (workgroup / 32) * chunks * (depth * (registers ** 2 / 4 + registers / 2) + STAGING);
  const latency = chunks * CHUNK_LATENCY + FIXED_LATENCY * (registers / 4) ** 2;
  const each = Math.ceil(groups / CORES);
  return Math.max(each * work, Math.ceil(each / resident) * latency);
}
