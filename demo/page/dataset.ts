import type { Configuration } from '../configuration.ts';
import type { DataSource, DataSummary, Reply, Request } from '../protocol.ts';
import { count } from './format.ts';
import { imagesPanel } from './images.ts';
import type { setupPanel } from './setup.ts';

export interface DatasetOptions {
  readonly setup: ReturnType<typeof setupPanel>;
  readonly send: (request: Request) => void;
  /** What has to be stopped before other images can be taken; empty where nothing goes on. */
  readonly obstacle: () => string;
  /** There are other images, or they are on their way, or missing. */
  readonly changed: () => void;
  /** A file was dropped that looks like a network. */
  readonly model: (file: File) => void;
}

type Data = DataSummary | null | undefined;

/** The images at hand: where they are from, whether they are here yet, and what to say of that. */
export function createDataset({ setup, send, obstacle, changed, model }: DatasetOptions) {
  /** Of two requests only the later one's answer counts. */
  let request = 0;
  let source: DataSource | undefined;
  let data: Data;
  /** What was here before: what could not be had instead leaves it where it is. */
  let before: { readonly data: DataSummary; readonly source: DataSource } | undefined;

  const images = imagesPanel({
    files: (files) => takeMnist({ kind: 'files', files }),
    fetch: () => takeMnist({ kind: 'fetch' }),
    model,
  });

  function ask(wanted: DataSource): void {
    if (data && source) before = { data, source };
    source = wanted;
    data = undefined;
    images.complain('');
    changed();
    send({ kind: 'data', id: ++request, source: wanted });
  }

  function takeMnist(wanted: DataSource): void {
    images.complain(obstacle());
    if (obstacle() !== '') return;
    setup.set({ ...setup.texts(), data: 'mnist' });
    ask(wanted);
  }

  function onMissing({ problem }: Extract<Reply, { kind: 'no-data' }>): void {
    const stays = problem && before?.source.kind !== 'synthetic' ? before : undefined;
    data = stays?.data ?? null;
    source = stays?.source ?? source;
    images.complain(problem ? `${problem.message} ${problem.nextStep}` : '');
    if (!data) images.clear();
  }

  return {
    /** What is there to train on; `undefined` while it is on its way, `null` where it is missing. */
    get data(): Data {
      return data;
    },
    /** How it stands with the images. */
    text(): string {
      if (data) return `Ready: ${count(data.train)} ${imagesOf(data.name)} to learn from`;
      if (data === null) return 'MNIST is not here yet: choose its files, or fetch them';
      return source?.kind === 'synthetic' ? 'Drawing digits' : 'Reading MNIST';
    },
    /** Asks for the images of a configuration. */
    take({ data: kind, train, test }: Configuration): void {
      ask(kind === 'mnist' ? { kind: 'kept' } : { kind: 'synthetic', train, test });
    },
    /** Asks a new worker for the images that the one before it had. */
    takeAgain(): void {
      if (source) ask(source);
    },
    onReply(reply: Extract<Reply, { kind: 'download' | 'data' | 'no-data' }>): void {
      if (reply.id !== request) return;
      if (reply.kind === 'download') {
        images.progress(reply.progress);
        return;
      }
      if (reply.kind === 'data') {
        data = reply.data;
        images.show(data);
        setup.describe(data);
        images.note(reply.notice);
      } else {
        onMissing(reply);
      }
      changed();
    },
  };
}

function imagesOf(name: string): string {
  return { synthetic: 'synthetic digits', mnist: 'digits of MNIST' }[name] ?? `images of ${name}`;
}
