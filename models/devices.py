"""Where a model runs and in which number format: chosen sensibly, shown, overridable.

What is not covered: several devices for one model (``device_map``); training on several goes through ``accelerate``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from ..feasibility.errors import PyriteError
from ..feasibility.workers.limits import usable_cores

if TYPE_CHECKING:
    import torch

DtypeName: TypeAlias = Literal["auto", "bfloat16", "float16", "float32"]
DTYPES = ("auto", "bfloat16", "float16", "float32")


@dataclass(frozen=True, slots=True)
class Compute:
    """A device (``cuda``, ``cuda:1``, ``mps``, ``cpu``) and a number format, with the reason for both."""

    device: str
    dtype: str
    reason: str
    threads: int = 0

    @property
    def torch_dtype(self) -> torch.dtype:
        """The number format as torch calls it."""
        import torch

        found = getattr(torch, self.dtype)
        assert isinstance(found, torch.dtype)
        return found

    def describe(self) -> str:
        """One line for people."""
        threads = f", {self.threads} threads" if self.device == "cpu" else ""
        return f"{self.device}, {self.dtype}{threads} ({self.reason})"


def choose_compute(device: str = "auto", dtype: str = "auto", threads: int = 0) -> Compute:
    """Choose what was left to ``auto``; check what was asked for.

    cuda before mps before cpu; bfloat16 where the hardware has instructions for it, else float32. ``threads`` 0 means
    every usable core; it is set in torch for the whole process. Raises PyriteError when the device does not exist here.
    """
    import torch

    if dtype not in DTYPES:
        raise PyriteError(f"dtype is one of {', '.join(DTYPES)}, not {dtype!r}")
    chosen, why = (device, "asked for") if device != "auto" else _best_device()
    kind = chosen.split(":")[0]
    if kind not in ("cuda", "mps", "cpu"):
        raise PyriteError(f"device is auto, cuda, cuda:N, mps or cpu, not {device!r}")
    if kind == "cuda":
        number = chosen.partition(":")[2]
        if not torch.cuda.is_available():
            raise PyriteError(f"device {device!r}: torch sees no CUDA device here; use --device cpu or auto")
        if number and not (number.isdigit() and int(number) < torch.cuda.device_count()):
            raise PyriteError(f"device {device!r}: there are {torch.cuda.device_count()} CUDA devices, counted from 0")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise PyriteError("device 'mps': torch sees no Apple GPU here; use --device cpu or auto")
    cores = 0
    if kind == "cpu":
        cores = threads or usable_cores()
        torch.set_num_threads(cores)
    if dtype != "auto":
        return Compute(chosen, dtype, why, cores)
    fast, because = _fast_bfloat16(kind)
    return Compute(chosen, "bfloat16" if fast else "float32", f"{why}; {because}", cores)


def _best_device() -> tuple[str, str]:
    import torch

    if torch.cuda.is_available():
        return "cuda", "a CUDA device is there"
    if torch.backends.mps.is_available():
        return "mps", "an Apple GPU is there"
    return "cpu", "no GPU is there"


def _fast_bfloat16(kind: str) -> tuple[bool, str]:
    import torch

    if kind == "cuda":
        fast = torch.cuda.get_device_capability() >= (8, 0)
        return fast, "bfloat16 is fast on it" if fast else "too old for bfloat16"
    if kind == "mps":
        return False, "bfloat16 is not dependable on mps"
    # Without these instructions torch emulates bfloat16, which is slower than float32.
    for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        probe = getattr(torch.cpu, name, None)
        if probe is not None and probe():
            return True, "the processor has bfloat16 instructions"
    return False, "the processor has no bfloat16 instructions"
