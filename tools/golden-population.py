#!/usr/bin/env python3
"""Makes tests/fixtures/pytorch-population.{safetensors,json}: three small networks stacked by PyTorch, and what they say.

    python3 tools/golden-population.py     (Debian 13: apt-get install python3-torch; pip install safetensors)

Each is nn.Sequential(Linear(9, 4), ReLU(), Linear(4, 3)) with its own random weights. The safetensors file has the
parameters of torch.func.stack_module_state, with an axis of networks in front. Fields of the JSON file (numbers have 17
significant digits):
  torch          the version that made the files
  pixels         [5, 9], bytes; the networks' inputs are pixel / 255
  probabilities  [3, 5, 3] of each network and image, by functional_call under vmap, in float64
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.func import functional_call, stack_module_state, vmap

NETWORKS, IMAGES = 3, 5


def main():
    torch.manual_seed(1)
    make = lambda: torch.nn.Sequential(torch.nn.Linear(9, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    parameters, _ = stack_module_state([make() for _ in range(NETWORKS)])
    pixels = torch.randint(256, (IMAGES, 9))
    images = pixels.double() / 255
    base = make().double()
    probabilities = vmap(lambda own: functional_call(base, own, (images,)).softmax(1))(
        {name: value.double() for name, value in parameters.items()}
    )
    path = Path(__file__).parent.parent / "tests/fixtures/pytorch-population"
    save_file({name: value.detach() for name, value in parameters.items()}, path.with_suffix(".safetensors"))
    golden = {
        "torch": torch.__version__,
        "pixels": pixels.tolist(),
        "probabilities": probabilities.tolist(),
    }
    path.with_suffix(".json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
