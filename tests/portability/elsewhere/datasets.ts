// Stands for src/node/datasets.ts where the tests run outside Node: MNIST comes from the demo page's folder.
import type { Dataset } from '../../../src/data/dataset.ts';
import { datasetFromIdx, mapFiles } from '../../../src/data/idx.ts';
import { downloadIdx } from '../../../src/data/known.ts';
import { mnist } from '../../../src/data/mnist.ts';

const folder = new URL('/demo/mnist/', location.href).href;

export async function loadDataset(): Promise<Dataset> {
  const files = await mapFiles(mnist.files, async (known, content) => {
    const { bytes } = await downloadIdx([folder], known, content, { stallSeconds: 60 });
    return { name: known.name, bytes };
  });
  return datasetFromIdx(mnist.name, files, mnist.classes);
}
