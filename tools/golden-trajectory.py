#!/usr/bin/env python3
"""Makes tests/fixtures/golden-trajectory*.json, small networks trained for 20 steps by PyTorch, and
tests/fixtures/golden-schedules.json, learning rates by its schedulers.

    python3 tools/golden-trajectory.py        (Debian: apt-get install python3-torch)

The networks have 13 inputs and 4 classes; TRAJECTORIES below has their hidden widths, e.g. 7 and 5 for
nn.Sequential(Linear, ReLU, Linear, ReLU, Linear), and how each is trained. In all of them 118 samples are trained
once, in order, in batches of 6: step k (from 0) trains samples 6 k to 6 k + 5, and the last step only the
remaining 4. Everything is computed in float64 from weights that are float32 numbers, so the file holds the truth a
float32 implementation is measured against.

Fields of a trajectory (arrays are flat, row by row; numbers have 9 significant digits, factors all of them):
  torch         the version that made the file
  inputs, hidden, classes, batchSize
  optimizer     {optimizer, beta1, beta2, epsilon, momentum}. With t = 1 for the first step, "adam" is
                  weight -= learningRate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon),
                "adamw" the same after
                  weight -= learningRate * weightDecay * weight        (kernels only, biases have no decay),
                and "sgd"
                  moment = momentum * moment + gradient; weight -= learningRate * moment
  learningRate, weightDecay
  schedule, warmup
                as in golden-schedules.json; an epoch is the 20 steps
  factors       what learningRate is multiplied by in each step
  shapes        {name: shape}, PyTorch's names and order: 0.weight [7, 13], 0.bias [7], 2.weight [5, 7], ...
  weights       {name: values} before the first step; round them to float32 to have exactly what was trained
  pixels        [118, 13], bytes; the network's inputs are pixel / 255. Pixel 0 is always 0, and pixels
                3 label + 1 to 3 label + 3 are brighter than the rest.
  labels        [118], 0 to 3
  steps         20 of {loss, hits, gradients, weights}:
    loss        mean cross-entropy of the batch, in nats, with the weights before the update
    hits        samples of the batch whose greatest logit is the label's, with the weights before the update
    gradients   {name: values} of that loss
    weights     {name: values} after the update
  float32Error  how far PyTorch's own float32 run lies from this one, as the greatest absolute difference over
                all steps: {loss, gradients, weights}. A fair implementation may lie a few times as far.

Fields of golden-schedules.json:
  torch         the version that made the file
  schedules     list of {schedule, warmup, stepsPerEpoch, factors}:
    schedule    {name: "constant"}, {name: "cosine", epochs} or {name: "step", epochs, factor}
    warmup      epochs in which the rate rises before that, rounded to whole steps
    factors     what the learning rate is multiplied by in each step, with all digits
  The schedulers step after every step of the optimizer. With W steps of warm-up they are LinearLR from 1 / (W + 1)
  in W steps, and from step W on CosineAnnealingLR to the end of its epochs, StepLR, or none.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, SequentialLR, StepLR

INPUTS, CLASSES = 13, 4
BATCH, STEPS, LAST = 6, 20, 4
ADAM = {"optimizer": "adam", "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, "momentum": 0}
CONSTANT = {
    "optimizer": ADAM,
    "learningRate": 0.01,
    "weightDecay": 0,
    "schedule": {"name": "constant"},
    "warmup": 0,
}
TRAJECTORIES = {
    "golden-trajectory.json": ([7, 5], CONSTANT),
    "golden-trajectory-shallow.json": ([9], CONSTANT),
    "golden-trajectory-cosine.json": (
        [5],
        CONSTANT | {"schedule": {"name": "cosine", "epochs": 1}, "warmup": 0.25},
    ),
    "golden-trajectory-adamw.json": (
        [5],
        CONSTANT | {"optimizer": ADAM | {"optimizer": "adamw"}, "weightDecay": 0.1},
    ),
    "golden-trajectory-sgd.json": (
        [5],
        CONSTANT | {"optimizer": ADAM | {"optimizer": "sgd", "momentum": 0.9}, "learningRate": 0.05},
    ),
}
# Schedule, epochs of warm-up, steps an epoch, epochs.
SCHEDULES = [
    ({"name": "constant"}, 0, 4, 2),
    ({"name": "constant"}, 1.5, 8, 3),
    ({"name": "cosine", "epochs": 3}, 0, 20, 3),
    ({"name": "cosine", "epochs": 3}, 0.25, 20, 3),
    ({"name": "cosine", "epochs": 5}, 2, 7, 5),
    # One step of warm-up; all steps but one; and nothing but one step.
    ({"name": "cosine", "epochs": 2}, 0.1, 10, 2),
    ({"name": "cosine", "epochs": 1}, 0.8, 5, 1),
    ({"name": "cosine", "epochs": 1}, 0, 1, 1),
    ({"name": "step", "epochs": 2, "factor": 0.1}, 0, 6, 7),
    ({"name": "step", "epochs": 1, "factor": 0.5}, 0.3, 10, 4),
    ({"name": "step", "epochs": 1, "factor": 1}, 0, 3, 2),
]
SEED = 1
# Nearer to zero, rounding could decide whether a ReLU is on, or which logit is greatest.
MARGIN = 1e-3


def initial_weights(generator, hidden):
    weights, widths = {}, [INPUTS, *hidden, CLASSES]
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        weights[f"{2 * i}.weight"] = generator.normal(0, inputs**-0.5, (outputs, inputs)).astype(np.float32)
        weights[f"{2 * i}.bias"] = generator.normal(0, 0.1, outputs).astype(np.float32)
    return weights


def samples(generator):
    count = BATCH * (STEPS - 1) + LAST
    labels = generator.integers(0, CLASSES, count)
    pixels = generator.integers(0, 150, (count, INPUTS), dtype=np.uint8)
    for sample, label in zip(pixels, labels):
        sample[1 + 3 * label : 4 + 3 * label] += 105
    pixels[:, 0] = 0
    return pixels, labels


def network(weights, dtype):
    layers = []
    for name, weight in weights.items():
        if name.endswith("weight"):
            outputs, inputs = weight.shape
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1]).to(dtype)
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()}, strict=True)
    return model


def margin(model, x):
    """Distance of the batch from the nearest ReLU kink or tie of the two greatest logits."""
    nearest = float("inf")
    for layer in model:
        x = layer(x)
        if isinstance(layer, torch.nn.Linear) and layer is not model[-1]:
            nearest = min(nearest, x.abs().min().item())
    first, second = x.topk(2, dim=1).values.T
    return min(nearest, (first - second).min().item())


def optimizer_of(model, how):
    settings, rate = how["optimizer"], how["learningRate"]
    if settings["optimizer"] == "sgd":
        return torch.optim.SGD(model.parameters(), lr=rate, momentum=settings["momentum"])
    adam = {"lr": rate, "betas": (settings["beta1"], settings["beta2"]), "eps": settings["epsilon"]}
    if settings["optimizer"] == "adam":
        return torch.optim.Adam(model.parameters(), **adam)
    kernels = [value for name, value in model.named_parameters() if name.endswith("weight")]
    biases = [value for name, value in model.named_parameters() if name.endswith("bias")]
    groups = [{"params": kernels, "weight_decay": how["weightDecay"]}, {"params": biases, "weight_decay": 0}]
    return torch.optim.AdamW(groups, **adam)


def scheduler_of(optimizer, schedule, warmup, steps_per_epoch):
    rising = round(warmup * steps_per_epoch)
    if schedule["name"] == "cosine":
        then = CosineAnnealingLR(optimizer, T_max=schedule["epochs"] * steps_per_epoch - rising)
    elif schedule["name"] == "step":
        then = StepLR(optimizer, step_size=schedule["epochs"] * steps_per_epoch, gamma=schedule["factor"])
    else:
        then = ConstantLR(optimizer, factor=1)
    if rising == 0:
        return then
    rise = LinearLR(optimizer, start_factor=1 / (rising + 1), total_iters=rising)
    return SequentialLR(optimizer, [rise, then], milestones=[rising])


def factors_of(schedule, warmup, steps_per_epoch, steps):
    # At a rate of 1 the rates are the factors.
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = scheduler_of(optimizer, schedule, warmup, steps_per_epoch)
    factors = []
    for _ in range(steps):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return factors


def train(weights, pixels, labels, how, dtype):
    model = network(weights, dtype)
    optimizer = optimizer_of(model, how)
    scheduler = scheduler_of(optimizer, how["schedule"], how["warmup"], STEPS)
    steps, nearest = [], float("inf")
    for start in range(0, len(labels), BATCH):
        x = torch.from_numpy(pixels[start : start + BATCH]).to(dtype) / 255
        y = torch.from_numpy(labels[start : start + BATCH])
        optimizer.zero_grad()
        logits = model(x)
        loss = torch.nn.functional.cross_entropy(logits, y)
        loss.backward()
        with torch.no_grad():
            nearest = min(nearest, margin(model, x))
        gradients = {name: value.grad.clone().numpy() for name, value in model.named_parameters()}
        optimizer.step()
        scheduler.step()
        steps.append(
            {
                "loss": loss.item(),
                "hits": int((logits.argmax(dim=1) == y).sum()),
                "gradients": gradients,
                "weights": {name: value.detach().clone().numpy() for name, value in model.named_parameters()},
            }
        )
    return steps, nearest


def float32_error(truth, steps):
    def worst(what):
        return max(
            np.abs(a[what][name] - b[what][name]).max()
            for a, b in zip(truth, steps)
            for name in a[what]
        )

    return {
        "loss": max(abs(a["loss"] - b["loss"]) for a, b in zip(truth, steps)),
        "gradients": worst("gradients"),
        "weights": worst("weights"),
    }


def plain(value):
    """The same as lists and numbers of 9 significant digits (which keep a float32 exactly)."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, np.ndarray):
        return [plain(part) for part in value.ravel().tolist()]
    if isinstance(value, (float, np.floating)):
        rounded = float(f"{value:.9g}")
        return int(rounded) if rounded == int(rounded) else rounded
    return value


