import {
  encodeModel,
  encodeModels,
  ensemblePrediction,
  type Model,
  type ModelNotes,
  type NetworkRecord,
  type PopulationEvaluation,
  type Prediction,
  type Summary,
  summarise,
} from '../../src/index.ts';
import type { NetworkFiles, Reply } from '../protocol.ts';

// What there is to say of one network or of several.

/** What networks make of a drawing. */
export type Answer = Pick<Extract<Reply, { kind: 'prediction' }>, 'probabilities' | 'votes'>;

/**
 * A network that makes no finite probabilities of the image has no say.
 * @param each what each network makes of one image; null for one that diverged: [networks]
 */
export function answerOf(each: readonly (Prediction | null)[]): Answer {
  const finite = each.map((one) => (one?.probabilities.every(Number.isFinite) ? one : null));
  const given = finite.filter((one) => one !== null);
  const votes = finite.map((one) => {
    const predicted = one?.predictions[0] ?? 0;
    return one && { predicted, probability: one.probabilities[predicted] ?? 0 };
  });
  return {
    probabilities: ensemblePrediction(given, given[0]?.probabilities.length ?? 0).probabilities,
    votes: each.length > 1 ? votes : [],
  };
}

/** How the accuracies of several networks lie; null where there is one. */
export function accuracySummary({ networks }: PopulationEvaluation): Summary | null {
  return networks.length > 1 ? summarise(networks.flatMap((network) => network?.accuracy ?? [])) : null;
}

/**
 * The networks that can be used: their weights are finite, and so is their loss on the test images.
 * @param models null for those without finite weights: [networks]
 * @returns null for the others: [networks]
 */
export function usable(
  models: readonly (Model | null)[],
  { networks }: PopulationEvaluation,
): (Model | null)[] {
  return models.map((model, i) => (networks[i] ? model : null));
}

/**
 * @param models null for those that cannot be used: [networks]
 * @param best index of the best network
 */
export function filesOf(
  models: readonly (Model | null)[],
  networks: readonly NetworkRecord[],
  best: number,
  notes: ModelNotes,
): NetworkFiles {
  const model = models[best];
  const several = networks.length > 1;
  const trained = networks.flatMap((network, i) => {
    const own = models[i];
    return own ? [{ network, model: own }] : [];
  });
  return {
    model: model ? encodeModel(model, notes) : null,
    models: several
      ? encodeModels(
          trained.map(({ model }) => model),
          notes,
          trained.map(({ network }) => network),
        )
      : null,
    best: several && model ? models.slice(0, best).filter((one) => one !== null).length : null,
  };
}
