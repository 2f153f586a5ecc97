"""Training steps of the models of `npm run bench -- train` in PyTorch, eager, in float32, on the CPU.

    python bench/peers/torch_train.py [--steps 20] [--json]

The same sizes, batches, optimisers and masks as `bench/support/trained-samples.ts`: a Transformer of one layer each side, its
embedding shared with the softmax and masked too, and a ResNet-18 for pictures of 32 x 32. Masks keep everything, as at the
beginning of pruning; a step takes as long with any. Once on one thread, and once on all.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time

RATE = 1e-4
LABEL_SMOOTHING = 0.1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("PyTorch is not installed: pip install torch")
    results = []
    for threads in sorted({1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()}):
        torch.set_num_threads(threads)
        for sample in [transformer, resnet]:
            torch.manual_seed(0)
            name, items, step = sample(torch)
            wall, processor = timed(step, options.steps)
            result = {
                "name": name,
                "threads": threads,
                "ms": wall,
                "processorMs": processor,
                "stepsPerSecond": 1000 / wall,
                "itemsPerSecond": 1000 * items / wall,
            }
            results.append(result)
            if not options.json:
                print(
                    f"{name:<48} {threads} thread{'s' if threads > 1 else ' '} {result['stepsPerSecond']:8.2f} steps/s "
                    f"{result['itemsPerSecond']:8.0f} items/s {processor:8.1f} ms of the processor a step"
                )
    if options.json:
        report = {
            "benchmark": "torch_train",
            "adapter": "cpu",
            "runtime": f"torch {torch.__version__}",
            "results": results,
        }
        print(json.dumps(report, indent=2))


def masked_linear(torch):
    """`y = x (w * mask) + b`, `w` of `[inputs, outputs]` as TensorFlow stores it."""

    class Masked(torch.nn.Module):
        def __init__(self, inputs, outputs, bias=False):
            super().__init__()
            bound = math.sqrt(6 / (inputs + outputs))
            self.weight = torch.nn.Parameter(torch.empty(inputs, outputs).uniform_(-bound, bound))
            self.register_buffer("mask", torch.ones(inputs, outputs))
            self.bias = torch.nn.Parameter(torch.zeros(outputs)) if bias else None

        def forward(self, x):
            y = x @ (self.weight * self.mask)
            return y if self.bias is None else y + self.bias

    return Masked


def transformer(torch, hidden=64, inner=256, heads=4, vocabulary=512, sentences=64, length=20):
    nn, functional = torch.nn, torch.nn.functional
    Masked = masked_linear(torch)

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k, self.v, self.output = (Masked(hidden, hidden) for _ in range(4))

        def forward(self, x, memory, bias):
            def split(y):
                return y.view(y.shape[0], y.shape[1], heads, -1).transpose(1, 2)

            q, k, v = split(self.q(x)), split(self.k(memory)), split(self.v(memory))
            weights = (q @ k.transpose(2, 3) * (hidden // heads) ** -0.5 + bias).softmax(-1)
            return self.output((weights @ v).transpose(1, 2).reshape(x.shape))

    class Layer(nn.Module):
        """Normalises in front of each part and adds behind it."""

        def __init__(self, attentions):
            super().__init__()
            self.attentions = nn.ModuleList(Attention() for _ in range(attentions))
            self.norms = nn.ModuleList(nn.LayerNorm(hidden, eps=1e-6) for _ in range(attentions + 1))
            self.first, self.second = Masked(hidden, inner, bias=True), Masked(inner, hidden, bias=True)

        def forward(self, x, *memories):
            for norm, attention, (memory, bias) in zip(self.norms, self.attentions, memories):
                y = norm(x)
                x = x + attention(y, y if memory is None else memory, bias)
            return x + self.second(torch.relu(self.first(self.norms[-1](x))))

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Parameter(torch.randn(vocabulary, hidden) * hidden**-0.5)
            self.register_buffer("mask", torch.ones(vocabulary, hidden))
            self.encoder, self.decoder = Layer(1), Layer(2)
            self.encoded, self.decoded = (nn.LayerNorm(hidden, eps=1e-6) for _ in range(2))
            half = hidden // 2
            rates = torch.exp(torch.arange(half) * -(math.log(1e4) / (half - 1)))
            angles = torch.arange(length)[:, None] * rates
            self.register_buffer("positions", torch.cat([angles.sin(), angles.cos()], 1))
            self.register_buffer("causal", torch.full((length, length), -1e9).triu(1))

        def forward(self, inputs, targets):
            table = self.embedding * self.mask
            padding = -1e9 * (inputs == 0).float()[:, None, None, :]

            def embedded(ids):
                return functional.embedding(ids, table) * hidden**0.5 * (ids != 0)[..., None]

            x = self.encoded(self.encoder(embedded(inputs) + self.positions, (None, padding)))
            shifted = functional.pad(embedded(targets), (0, 0, 1, 0))[:, :-1]
            y = self.decoder(shifted + self.positions, (None, self.causal), (x, padding))
            return self.decoded(y) @ table.T

    def made_up():
        lengths = [math.ceil(length * (0.5 + 0.5 * ((s * 0.618) % 1))) for s in range(2 * sentences)]
        ids = torch.zeros(2 * sentences, length, dtype=torch.long)
        for s, tokens in enumerate(lengths):
            for t in range(tokens):
                i = s * length + t
                ids[s, t] = 1 if t == tokens - 1 else 2 + (i * 7919) % (12 if i % 2 == 0 else vocabulary - 2)
        return ids[:sentences], ids[sentences:]

    model = Transformer()
    inputs, targets = made_up()
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, betas=(0.9, 0.997), eps=1e-9)

    def step():
        logits = model(inputs, targets).flatten(0, 1)
        loss = functional.cross_entropy(logits, targets.flatten(), ignore_index=0, label_smoothing=LABEL_SMOOTHING)
        update(optimiser, loss)

    name = f"Transformer, H {hidden}, F {inner}, {sentences} sentences of {length}"
    return name, int((targets != 0).sum()), step


def resnet(torch, width=8, side=32, pictures=64, classes=20):
    nn, functional = torch.nn, torch.nn.functional

    class Convolution(nn.Conv2d):
        def __init__(self, inputs, outputs, size, stride):
            super().__init__(inputs, outputs, size, stride, padding=size // 2, bias=False)
            self.register_buffer("mask", torch.ones_like(self.weight))

        def forward(self, x):
            return functional.conv2d(x, self.weight * self.mask, None, self.stride, self.padding)

    def convolution(inputs, outputs, size, stride):
        return nn.Sequential(Convolution(inputs, outputs, size, stride), nn.BatchNorm2d(outputs, momentum=0.1))

    class Block(nn.Module):
        def __init__(self, inputs, filters, stride, project):
            super().__init__()
            self.project = convolution(inputs, filters, 1, stride) if project else nn.Identity()
            self.branch = nn.Sequential(
                convolution(inputs, filters, 3, stride), nn.ReLU(), convolution(filters, filters, 3, 1)
            )

        def forward(self, x):
            return torch.relu(self.branch(x) + self.project(x))

    layers = [convolution(3, width, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)]
    channels = width
    for group in range(4):
        filters = width * 2**group
        for block in range(2):
            layers.append(Block(channels, filters, 2 if block == 0 and group > 0 else 1, project=block == 0))
            channels = filters
    model = nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), masked_linear(torch)(channels, classes, bias=True)
    )
    pixels = (torch.arange(pictures * 3 * side * side) * 7919 % 256).float().view(pictures, 3, side, side)
    labels = torch.arange(pictures) % classes
    optimiser = torch.optim.SGD(model.parameters(), lr=RATE, momentum=0.9, nesterov=True, weight_decay=1e-4)

    def step():
        update(optimiser, functional.cross_entropy(model(pixels), labels, label_smoothing=LABEL_SMOOTHING))

    return f"ResNet-18 of width {width}, {pictures} pictures of {side} × {side}", pictures, step


def update(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def timed(step, steps):
    """Median milliseconds of a step: of the wall, and of the processor, all threads together."""
    for _ in range(3):
        step()
    walls, processors = [], []
    for _ in range(steps):
        wall, processor = time.perf_counter(), time.process_time()
        step()
        walls.append(1000 * (time.perf_counter() - wall))
        processors.append(1000 * (time.process_time() - processor))
    return statistics.median(walls), statistics.median(processors)


if __name__ == "__main__":
    main()
