"""The peers' side of the protocol, as serve.mjs is for JavaScript; standard library only."""

import json
import os
import platform
import sys
import time
from types import SimpleNamespace

REPLIES = 3


def processor_name():
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def read_work(folder, np):
    """The fields of `Work` in work.mjs, arrays in their shapes, parameters as a list of four."""
    with open(os.path.join(folder, "work.json")) as file:
        work = SimpleNamespace(**json.load(file))

    def array(name, dtype):
        return np.fromfile(os.path.join(folder, name), dtype)

    work.images = array("images", np.uint8).reshape(work.samples, work.inputs)
    work.labels = array("labels", np.uint8)
    work.batches = array("order", np.uint32).astype(np.int64).reshape(-1, work.batchSize)
    flat = array("parameters", np.float32)
    shapes = [(work.hidden, work.inputs), (work.hidden,), (work.classes, work.hidden), (work.classes,)]
    work.parameters = []
    for shape in shapes:
        size = int(np.prod(shape))
        work.parameters.append(flat[:size].reshape(shape))
        flat = flat[size:]
    return work


def serve(open_peer):
    """Answers the requests that come line by line on stdin, until it is closed.

    open_peer() returns an object with `hello`, `prepare(folder)` (returns notes), `train(steps)` and `parameters()`
    (a list of float32 arrays in the order of work.parameters).
    """
    with os.fdopen(REPLIES, "w", buffering=1) as replies:

        def reply(message):
            replies.write(json.dumps(message) + "\n")

        try:
            peer = open_peer()
            reply({"hello": peer.hello})
            for line in sys.stdin:
                reply({"result": answer(peer, json.loads(line))})
        except ImportError as error:
            reply({"absent": str(error)})
        except Exception as error:
            reply({"error": f"{type(error).__name__}: {error}"})


def answer(peer, request):
    if request["do"] == "prepare":
        return {"notes": peer.prepare(request["folder"])}
    if request["do"] == "train":
        started = time.perf_counter()
        peer.train(request["steps"])
        return {"seconds": time.perf_counter() - started}
    with open(request["file"], "wb") as file:
        for array in peer.parameters():
            file.write(array.astype("<f4", copy=False).tobytes())
    return {}
