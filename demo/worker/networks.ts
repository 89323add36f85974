import {
  encodeModel,
  encodeModels,
  ensemblePrediction,
  type Model,
  type ModelNotes,
  type NetworkRecord,
  type PopulationEvaluation,
  type Prediction,
  ShadegradError,
  type Summary,
  summarise,
} from '../../src/index.ts';
import type { NetworkFiles, Reply } from '../protocol.ts';

// What there is to say of one network or of several.

/** What networks make of a drawing. */
export type Answer = Pick<Extract<Reply, { kind: 'prediction' }>, 'probabilities' | 'votes'>;

/**
 * @param each what each network makes of one image: [networks]
 * @param counts whether a network has a say: [networks]
 */
export function answerOf(each: readonly Prediction[], counts: readonly boolean[]): Answer {
  const classes = each[0]?.probabilities.length ?? 0;
  const asked = each.filter((_, i) => counts[i]);
  const votes = each.map(({ predictions, probabilities }, i) => {
    const predicted = predictions[0] ?? 0;
    return counts[i] ? { predicted, probability: probabilities[predicted] ?? 0 } : null;
  });
  return {
    probabilities: ensemblePrediction(asked, classes).probabilities,
    votes: each.length > 1 ? votes : [],
  };
}

/** How the accuracies of several networks lie; null where there is one. */
export function accuracySummary({ networks }: PopulationEvaluation): Summary | null {
  return networks.length > 1 ? summarise(networks.flatMap((network) => network?.accuracy ?? [])) : null;
}

/**
 * @param models null for those that diverged: [networks]
 * @param best index of the best network
 * @throws ShadegradError `diverged` where the best network has a weight that is not finite
 */
export function filesOf(
  models: readonly (Model | null)[],
  networks: readonly NetworkRecord[],
  best: number,
  notes: ModelNotes,
): NetworkFiles {
  const model = models[best];
  if (!model) {
    throw new ShadegradError(
      'diverged',
      'The network has weights that are not finite.',
      'Train again with a smaller learning rate.',
    );
  }
  const trained = networks.flatMap((network, i) => {
    const own = models[i];
    return own ? [{ network, model: own }] : [];
  });
  return {
    model: encodeModel(model, notes),
    models:
      networks.length > 1
        ? encodeModels(
            trained.map(({ model }) => model),
            notes,
            trained.map(({ network }) => network),
          )
        : null,
  };
}

/** The tensors of all models in the order of the file that `encodeModels` makes of them, for its checksum. */
export function stacked(models: readonly [Model, ...Model[]]): Model {
  const [first] = models;
  return {
    spec: first.spec,
    tensors: first.tensors.flatMap((_, i) => models.flatMap(({ tensors }) => tensors[i] ?? [])),
  };
}
