"""GFLOP/s of PyTorch's matrix product in plain float32 (cuBLAS without TF32 on CUDA), as one JSON object."""

import json
import statistics
import time

import torch

torch.backends.cuda.matmul.allow_tf32 = False
device = "cuda" if torch.cuda.is_available() else "cpu"


def measure(n: int) -> dict:
    a, b = (torch.rand(n, n, device=device) - 0.5 for _ in range(2))
    out = torch.empty(n, n, device=device)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None

    def run(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            torch.matmul(a, b, out=out)
        wait()
        return (time.perf_counter() - started) / count

    run(3)
    count = max(1, round(0.1 / run(1)))
    seconds = statistics.median(run(count) for _ in range(9))
    return {"n": n, "microseconds": seconds * 1e6, "gflops": 2 * n**3 / seconds / 1e9}


print(
    json.dumps(
        {
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
            "products": [measure(n) for n in ((1024, 4096) if device == "cuda" else (1024,))],
        }
    )
)
