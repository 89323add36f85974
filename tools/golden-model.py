#!/usr/bin/env python3
"""Makes tests/fixtures/pytorch-model.safetensors: a small network saved by PyTorch and the safetensors library.

    python3 tools/golden-model.py          (Debian: apt-get install python3-torch; pip install safetensors)

nn.Sequential(Linear(9, 4), ReLU(), Linear(4, 3)); every tensor holds 0, 1/4, 2/4, ... in order, less a half.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file


def main():
    model = torch.nn.Sequential(torch.nn.Linear(9, 4), torch.nn.ReLU(), torch.nn.Linear(4, 3))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.arange(parameter.numel()).reshape(parameter.shape) / 4 - 0.5)
    path = Path(__file__).parent.parent / "tests/fixtures/pytorch-model.safetensors"
    save_file(model.state_dict(), path)
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
