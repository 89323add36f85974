import { decodeModels, type ModelsFile, type RunReport, ShadegradError } from '../src/index.ts';
import modelAddress from './pretrained/model.safetensors?url&no-inline';
import reportAddress from './pretrained/report.json?url&no-inline';

/** The network that comes with the page: trained by tools/pretrain.mjs, of half precision. */
export interface Pretrained {
  /** Its file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What the file holds: one network, and what is known of its images. */
  readonly file: ModelsFile;
  /** Of its training on MNIST; the test results are those of the weights in the file. */
  readonly report: RunReport;
}

/**
 * Fetches it from the page's own host. Needs no WebGPU, and works in a page and in a worker.
 * @throws ShadegradError `io` where it cannot be had
 */
export async function fetchPretrained(): Promise<Pretrained> {
  const [model, report] = await Promise.all([modelAddress, reportAddress].map(fetched));
  if (!model || !report) throw missing('nothing arrived');
  const bytes = new Uint8Array(model);
  return {
    bytes,
    file: decodeModels(bytes),
    // The build has put it beside the page: it is as the tool wrote it.
    report: JSON.parse(new TextDecoder().decode(report)) as RunReport,
  };
}

async function fetched(address: string): Promise<ArrayBuffer> {
  const response = await fetch(address).catch((cause: unknown) => {
    throw missing('the host does not answer', cause);
  });
  if (!response.ok) throw missing(`the host answers ${response.status}`);
  return response.arrayBuffer();
}

function missing(why: string, cause?: unknown): ShadegradError {
  return new ShadegradError(
    'io',
    `The network that comes with the page cannot be fetched: ${why}.`,
    'Train one, load one from a file, or reload the page.',
    cause,
  );
}
