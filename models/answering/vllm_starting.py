"""Starting vLLM: what it is told, what it may not do, and what it says when it does not start.

The engine runs in this process, so that its steps come in a fixed order and nothing outlives a kill. What vLLM prints
is dropped; ``PYRITE_DEBUG=1`` shows it. Several GPUs are passed to
vLLM (``tensor_parallel_size``), which starts its own processes for them.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ...feasibility.errors import PyriteError
from ..devices import Compute
from ..embedded import first_line
from ..quiet import quiet_descriptors, quiet_transformers
from .stopping import end_tokens

_ENVIRONMENT = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",  # standard output is for results
    "VLLM_NO_USAGE_STATS": "1",  # vLLM reports to its makers otherwise
}
_LEAST_CACHE = 64 << 20  # bytes


def require_vllm() -> None:
    """Raises ModuleNotFoundError when vLLM is not installed; quick, nothing is imported."""
    if importlib.util.find_spec("vllm") is None:
        raise ModuleNotFoundError("No module named 'vllm'", name="vllm")


def check_device(compute: Compute) -> None:
    """Raises PyriteError for devices that vLLM cannot be given."""
    if compute.device.startswith("cuda:"):
        raise PyriteError(
            f"vLLM takes the first GPU that it sees: --device cuda and CUDA_VISIBLE_DEVICES choose, not "
            f"{compute.device}"
        )
    if compute.device not in ("cuda", "cpu"):
        raise PyriteError(f"vLLM does not run on {compute.device}; answer with --back-end transformers")


def engine_arguments(
    folder: Path, compute: Compute, config: Any, room: int, rows: int, parallel: int = 1
) -> dict[str, Any]:
    """For vLLM's EngineArgs. ``room`` is the tokens of the longest prompt with its answer, ``rows`` answers at once.

    ``parallel`` GPUs share the model. Raises PyriteError when its attention heads cannot be shared out among them.

    On a GPU the memory is vLLM's own choice (nine tenths of it); on a CPU it is what the rows need, at most a quarter
    of the machine's, unless ``VLLM_CPU_KVCACHE_SPACE`` (GiB) says otherwise.
    """
    found: dict[str, Any] = {
        "model": str(folder),
        "dtype": compute.dtype,
        "max_model_len": room,
        "max_num_seqs": rows,
        "seed": 0,
        "use_tqdm_on_load": False,
        "disable_log_stats": True,
        "structured_outputs_config": {"backend": "guidance"},
    }
    if parallel > 1:
        heads = int(config.num_attention_heads)
        if heads % parallel:
            raise PyriteError(f"--tensor-parallel {parallel} does not divide the model's {heads} attention heads")
        found["tensor_parallel_size"] = parallel
    if compute.device == "cpu":
        # Compiling takes minutes and a C++ compiler, for answers that take seconds.
        found["enforce_eager"] = True
        found["kv_cache_memory_bytes"] = _cache_bytes(config, compute.dtype, room, rows)
    return found


def _cache_bytes(config: Any, dtype: str, room: int, rows: int) -> int:
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    position = 2 * config.num_hidden_layers * heads * width * (4 if dtype == "float32" else 2)
    blocks = (room // 128 + 1) * rows + 1  # vLLM's blocks on a CPU hold 128 positions, and one is kept empty
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return int(max(_LEAST_CACHE, min(blocks * 128 * position, memory // 4)))


def start_engine(arguments: dict[str, Any], device: str) -> Any:
    """vLLM's engine. Raises PyriteError, one line, when it does not start. ``PYRITE_DEBUG=1`` shows what it says."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if not os.environ.get("PYRITE_DEBUG"):
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "CRITICAL")
    try:
        with quiet_descriptors():
            from vllm import EngineArgs, LLMEngine
            from vllm.platforms import current_platform

            if current_platform.device_type == device:
                return LLMEngine.from_engine_args(EngineArgs(**arguments))
    except (
        ValueError,
        RuntimeError,
        MemoryError,
        OSError,
        ImportError,
        TypeError,
        AttributeError,
        LookupError,
    ) as error:
        reason = " ".join(str(error).split())[:400] or type(error).__name__
        raise PyriteError(f"vLLM could not start: {reason}") from error
    raise PyriteError(f"this vLLM was built for {current_platform.device_type}, not for {device}; see --device")


def read_config(folder: Path, tokenizer: Any) -> tuple[Any, frozenset[int]]:
    """The language model's configuration, and every token that ends an answer."""
    from transformers import AutoConfig, GenerationConfig

    with quiet_transformers():
        try:
            config = AutoConfig.from_pretrained(folder, local_files_only=True).get_text_config()
            if (folder / "generation_config.json").is_file():
                generation = GenerationConfig.from_pretrained(folder, local_files_only=True)
            else:
                generation = GenerationConfig.from_model_config(config)
        except (OSError, ValueError, KeyError) as error:
            raise PyriteError(f"{folder} cannot be read as a language model: {first_line(error)}") from error
    if len(tokenizer) > config.vocab_size:
        raise PyriteError(
            f"{folder}: the tokenizer has {len(tokenizer)} tokens and the model knows {config.vocab_size}"
        )
    return config, end_tokens(SimpleNamespace(generation_config=generation), tokenizer)
