import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { ShadegradError } from '../errors.ts';
import { transposed } from '../model/layout.ts';
import { type Model, tensor } from '../model/model.ts';
import type { ModelFile } from '../model/model-file.ts';
import type { ModelsFile } from '../model/population-file.ts';
import { denseLayers } from '../model/spec.ts';
import { joinedBytes } from './bytes.ts';
import { exportedMetadata } from './metadata.ts';
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './onnx_pb.ts';

type Node = MessageInitShape<typeof NodeProtoSchema>;
type Attribute = MessageInitShape<typeof AttributeProtoSchema>;
type Initializer = MessageInitShape<typeof TensorProtoSchema>;
type Value = MessageInitShape<typeof ValueInfoProtoSchema>;

/** Version of the operators' set: the first in which all that are used here mean what they mean today. */
export const ONNX_OPSET = 13;
/** Version of the format, that of the same release of ONNX, 1.8. */
export const ONNX_IR_VERSION = 7;

/** Protocol Buffers allow no longer messages; the rest of the file takes less than what is left for it here. */
const MOST_WEIGHT_BYTES = 2 ** 31 - 2 ** 24;

/** What an ONNX model takes. */
export interface OnnxOptions {
  /** Whether the input is bytes, 0 to 255, that the model itself scales. By default it is floats from 0 to 1. */
  readonly bytes?: boolean;
}

/** What a graph computes, and the tensors that it is made of. */
interface Graph {
  readonly nodes: readonly Node[];
  readonly initializers: readonly Initializer[];
}

/**
 * A network as an ONNX model, opset 13, that any runtime of ONNX takes:
 *
 *     pixels         [batch, inputs]   float32, byte / 255, row by row; with `bytes` uint8
 *     logits         [batch, classes]  float32
 *     probabilities  [batch, classes]  float32, softmax(logits)
 *
 * Of several networks it is one model, which answers as `predict` does:
 *
 *     logits         [batch, networks, classes]
 *     probabilities  [batch, classes]  the mean of the networks' probabilities
 *
 * `batch` may be any number. Weights have the names of the model file, and `metadata_props` its notes.
 *
 * @throws ShadegradError `usage` where the networks are larger than a file of ONNX can be, `bad-model` where the file's notes
 *   are not those of a model of this spec
 */
export function encodeOnnx(
  file: ModelFile | ModelsFile,
  { bytes = false }: OnnxOptions = {},
): Uint8Array<ArrayBuffer> {
  const models = 'models' in file ? file.models : ([file.model] as const);
  const [model] = models;
  const { spec } = model;
  assertFits(models);
  const count = models.length;
  const pixels = inputGraph(bytes);
  const network = count > 1 ? stackedGraph(models, pixels.output) : networkGraph(model, pixels.output);
  const { inputs, hidden, classes } = spec;
  const size = file.image ? ` of ${file.image.width} x ${file.image.height}` : '';
  const proto = create(ModelProtoSchema, {
    irVersion: BigInt(ONNX_IR_VERSION),
    opsetImport: [{ domain: '', version: BigInt(ONNX_OPSET) }],
    producerName: 'shadegrad',
    docString: `${count > 1 ? `${count} multilayer perceptrons` : 'Multilayer perceptron'} ${[inputs, ...hidden, classes].join('-')}`,
    metadataProps: Object.entries(exportedMetadata({ ...file, model })).map(([key, value]) => ({
      key,
      value,
    })),
    graph: {
      name: 'network',
      node: [...pixels.nodes, ...network.nodes],
      initializer: [...pixels.initializers, ...network.initializers],
      input: [
        tensorValue(
          'pixels',
          bytes ? DataType.UINT8 : DataType.FLOAT,
          [inputs],
          `Images${size}, row by row, ${bytes ? '0 to 255' : 'bytes / 255'}`,
        ),
      ],
      output: [
        tensorValue('logits', DataType.FLOAT, count > 1 ? [count, classes] : [classes], ''),
        tensorValue('probabilities', DataType.FLOAT, [classes], count > 1 ? 'Means over the networks' : ''),
      ],
    },
  });
  return toBinary(ModelProtoSchema, proto);
}

function assertFits(models: readonly Model[]): void {
  let size = 0;
  for (const { tensors } of models) for (const { data } of tensors) size += data.byteLength;
  if (size <= MOST_WEIGHT_BYTES) return;
  throw new ShadegradError(
    'usage',
    `The weights take ${size} bytes, and a file of ONNX has room for ${MOST_WEIGHT_BYTES}.`,
    models.length > 1 ? 'Export one network at a time.' : 'Use another format.',
  );
}

