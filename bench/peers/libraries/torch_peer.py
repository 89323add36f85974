"""784-100-10 with Adam in PyTorch, by the fastest ways in its documentation.

On CUDA whole training steps are captured in CUDA graphs, with the fused, capturable Adam: the batches' places, the data
and the optimizer's state are on the GPU, and a launch needs nothing from the host. On a CPU it runs eagerly.
"""

from serve import processor_name, read_work, serve

STEPS_PER_GRAPH = 25
"""A launch costs some microseconds, so one graph holds several steps. The steps left over run in graphs of one."""


class TorchPeer:
    def __init__(self):
        import numpy
        import torch

        self.np, self.torch = numpy, torch
        self.cuda = torch.cuda.is_available()
        self.device = torch.device("cuda" if self.cuda else "cpu")
        # All other peers compute in float32.
        torch.backends.cuda.matmul.allow_tf32 = False
        on_cpu = f"CPU, eager, intra-op threads: {torch.get_num_threads()}"
        self.hello = {
            "library": f"PyTorch {torch.__version__}",
            "backend": f"CUDA {torch.version.cuda}, graphs" if self.cuda else on_cpu,
            "device": torch.cuda.get_device_name() if self.cuda else processor_name(),
        }

    def prepare(self, folder):
        torch = self.torch
        work = read_work(folder, self.np)
        self.images = torch.from_numpy(work.images).to(self.device).float().div_(255)
        self.labels = torch.from_numpy(work.labels).to(self.device).long()
        self.batches = torch.from_numpy(work.batches).to(self.device)
        self.model = torch.nn.Sequential(
            torch.nn.Linear(work.inputs, work.hidden),
            torch.nn.ReLU(),
            torch.nn.Linear(work.hidden, work.classes),
        ).to(self.device)
        self.initial = [torch.from_numpy(array.copy()).to(self.device) for array in work.parameters]
        self.optimizer, kind = self.adam(work.adam)
        self.next = torch.zeros(1, dtype=torch.int64, device=self.device)
        self.steps = 0
        self.reset()
        if self.cuda:
            self.capture()
        return kind

    def adam(self, settings):
        """PyTorch's epsilon stands outside the bias-corrected root, as Shadegrad's does."""
        options = {
            "lr": settings["learningRate"],
            "betas": (settings["beta1"], settings["beta2"]),
            "eps": settings["epsilon"],
        }
        parameters = list(self.model.parameters())
        if self.cuda:
            return self.torch.optim.Adam(parameters, fused=True, capturable=True, **options), "fused Adam"
        try:
            return self.torch.optim.Adam(parameters, fused=True, **options), "fused Adam"
        except RuntimeError:
            # Before PyTorch 2.4 the fused Adam is for CUDA only.
            return self.torch.optim.Adam(parameters, **options), ""

    def reset(self):
        """Initial weights and a fresh optimizer, in the memory that graphs may have captured."""
        with self.torch.no_grad():
            for parameter, initial in zip(self.model.parameters(), self.initial):
                parameter.copy_(initial)
            for state in self.optimizer.state.values():
                for tensor in state.values():
                    tensor.zero_()
            self.next.zero_()

    def train_on(self, rows):
        x = self.images.index_select(0, rows)
        loss = self.torch.nn.functional.cross_entropy(self.model(x), self.labels.index_select(0, rows))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()

    def captured_step(self):
        self.train_on(self.batches.index_select(0, self.next).view(-1))
        self.next.add_(1).remainder_(len(self.batches))

    def capture(self):
        torch = self.torch
        # As in PyTorch's notes on CUDA graphs: warm up on a side stream, then capture.
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.captured_step()
        torch.cuda.current_stream().wait_stream(side)
        self.graphs = {}
        for count in (STEPS_PER_GRAPH, 1):
            graph = torch.cuda.CUDAGraph()
            self.optimizer.zero_grad(set_to_none=True)
            with torch.cuda.graph(graph):
                for _ in range(count):
                    self.captured_step()
            self.graphs[count] = graph
        self.reset()
        torch.cuda.synchronize()

    def train(self, steps):
        if not self.cuda:
            for _ in range(steps):
                self.train_on(self.batches[self.steps % len(self.batches)])
                self.steps += 1
            return
        for _ in range(steps // STEPS_PER_GRAPH):
            self.graphs[STEPS_PER_GRAPH].replay()
        for _ in range(steps % STEPS_PER_GRAPH):
            self.graphs[1].replay()
        self.torch.cuda.synchronize()

    def parameters(self):
        return [parameter.detach().cpu().numpy() for parameter in self.model.parameters()]


serve(TorchPeer)