def write(file, content, note):
    path = Path(__file__).parent.parent / "tests/fixtures" / file
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(f"{path}: {note}, {path.stat().st_size} bytes")


def make_trajectory(file, hidden, how):
    for seed in range(SEED, SEED + 10_000):
        generator = np.random.Generator(np.random.PCG64(seed))
        weights = initial_weights(generator, hidden)
        pixels, labels = samples(generator)
        truth, nearest = train(weights, pixels, labels, how, torch.float64)
        gradients = [step["gradients"] for step in truth]
        alive = all(sum(abs(g[f"{2 * i}.bias"]) for g in gradients).all() for i in range(len(hidden)))
        if nearest >= MARGIN and alive and truth[-1]["loss"] < truth[0]["loss"]:
            break
    else:
        raise SystemExit("No seed keeps its distance from every ReLU kink.")
    single, _ = train(weights, pixels, labels, how, torch.float32)
    golden = {
        "torch": torch.__version__,
        "inputs": INPUTS,
        "hidden": hidden,
        "classes": CLASSES,
        "batchSize": BATCH,
        **how,
        "factors": None,
        "shapes": {name: list(value.shape) for name, value in weights.items()},
        "weights": weights,
        "pixels": pixels,
        "labels": labels,
        "steps": truth,
        "float32Error": float32_error(truth, single),
    }
    factors = factors_of(how["schedule"], how["warmup"], STEPS, STEPS)
    write(file, plain(golden) | {"factors": factors}, f"seed {seed}, {nearest:.2g} from the nearest kink")


def make_schedules(file):
    schedules = [
        {
            "schedule": schedule,
            "warmup": warmup,
            "stepsPerEpoch": steps_per_epoch,
            "factors": factors_of(schedule, warmup, steps_per_epoch, steps_per_epoch * epochs),
        }
        for schedule, warmup, steps_per_epoch, epochs in SCHEDULES
    ]
    write(file, {"torch": torch.__version__, "schedules": schedules}, f"{len(schedules)} schedules")


def main():
    torch.set_num_threads(1)
    for file, (hidden, how) in TRAJECTORIES.items():
        make_trajectory(file, hidden, how)
    make_schedules("golden-schedules.json")


if __name__ == "__main__":
    main()
