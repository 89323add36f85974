/** A wait that has lasted this long may go on with one poll every {@link PAUSE}. */
const SPIN_MILLISECONDS = 5;

/** The shortest time of a timer in Node, in milliseconds. */
const PAUSE = 1;

type Callback = Parameters<typeof setImmediate>[0];

let isEased = false;

/**
 * Frees the processor while Dawn waits. Dawn asks whether its GPU is done in every turn of the event loop, through
 * the global `setImmediate`, and so keeps a core busy for as long as anything is in flight. Where the processor is also
 * the GPU, that core is taken from the shaders and from their compiler. After this call a wait that lasts polls only
 * once a millisecond. Short waits stay as precise as they were, and `setImmediate` does not change for anyone else.
 */
export function easePolling(): void {
  if (isEased) return;
  isEased = true;
  const immediately = globalThis.setImmediate;
  let since = 0;
  let isPolling = false;

  const later = (poll: Callback): NodeJS.Immediate | NodeJS.Timeout => {
    // Dawn asks for its next turn from within this one. A request from elsewhere begins a new wait.
    if (!isPolling) since = performance.now();
    const turn = () => {
      isPolling = true;
      try {
        poll();
      } finally {
        isPolling = false;
      }
    };
    return performance.now() - since < SPIN_MILLISECONDS ? immediately(turn) : setTimeout(turn, PAUSE);
  };
  globalThis.setImmediate = Object.assign(
    (callback: Callback, ...args: Parameters<Callback>) =>
      isDawns(callback) ? later(callback) : immediately(callback, ...args),
    immediately,
  ) as typeof setImmediate;
}

/** Whether this is Dawn's: a native function with a prototype but no name, as only add-ons make them. */
function isDawns(callback: Callback): boolean {
  return (
    typeof callback === 'function' &&
    callback.name === '' &&
    'prototype' in callback &&
    Function.prototype.toString.call(callback).endsWith('{ [native code] }')
  );
}
