#!/usr/bin/env python3
"""Repeats a training of Shadegrad's in PyTorch, step by step: the same initial weights, batches and learning rates.

    python3 train.py [STEPS]                all steps, or so many

needs PyTorch, NumPy and safetensors (pip install torch numpy safetensors). After each epoch it prints the mean loss and the
accuracy, and beside them those that Shadegrad's own history has.

It reads, from its own folder: training.json (settings and history), initial.safetensors (weights before the first step),
images.npy and labels.npy (samples), order.npy (which of them an epoch takes, [epochs, samples of an epoch]) and rates.npy
(the learning rate of each step).
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from predict import network_of
from safetensors.torch import load_file

FOLDER = Path(__file__).parent


def initial_network():
    """The network before its first step."""
    weights = load_file(FOLDER / "initial.safetensors")
    kernels = [weights[name] for name in sorted(weights, key=lambda name: int(name.split(".")[0])) if "weight" in name]
    network = network_of([kernels[0].shape[1], *(len(kernel) for kernel in kernels)])
    network.load_state_dict(weights)
    return network


def optimizer_of(network, settings):
    """Keras's Adam and AdamW, and SGD, by PyTorch; rates come with each step. Biases do not decay."""
    if settings["optimizer"] == "sgd":
        return torch.optim.SGD(network.parameters(), lr=0.0, momentum=settings["momentum"])
    numbers = {"lr": 0.0, "betas": (settings["beta1"], settings["beta2"]), "eps": settings["epsilon"]}
    if settings["optimizer"] == "adam":
        return torch.optim.Adam(network.parameters(), **numbers)
    kernels = [value for name, value in network.named_parameters() if name.endswith("weight")]
    biases = [value for name, value in network.named_parameters() if name.endswith("bias")]
    decays = [(kernels, settings["weightDecay"]), (biases, 0.0)]
    return torch.optim.AdamW([{"params": values, "weight_decay": decay} for values, decay in decays], **numbers)


def steps():
    """Trains. Yields each step's mean loss, hits and number of samples, with the weights before its update."""
    settings = json.loads((FOLDER / "training.json").read_text())["settings"]
    images, labels, order, rates = (np.load(FOLDER / f"{name}.npy") for name in ("images", "labels", "order", "rates"))
    network = initial_network()
    optimizer = optimizer_of(network, settings)
    batch = settings["batchSize"]
    batches = [epoch[i : i + batch] for epoch in order for i in range(0, len(epoch), batch)]
    for samples, rate in zip(batches, rates):
        x = torch.from_numpy(images[samples].astype(np.float32)) / 255
        y = torch.from_numpy(labels[samples].astype(np.int64))
        for group in optimizer.param_groups:
            group["lr"] = float(rate)
        optimizer.zero_grad()
        logits = network(x)
        loss = torch.nn.functional.cross_entropy(logits, y)
        loss.backward()
        optimizer.step()
        yield loss.item(), int((logits.argmax(dim=1) == y).sum()), len(samples)


def main():
    most = int(sys.argv[1]) if len(sys.argv) > 1 else None
    history = json.loads((FOLDER / "training.json").read_text())["history"]
    epoch_samples = np.load(FOLDER / "order.npy", mmap_mode="r").shape[1]
    loss_sum, hits, trained, epoch = 0.0, 0, 0, 0
    for step, (loss, step_hits, count) in enumerate(steps(), start=1):
        loss_sum, hits, trained = loss_sum + loss * count, hits + step_hits, trained + count
        if trained == epoch_samples:
            record = history[epoch]
            print(
                f"Epoch {record['epoch']}: loss {loss_sum / trained:.6f} (Shadegrad: {record['loss']:.6f}), "
                f"accuracy {hits / trained:.4f} ({record['accuracy']:.4f})"
            )
            loss_sum, hits, trained, epoch = 0.0, 0, 0, epoch + 1
        if step == most:
            print(f"Step {step}: loss {loss:.6f}")
            break


if __name__ == "__main__":
    main()
