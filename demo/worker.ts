import type { Reply, Request } from './protocol.ts';
import { createDesk } from './worker/desk.ts';

// Everything that takes time happens here, so that the page stays free: images, GPU, training, reports.

const scope = globalThis as unknown as {
  postMessage(message: Reply, transfer: Transferable[]): void;
  onmessage: (event: MessageEvent<Request>) => void;
};

const handle = createDesk((reply) => scope.postMessage(reply, givenAway(reply)));
scope.onmessage = ({ data }) => handle(data);

/** What is passed to the page, and not copied. */
function givenAway(reply: Reply): Transferable[] {
  if (reply.kind === 'weights') return [reply.weights.values.buffer];
  if (!('files' in reply)) return [];
  const { model, models } = reply.files;
  return [model, models].flatMap((file) => (file ? [file.buffer] : []));
}
