"""A dense ResNet-50 of the paper's shape in PyTorch, eager, in float32: pictures a second beside `npm run bench -- resnet50`.

    python bench/peers/torch_resnet50.py [--batch 1 64] [--device cuda] [--json]

Weights are random; a dense network takes as long with any. On CUDA once in full float32, as our kernels compute, and once
with TF32 in convolutions, which PyTorch allows itself unless told otherwise.
"""

import argparse
import json
import statistics
import sys
import time

ROUNDS = 10


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 64])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        import torch
    except ImportError:
        sys.exit("PyTorch is not installed: pip install torch")
    cuda = options.device.startswith("cuda")
    if cuda and not torch.cuda.is_available():
        sys.exit("PyTorch sees no CUDA device.")
    torch.manual_seed(0)
    network = resnet50(torch).eval().to(options.device)
    results = []
    for tf32 in [False, True] if cuda else [False]:
        torch.backends.cudnn.allow_tf32 = tf32
        torch.backends.cuda.matmul.allow_tf32 = tf32
        for batch in options.batch:
            ms, spread = timed(torch, network, batch, options.device)
            result = {
                "name": "forward",
                "n": batch,
                "variant": "TF32" if tf32 else "float32",
                "ms": ms,
                "picturesPerSecond": 1000 * batch / ms,
                "spread": spread,
            }
            results.append(result)
            if not options.json:
                print(
                    f"batch {batch:>3}  {result['variant']:<7}  {ms:9.3f} ms  {result['picturesPerSecond']:8.1f} pictures/s"
                )
    if options.json:
        report = {
            "benchmark": "torch_resnet50",
            "adapter": torch.cuda.get_device_name() if cuda else options.device,
            "runtime": f"torch {torch.__version__}",
            "results": results,
        }
        print(json.dumps(report, indent=2))


def resnet50(torch):
    """Strides in the 3 x 3 convolutions, batch normalisation behind each, as the original has it."""
    nn = torch.nn

    def convolution(inputs, outputs, size, stride):
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False), nn.BatchNorm2d(outputs)
        )

    class Bottleneck(nn.Module):
        def __init__(self, inputs, filters, stride, project):
            super().__init__()
            self.project = convolution(inputs, 4 * filters, 1, stride) if project else nn.Identity()
            self.branch = nn.Sequential(
                convolution(inputs, filters, 1, 1),
                nn.ReLU(),
                convolution(filters, filters, 3, stride),
                nn.ReLU(),
                convolution(filters, 4 * filters, 1, 1),
            )

        def forward(self, x):
            return torch.relu(self.branch(x) + self.project(x))

    layers = [convolution(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)]
    channels = 64
    for group, blocks in enumerate([3, 4, 6, 3]):
        filters = 64 * 2**group
        for block in range(blocks):
            stride = 2 if block == 0 and group > 0 else 1
            layers.append(Bottleneck(channels, filters, stride, project=block == 0))
            channels = 4 * filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


def timed(torch, network, batch, device):
    """Median milliseconds of a batch, and half the range of the middle half of the samples over it."""
    pictures = torch.rand(batch, 3, 224, 224, device=device)
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    samples = []
    with torch.no_grad():
        for _ in range(3):
            network(pictures)
        for _ in range(ROUNDS):
            wait()
            start = time.perf_counter()
            network(pictures)
            wait()
            samples.append(1000 * (time.perf_counter() - start))
    low, median, high = statistics.quantiles(samples, n=4)
    return median, (high - low) / 2 / median


if __name__ == "__main__":
    main()
