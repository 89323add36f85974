import type { Configuration } from '../configuration.ts';
import type { DataSource, DataSummary, Reply, Request } from '../protocol.ts';
import { count } from './format.ts';
import { imagesPanel } from './images.ts';
import type { setupPanel } from './setup.ts';

export interface DatasetOptions {
  readonly setup: ReturnType<typeof setupPanel>;
  readonly send: (request: Request) => void;
  /** Says what must be stopped before other images can be taken; empty where nothing runs. */
  readonly obstacle: () => string;
  /** Called when other images are here, or on their way. */
  readonly changed: () => void;
  /** Called with a dropped file that looks like a network. */
  readonly model: (file: File) => void;
}

/** Images that were asked for, their name in the field, and a summary of them once they are here. */
interface Images {
  readonly source: DataSource;
  readonly kind: string;
  readonly data: DataSummary | undefined;
}

/** The current images: where they are from, whether they are here yet, and what the page says about that. */
export function createDataset({ setup, send, obstacle, changed, model }: DatasetOptions) {
  /** Number of the last request: answers to earlier ones are ignored. */
  let request = 0;
  let now: Images | undefined;
  /** The images that are kept, or asked for again, where the user's files are no dataset. */
  let before: Images | undefined;
  /** The user's files that were read last. */
  let own: readonly File[] | undefined;

  const images = imagesPanel({
    files: (files) => {
      images.complain(obstacle());
      if (obstacle() === '') ask({ kind: 'files', files });
    },
    model,
  });

  function ask(source: DataSource): void {
    if (now?.data || now?.source.kind !== 'files') before = now;
    now = { source, kind: setup.texts().data, data: undefined };
    images.complain('');
    changed();
    send({ kind: 'data', id: ++request, source });
  }

  function take({ data: kind, train, test }: Configuration): void {
    if (kind === 'synthetic') {
      ask({ kind, train, test });
    } else if (kind === 'files' && own) {
      ask({ kind, files: own });
    } else {
      // Files of an earlier visit are no longer here.
      if (kind === 'files') setup.set({ ...setup.texts(), data: 'mnist' });
      ask({ kind: 'mnist', folder: new URL('mnist/', document.baseURI).href });
    }
  }

  function onData(source: DataSource, { data, notice }: Extract<Reply, { kind: 'data' }>): void {
    if (source.kind === 'files') {
      own = source.files;
      setup.offerFiles();
    }
    // May differ from what was asked for: the user's files may be MNIST's, and synthetic digits may replace MNIST.
    const kind = data.name === 'mnist' || data.name === 'synthetic' ? data.name : 'files';
    const counts = kind === 'synthetic' ? { train: String(data.train), test: String(data.test) } : {};
    if (setup.texts().data !== kind) setup.set({ ...setup.texts(), data: kind, ...counts });
    now = { source, kind, data };
    images.show(data);
    setup.describe(data);
    if (notice !== '') images.note(notice);
  }

  function onMissing({ problem }: Extract<Reply, { kind: 'no-data' }>): void {
    if (before) {
      setup.set({ ...setup.texts(), data: before.kind });
      if (before.data) now = before;
      else ask(before.source);
    }
    images.complain(`${problem.message} ${problem.nextStep}`);
  }

  return {
    /** The images to train on; undefined while they are on their way. */
    get data(): DataSummary | undefined {
      return now?.data;
    },
    /** Says whether the images are here. */
    text(): string {
      const { data, source } = now ?? {};
      if (data) return `Ready: ${count(data.train)} ${imagesOf(data.name)} to learn from`;
      return ON_THEIR_WAY[source?.kind ?? 'mnist'];
    },
    /** Asks for the images of a configuration. */
    take,
    /** Asks a new worker for the images that the one before it had. */
    takeAgain(): void {
      if (now) ask(now.source);
    },
    onReply(reply: Extract<Reply, { kind: 'download' | 'data' | 'no-data' }>): void {
      if (reply.id !== request || !now) return;
      if (reply.kind === 'download') {
        images.arriving(reply.arrival);
        return;
      }
      if (reply.kind === 'data') onData(now.source, reply);
      else onMissing(reply);
      changed();
    },
  };
}

const ON_THEIR_WAY: Readonly<Record<DataSource['kind'], string>> = {
  mnist: 'Loading MNIST',
  synthetic: 'Drawing digits',
  files: 'Reading files',
};

function imagesOf(name: string): string {
  return { synthetic: 'synthetic digits', mnist: 'digits of MNIST' }[name] ?? `images of ${name}`;
}