/** The layers' inputs, whose name is `pixels` itself unless bytes have to be scaled. */
function inputGraph(bytes: boolean): Graph & { readonly output: string } {
  if (!bytes) return { nodes: [], initializers: [], output: 'pixels' };
  return {
    nodes: [
      node('Cast', ['pixels'], 'pixels.float', [int('to', DataType.FLOAT)]),
      node('Div', ['pixels.float', 'pixels.most'], 'pixels.scaled'),
    ],
    initializers: [float32('pixels.most', [], Float32Array.of(255))],
    output: 'pixels.scaled',
  };
}

/** One network: weights as PyTorch has them, [outputs, inputs]. */
function networkGraph({ spec, tensors }: Model, input: string): Graph {
  const { hidden } = spec;
  const layers = denseLayers(spec).flatMap((_, i): Node[] => {
    const isLast = i === hidden.length;
    const [dense, relu] = [isLast ? 'logits' : `${2 * i}.output`, `${2 * i + 1}.output`];
    const inputs = [i === 0 ? input : `${2 * i - 1}.output`, `${2 * i}.weight`, `${2 * i}.bias`];
    const gemm = node('Gemm', inputs, dense, [int('transB', 1)]);
    return isLast ? [gemm] : [gemm, node('Relu', [dense], relu)];
  });
  return {
    nodes: [...layers, node('Softmax', ['logits'], 'probabilities', [int('axis', -1)])],
    initializers: tensors.map(({ name, shape, data }) => float32(name, shape, data)),
  };
}

/** Several at once: weights [networks, inputs, outputs], biases [networks, 1, outputs], all else [networks, batch, ...]. */
function stackedGraph(models: readonly [Model, ...Model[]], input: string): Graph {
  const { spec } = models[0];
  const layers = denseLayers(spec);
  const nodes = layers.flatMap((_, i): Node[] => [
    node('MatMul', [i === 0 ? input : `${2 * i - 1}.output`, `${2 * i}.weight`], `${2 * i}.product`),
    node('Add', [`${2 * i}.product`, `${2 * i}.bias`], `${2 * i}.output`),
    ...(i === spec.hidden.length ? [] : [node('Relu', [`${2 * i}.output`], `${2 * i + 1}.output`)]),
  ]);
  return {
    nodes: [
      ...nodes,
      node('Transpose', [`${2 * spec.hidden.length}.output`], 'logits', [ints('perm', [1, 0, 2])]),
      node('Softmax', ['logits'], 'probabilities.each', [int('axis', -1)]),
      node('ReduceMean', ['probabilities.each'], 'probabilities', [ints('axes', [1]), int('keepdims', 0)]),
    ],
    initializers: layers.flatMap((layer, i) => {
      const { inputs, outputs } = layer;
      const [weight, bias] = [`${2 * i}.weight`, `${2 * i}.bias`];
      const kernels = models.map((model) => transposed(tensor(model, weight), layer));
      const biases = models.map((model) => tensor(model, bias));
      return [
        float32(weight, [models.length, inputs, outputs], ...kernels),
        float32(bias, [models.length, 1, outputs], ...biases),
      ];
    }),
  };
}

function node(opType: string, input: string[], output: string, attribute: Attribute[] = []): Node {
  return { name: output, opType, input, output: [output], attribute };
}

function int(name: string, value: number): Attribute {
  return { name, type: AttributeType.INT, i: BigInt(value) };
}

function ints(name: string, values: readonly number[]): Attribute {
  return { name, type: AttributeType.INTS, ints: values.map(BigInt) };
}

function float32(name: string, shape: readonly number[], ...data: readonly Float32Array[]): Initializer {
  return { name, dataType: DataType.FLOAT, dims: shape.map(BigInt), rawData: joinedBytes(data) };
}

/** A tensor of the graph's, [batch, ...shape]. */
function tensorValue(name: string, type: DataType, shape: readonly number[], docString: string): Value {
  const dim = [
    { value: { case: 'dimParam' as const, value: 'batch' } },
    ...shape.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } })),
  ];
  return {
    name,
    docString,
    type: { value: { case: 'tensorType', value: { elemType: type, shape: { dim } } } },
  };
}
