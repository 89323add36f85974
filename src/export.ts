// What a trained network is for other programs. Pure: files are made here, and written elsewhere.
export { encodeJson, type JsonNetwork } from './export/json.ts';
export { encodeOnnx, ONNX_IR_VERSION, ONNX_OPSET, type OnnxOptions } from './export/onnx.ts';
export {
  encodePytorch,
  encodePytorchTraining,
  type PytorchFiles,
  type PytorchTrainingFiles,
  type RepeatableTraining,
} from './export/pytorch.ts';
export { encodeTfjs, type TfjsFiles } from './export/tfjs.ts';
export { networkFile } from './model/population-file.ts';
