/** In slow motion so many milliseconds go by from one batch to the next. */
const SLOW_MILLISECONDS = 100;

/**
 * A gate that training comes to between batches, and that decides how many it comes with. It is open at first: then training
 * goes on at full speed.
 */
export interface Gate {
  /** Training stops at the next batch. */
  close(): void;
  /** Training goes on, as fast as it did before. */
  open(): void;
  /** Lets one batch through a gate that is closed. */
  step(): void;
  /** Whether batches come one by one, ten a second, while the gate is open. */
  slow(on: boolean): void;
  /** Batches from one time at the gate to the next: `FitOptions.pace`. */
  readonly pace: () => number;
  /**
   * Resolves when training may go on.
   * @param onClosed called where it has to wait for somebody to open the gate
   */
  pass(onClosed: () => void): Promise<void>;
}

interface Turn {
  readonly come: Promise<void>;
  readonly end: () => void;
}

function turn(): Turn {
  let end: () => void = () => undefined;
  const come = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { come, end };
}

export function createGate(): Gate {
  let closed: Turn | undefined;
  let isSlow = false;
  let last = 0;
  return {
    close() {
      closed ??= turn();
    },
    open() {
      closed?.end();
      closed = undefined;
    },
    step() {
      if (!closed) return;
      closed.end();
      closed = turn();
    },
    slow(on) {
      isSlow = on;
    },
    pace: () => (isSlow || closed ? 1 : Number.POSITIVE_INFINITY),
    async pass(onClosed) {
      const wait = last + SLOW_MILLISECONDS - performance.now();
      if (isSlow && !closed && wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      if (closed) {
        onClosed();
        await closed.come;
      }
      last = performance.now();
    },
  };
}
