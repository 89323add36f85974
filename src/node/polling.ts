/** A wait that is longer than this can do with a look every {@link PAUSE}. */
const SPIN_MILLISECONDS = 5;

/** The shortest that a timer of Node's takes, in milliseconds. */
const PAUSE = 1;

type Callback = Parameters<typeof setImmediate>[0];

let isEased = false;

/**
 * Lets the processor go while Dawn waits. Dawn asks whether its GPU is done in every turn of the event loop, through
 * the global `setImmediate`, and so keeps a core busy for as long as anything is in flight. Where the processor is also
 * the GPU, that core is taken from the shaders and from their compiler. From here on a wait that lasts looks once a
 * millisecond. Short waits stay as precise as they were, and nobody else's `setImmediate` changes.
 */
export function easePolling(): void {
  if (isEased) return;
  isEased = true;
  const immediately = globalThis.setImmediate;
  let since = 0;
  let isPolling = false;

  const later = (poll: Callback): NodeJS.Immediate | NodeJS.Timeout => {
    // Dawn asks for its next turn in the middle of this one, unless nothing is in flight any more.
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

/** Whether it is a function of an add-on without a name: functions of the language have names, or no prototype. */
function isDawns(callback: Callback): boolean {
  return (
    typeof callback === 'function' &&
    callback.name === '' &&
    'prototype' in callback &&
    Function.prototype.toString.call(callback).endsWith('{ [native code] }')
  );
}
