import { type ModelFile, modelMetadata, SPEC_NOTE } from '../model/model-file.ts';

/**
 * What an exported network says of itself: all notes of its file, and what the file left to be assumed, under this
 * package's names (see `encodeModel`).
 *
 * @throws ShadegradError `bad-model` where the file's notes are not those of a model of this spec
 */
export function exportedMetadata({
  model: { spec },
  image,
  classNames,
  traits,
  metadata,
}: ModelFile): Record<string, string> {
  const { format: _, ...noted } = metadata;
  if (!image) return { ...noted, [SPEC_NOTE]: JSON.stringify(spec) };
  const notes = { image, ...(classNames && { classNames }), ...(traits && { traits }) };
  const { format: __, ...stated } = modelMetadata(spec, notes);
  return { ...noted, ...stated };
}
