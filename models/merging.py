"""A tuned model as one plain folder of weights, for programs that know nothing of Pyrite's checkpoints.

What was learned is added into the base's weights in float32 and written once in the number format that is wanted. What
is not covered: methods that cannot be merged, such as prompt tuning and prefix tuning, which put virtual tokens before
the prompt: there are no weights to add them to.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..feasibility.errors import PyriteError
from .devices import Compute
from .embedded import Note, first_line
from .quiet import quiet_transformers
from .sources import Source, load


def is_tuned(source: Source) -> bool:
    """Whether the source is more than a folder of plain weights."""
    return source.kind == "checkpoint" or source.adapter is not None


def write_merged(source: Source, folder: Path, dtype: str, note: Note = lambda text: None) -> dict[str, Any]:
    """Write base and what was learned into ``folder`` as one model with its tokenizer; gives the source's identity.

    Takes 4 bytes of memory a parameter while it works. Raises PyriteError for a method that cannot be merged or a disk
    that is full.
    """
    from safetensors import SafetensorError

    loaded = load(source, Compute("cpu", "float32", "to merge"), note)
    model = loaded.model
    if not loaded.merged:
        learned = loaded.identity.get("method") or _adapter_type(model)
        raise PyriteError(
            f"{source.text}: what {learned} learned cannot be merged into the weights; "
            "answer with --back-end transformers"
        )
    with quiet_transformers():
        try:
            model.to(Compute("cpu", dtype, "to write").torch_dtype).save_pretrained(folder)
            loaded.tokenizer.save_pretrained(folder)
        except (OSError, SafetensorError) as error:
            raise PyriteError(f"the merged weights cannot be written to {folder}: {first_line(error)}") from error
    return loaded.identity


def _adapter_type(model: Any) -> str:
    """peft's name of what is on the model, such as ``prompt_tuning``."""
    kind = getattr(getattr(model, "active_peft_config", None), "peft_type", None)
    return str(getattr(kind, "value", kind) or "the adapter").lower()
