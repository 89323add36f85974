#!/usr/bin/env python3
"""A network that Shadegrad trained, in PyTorch: defines it, loads its weights and tells what images show.

    python3 predict.py images.npy              uint8, [count, height, width] or [count, inputs]
    python3 predict.py t10k-images-idx3-ubyte  an IDX file, .gz or not

needs PyTorch, NumPy and safetensors (pip install torch numpy safetensors). In a program of your own:

    from predict import load, probabilities_of
    network, names = load("model.safetensors")
    probabilities = probabilities_of(network, pixels)
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn


def network_of(widths):
    """Linear layers with ReLU between them, from pixels / 255 to logits: widths [784, 100, 10] have two of them."""
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def load(path):
    """The network of a model file, and what its classes are called."""
    with safe_open(path, framework="pt") as file:
        notes = file.metadata()
    spec = json.loads(notes["shadegrad.spec"])
    network = network_of([spec["inputs"], *spec["hidden"], spec["classes"]])
    network.load_state_dict(load_file(path))
    names = json.loads(notes.get("shadegrad.classes", "null"))
    return network.eval(), names or [str(label) for label in range(spec["classes"])]


def probabilities_of(network, pixels):
    """Bytes [count, ...], 0 to 255, to probabilities [count, classes]."""
    with torch.no_grad():
        inputs = torch.from_numpy(pixels.astype(np.float32)).flatten(1) / 255
        return network(inputs).softmax(dim=1).numpy()


def read_images(path):
    if path.endswith(".npy"):
        return np.load(path)
    content = Path(path).read_bytes()
    content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    # IDX: two zeros, the type of the numbers, how many sizes follow, each of four bytes, big-endian.
    count = content[3]
    sizes = np.frombuffer(content, ">u4", count, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * count).reshape(sizes)


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    network, names = load(Path(__file__).with_name("model.safetensors"))
    for path in sys.argv[1:]:
        for i, row in enumerate(probabilities_of(network, read_images(path))):
            print(f"{path}[{i}]: {names[row.argmax()]} ({100 * row.max():.2f} %)")


if __name__ == "__main__":
    main()
