// Makes src/export/onnx_pb.ts, the classes of ONNX's messages, from tools/onnx/onnx.proto:
//
//     node tools/onnx/generate.mjs
//
// onnx.proto is unchanged from the release 1.23.1 of the Python package onnx (Apache-2.0). The generator has the version of
// @bufbuild/protobuf in package-lock.json, which the classes need at run time: update both together.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const BUF = '1.75.0';

const root = join(import.meta.dirname, '..', '..');
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const { version } = lock.packages['node_modules/@bufbuild/protobuf'];
const template = {
  version: 'v2',
  plugins: [
    {
      local: 'protoc-gen-es',
      out: 'src/export',
      opt: ['target=ts', 'erasable_syntax=true', 'import_extension=ts'],
    },
  ],
};
const packages = [`@bufbuild/buf@${BUF}`, `@bufbuild/protoc-gen-es@${version}`];
const buf = ['buf', 'generate', 'tools/onnx', '--template', JSON.stringify(template)];
execFileSync('npm', ['exec', '--yes', ...packages.map((name) => `--package=${name}`), '--', ...buf], {
  cwd: root,
  stdio: 'inherit',
});
