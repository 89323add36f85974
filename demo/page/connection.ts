import type { Reply, Request } from '../protocol.ts';

export interface Connection {
  send(request: Request): void;
  close(): void;
}

/**
 * Starts a worker.
 * @param onFailure called where the worker does not start, or breaks without a message of its own
 */
export function connect(onReply: (reply: Reply) => void, onFailure: (message: string) => void): Connection {
  const worker = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<Reply>) => onReply(data);
  worker.onerror = (event) => onFailure(event.message || 'it did not start');
  worker.onmessageerror = () => onFailure('it said something that this page does not understand');
  return {
    send: (request) => worker.postMessage(request),
    close: () => worker.terminate(),
  };
}
