#!/usr/bin/env python3
"""Holds the probabilities of several networks against PyTorch's, which runs them all at once under vmap.

    python3 tools/vmap-check.py MODELS.safetensors CHECK.json

(Debian 13: apt-get install python3-torch python3-safetensors; torch.func needs PyTorch 2.)

MODELS.safetensors has the networks' tensors stacked, as torch.func.stack_module_state makes them of
nn.Sequential(Linear, ReLU, Linear, ...): 0.weight [networks, outputs, inputs], 0.bias [networks, outputs], ...
CHECK.json is {"pixels", "probabilities"}, flat and row by row: bytes [samples, inputs], of which the inputs are
pixel / 255, and what the networks made of them, [networks, samples, classes].

Prints the greatest difference of a probability from PyTorch's in float32 and in float64.
"""

import json
import sys

import torch
from safetensors.torch import load_file
from torch.func import functional_call, stack_module_state, vmap


def network(stacked):
    """One network of the stack's shape, with weights that nobody uses."""
    layers = []
    for name, tensor in stacked.items():
        if name.endswith("weight"):
            _, outputs, inputs = tensor.shape
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def expect_stack(stacked, networks):
    """Fails unless names and shapes are those that PyTorch itself would stack."""
    own, _ = stack_module_state([network(stacked) for _ in range(networks)])
    shapes = {name: tuple(value.shape) for name, value in stacked.items()}
    expected = {name: tuple(value.shape) for name, value in own.items()}
    if shapes != expected:
        raise SystemExit(f"The file has {shapes}, PyTorch would have {expected}.")


def main(models, check):
    stored = load_file(models)
    # A file may have its tensors in any order; a network has its layers in the order of their numbers.
    stacked = {name: stored[name] for name in sorted(stored, key=lambda name: int(name.split(".")[0]))}
    networks, _, inputs = stacked["0.weight"].shape
    expect_stack(stacked, networks)
    with open(check) as file:
        given = json.load(file)
    pixels = torch.tensor(given["pixels"], dtype=torch.float64).reshape(-1, inputs)
    probabilities = torch.tensor(given["probabilities"], dtype=torch.float64)
    probabilities = probabilities.reshape(networks, len(pixels), -1)
    base = network(stacked).to("meta")

    def run(parameters, x):
        return functional_call(base, parameters, (x,)).softmax(dim=-1)

    print(f"{networks} networks, {len(pixels)} samples, {probabilities.shape[2]} classes")
    for dtype in (torch.float32, torch.float64):
        parameters = {name: value.to(dtype) for name, value in stacked.items()}
        expected = vmap(run, in_dims=(0, None))(parameters, pixels.to(dtype) / 255)
        if expected.shape != probabilities.shape:
            raise SystemExit(f"{tuple(probabilities.shape)} probabilities given, {tuple(expected.shape)} expected.")
        # NaN stays NaN in a maximum.
        print(f"greatest difference from {dtype}: {(probabilities - expected).abs().max().item():.2g}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
