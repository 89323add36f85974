import { ShadegradError } from '../errors.ts';

/** How far a download has come. */
export interface DownloadProgress {
  /** The name of the file that comes just now. */
  readonly file: string;
  /** In bytes. */
  readonly received: number;
  /** In bytes, null where the server does not say. */
  readonly total: number | null;
}

/** When a download ends, and who is told how far it is. */
export interface DownloadOptions {
  /** Aborts the download. */
  readonly signal?: AbortSignal | undefined;
  /** Ends the download too, but as a failure, not as the user's wish. */
  readonly deadline?: AbortSignal | undefined;
  /** How long the server may send nothing. */
  readonly stallSeconds: number;
  /** Called with each piece that has come. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** A file is held in memory until it is whole and can be checked: no server may fill that memory. */
const MOST_BYTES = 2 ** 28;

/**
 * The bytes at `url`, 256 MiB at most.
 *
 * @param file name for progress
 * @throws ShadegradError `bad-data` where they cannot be had whole and in time, `interrupted` where aborted
 */
export async function download(url: string, file: string, options: DownloadOptions): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  await downloadTo(url, file, options, (chunk) => {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new RangeError('it is far larger than any dataset of small images');
    chunks.push(chunk);
  });
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/**
 * Gives the bytes at `url` to `take` as they come, each chunk when `take` is done with the one before. An error of
 * `take` ends the download.
 *
 * @param file name for progress
 * @throws ShadegradError `bad-data` where they cannot be had whole and in time, `interrupted` where aborted
 */
export async function downloadTo(
  url: string,
  file: string,
  options: DownloadOptions,
  take: (chunk: Uint8Array<ArrayBuffer>) => void | Promise<void>,
): Promise<void> {
  const { signal, deadline, stallSeconds, onProgress } = options;
  const stall = new AbortController();
  const signals = [stall.signal, signal, deadline].filter((candidate) => candidate !== undefined);
  const watch = () => setTimeout(() => stall.abort(), 1000 * stallSeconds);
  let timer = watch();
  let received = 0;
  try {
    const response = await fetch(url, { signal: AbortSignal.any(signals) });
    if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`.trim());
    // Where the server compressed the body for transport, its length is not that of the bytes that arrive here.
    const length = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
    const total = length === null ? null : Number(length);
    const reader = response.body?.getReader();
    for (let chunk = await reader?.read(); chunk?.value; chunk = await reader?.read()) {
      clearTimeout(timer);
      received += chunk.value.length;
      await take(chunk.value);
      onProgress?.({ file, received, total });
      timer = watch();
    }
  } catch (cause) {
    if (signal?.aborted) throw new ShadegradError('interrupted', 'The download was stopped.', '', cause);
    const reason = stall.signal.aborted
      ? `nothing arrived for ${stallSeconds} s`
      : deadline?.aborted
        ? 'the time allowed is over'
        : reasonOf(cause);
    const where = received > 0 ? ` after ${received} bytes` : '';
    throw new ShadegradError('bad-data', `${url}: ${reason}${where}.`, 'Check the network.', cause);
  } finally {
    clearTimeout(timer);
    // Frees the connection where the body was not read to its end.
    stall.abort();
  }
}

/** `fetch` says only that it failed; the reason is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
