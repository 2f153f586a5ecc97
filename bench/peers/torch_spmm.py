"""cuSPARSE and cuBLAS on the matrices of `npm run bench -- spmm`, through PyTorch with CUDA.

    python bench/peers/torch_spmm.py [--quick] [--json]

Needs the Deep Learning Matrix Collection in ../shared/data/dlmc beside the checkout; a matrix it does not have gets a random
pattern of as many zeros, and the result says so.
"""

import argparse
import gzip
import json
import math
import statistics
import sys
from pathlib import Path

COLLECTION = Path(__file__).resolve().parents[3] / "shared" / "data" / "dlmc"
SPARSITIES = ["0.7", "0.9", "0.98"]
LAYER = "body_encoder_layer_0"
# (name, folder of the collection, rows, cols, N), as productShapes of bench/support/layers.ts gives them.
TRANSFORMER = [
    (f"{LAYER}_self_attention_multihead_attention_q_fully_connected", 512, 512),
    (f"{LAYER}_ffn_conv1_fully_connected", 2048, 512),
    (f"{LAYER}_ffn_conv2_fully_connected", 512, 2048),
]
TRANSFORMER_COLUMNS = [32, 256]
LOGITS = ("symbol_modality_33288_512_shared_", "transformer", 33288, 512, 32)
QUICK = {name for name, _, _ in TRANSFORMER} | {
    "bottleneck_3_block_group_projection_block_group1",
    "bottleneck_2_block_group_projection_block_group2",
    "bottleneck_3_block_group_projection_block_group3",
    "bottleneck_2_block_group_projection_block_group4",
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch = import_torch()
    results = []
    for name, folder, rows, cols, n in shapes(options.quick):
        for sparsity in SPARSITIES:
            result = compare(torch, name, folder, rows, cols, n, sparsity)
            results.append(result)
            if not options.json:
                print(
                    f"{result['name']:<84} {100 * float(sparsity):>3.0f} % {result['pattern']:>7} {n:>6}"
                    f"  cuSPARSE {result['ms']:9.4f} ms  cuBLAS {result['denseMs']:9.4f} ms"
                )
    geomean = {
        sparsity: math.exp(
            statistics.mean(math.log(r["ratio"]) for r in results if r["sparsity"] == float(sparsity))
        )
        for sparsity in SPARSITIES
    }
    report = {
        "benchmark": "torch_spmm",
        "adapter": torch.cuda.get_device_name(),
        "runtime": f"torch {torch.__version__}, CUDA {torch.version.cuda}",
        "results": results,
        "geomean": geomean,
    }
    if options.json:
        print(json.dumps(report, indent=2))
    else:
        for sparsity, mean in geomean.items():
            print(f"geometric mean at {100 * float(sparsity):.0f} %: cuSPARSE {mean:.2f} times as fast as cuBLAS")


def import_torch():
    try:
        import torch
    except ImportError:
        sys.exit("PyTorch is not installed: pip install torch")
    if not torch.cuda.is_available():
        sys.exit("PyTorch sees no CUDA device.")
    # Plain float32, as our kernels compute.
    torch.backends.cuda.matmul.allow_tf32 = False
    return torch


def shapes(quick):
    listed = [(name, "transformer", rows, cols, n) for name, rows, cols in TRANSFORMER for n in TRANSFORMER_COLUMNS]
    listed += [LOGITS, *resnet_shapes()]
    distinct = {}
    for shape in listed:
        distinct.setdefault(shape[2:], shape)
    return [shape for shape in distinct.values() if not quick or shape[0] in QUICK]


def resnet_shapes():
    """The layers of ResNet-50 in the order the original creates them; N: output pixels of one picture, padded."""
    yield ("initial_conv", "rn50", 64, 147, padded(112 * 112))
    side, channels = 56, 64
    for group, blocks in enumerate([3, 4, 6, 3], start=1):
        filters = 64 * 2 ** (group - 1)
        for block in range(blocks):
            out_side = side // 2 if block == 0 and group > 1 else side
            pixels, out_pixels = padded(side * side), padded(out_side * out_side)

            def scope(part):
                if block == 0:
                    return f"bottleneck_{part}_block_group_projection_block_group{group}"
                return f"bottleneck_{part}_block_group{group}_{block}_1"

            if block == 0:
                yield (scope("projection"), "rn50", 4 * filters, channels, out_pixels)
            yield (scope(1), "rn50", filters, channels, pixels)
            yield (scope(2), "rn50", filters, 9 * filters, out_pixels)
            yield (scope(3), "rn50", 4 * filters, filters, out_pixels)
            side, channels = out_side, 4 * filters
    yield ("final_dense", "rn50", 1000, channels, padded(1))


def padded(columns):
    alignment = 4 if columns <= 32 else 8 if columns <= 64 else 16
    return -(-columns // alignment) * alignment


def compare(torch, name, folder, rows, cols, n, sparsity):
    offsets, columns, pattern = read_pattern(torch, name, folder, rows, cols, sparsity)
    torch.manual_seed(0)
    values = torch.rand(len(columns)) * 2 - 1
    sparse = torch.sparse_csr_tensor(offsets, columns, values, size=(rows, cols)).cuda()
    dense = sparse.to_dense()
    b = (torch.rand(cols, n) * 2 - 1).cuda()
    if not torch.allclose(sparse @ b, dense @ b, atol=1e-3):
        sys.exit(f"{name}: cuSPARSE and cuBLAS differ")
    ms, spread = timed(torch, lambda: sparse @ b)
    dense_ms, dense_spread = timed(torch, lambda: dense @ b)
    return {
        "name": f"{name} [{rows}, {cols}]",
        "sparsity": float(sparsity),
        "pattern": pattern,
        "n": n,
        "variant": "cuSPARSE",
        "denseVariant": "cuBLAS fp32",
        "ms": ms,
        "denseMs": dense_ms,
        "ratio": dense_ms / ms,
        "gflops": 2 * len(columns) * n / ms / 1e6,
        "spread": spread,
        "denseSpread": dense_spread,
    }


def read_pattern(torch, name, folder, rows, cols, sparsity):
    """Row offsets and column indices, and whether they are the paper's."""
    path = COLLECTION / folder / "magnitude_pruning" / sparsity / f"{name}.smtx.gz"
    if not path.exists():
        torch.manual_seed(1)
        kept = (torch.rand(rows, cols) >= float(sparsity)).float().to_sparse_csr()
        return kept.crow_indices().int(), kept.col_indices().int(), "random"
    _, offsets, columns = gzip.decompress(path.read_bytes()).decode().strip().split("\n")
    as_tensor = lambda line: torch.tensor([int(number) for number in line.split()], dtype=torch.int32)
    return as_tensor(offsets), as_tensor(columns), "paper"


def timed(torch, work, rounds=20, repeats=10):
    """Median milliseconds by the device's clock, and half the range of the middle half of the samples over it."""
    for _ in range(3):
        work()
    samples = []
    for _ in range(rounds):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        for _ in range(repeats):
            work()
        end.record()
        end.synchronize()
        samples.append(start.elapsed_time(end) / repeats)
    low, median, high = statistics.quantiles(samples, n=4)
    return median, (high - low) / 2 / median


if __name__ == "__main__":
    main()
