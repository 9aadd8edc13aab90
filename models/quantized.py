"""A frozen base in 4 bits while an adapter is tuned on it: QLoRA (arXiv 2305.14314), by bitsandbytes and peft.

Normal floats of 4 bits with doubly quantized constants, as the paper has them (section 3); sums in the recipe's number
format. Only training sees the 4 bits: checkpoints are plain adapters, and answering puts them on the whole weights.
What is not covered: training by several processes that split weights, answering in 4 bits.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from ..feasibility.errors import PyriteError
from .devices import Compute

METHODS: Final = ("lora", "dora", "rslora")
"""What learns beside 4-bit weights without touching them."""


def check_quantized(method: str, source: str, adapter: str | None) -> None:
    """Raises PyriteError for a method that needs whole weights, a tuned source, or when bitsandbytes is missing."""
    if adapter is not None or (Path(source) / "pyrite.json").is_file():
        raise PyriteError(f'{adapter or source} is tuned already: model.load = "4bit" is for plain weights')
    if method not in METHODS:
        raise PyriteError(f'model.load = "4bit" goes with {", ".join(METHODS)}, not with method {method!r}')
    if find_spec("bitsandbytes") is None:
        raise PyriteError('model.load = "4bit" needs bitsandbytes: pip install \'pyrite[qlora]\', or load = "full"')


def loading_options(compute: Compute) -> dict[str, Any]:
    """For transformers' ``from_pretrained``."""
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute.torch_dtype,
    )
    return {"quantization_config": config, "device_map": {"": compute.device}}


def ready_to_train(model: Any, checkpointing: bool) -> Any:
    """The model frozen, with what is small in float32, as peft prepares it."""
    from peft import prepare_model_for_kbit_training

    prepare: Any = prepare_model_for_kbit_training  # peft's has no types
    return prepare(model, use_gradient_checkpointing=checkpointing)
