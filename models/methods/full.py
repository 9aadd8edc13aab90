"""Full finetuning: every parameter learns.

Parameters are kept in float32 while they learn and in checkpoints (bfloat16 has 8 bits of mantissa, and small updates
would be lost); to answer they are loaded in the base model's own format.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...feasibility.errors import PyriteError
from .protocol import Method, Restored

_DEFAULTS = {"freeze_embeddings": False}


class _Full(Method):
    name = "full"
    summary = "every parameter learns"
    learning_rate = 2e-5

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        for name, value in options.items():
            if name not in _DEFAULTS:
                raise PyriteError(f"method 'full' has no option {name!r}; it has {', '.join(_DEFAULTS)}")
            if not isinstance(value, bool):
                raise PyriteError(f"method 'full': {name} is true or false, not {value!r}")
        return {**_DEFAULTS, **options}

    def prepare(self, model: Any, options: Mapping[str, Any], helper: Any = None) -> Any:
        model.float().requires_grad_(True)
        if options["freeze_embeddings"]:
            model.get_input_embeddings().requires_grad_(False)
            model.get_output_embeddings().requires_grad_(False)
        return model

    def save(self, model: Any, folder: Path, state: Mapping[str, Any] | None = None) -> None:
        if state is None:
            model.save_pretrained(folder)
            return
        tied = getattr(model, "all_tied_weights_keys", None) or {}  # gathered, they are copies that nothing would drop
        model.save_pretrained(folder, state_dict={name: state[name] for name in state if name not in tied})

    def resume(self, model: Any, folder: Path) -> None:
        _load_weights(model, folder)

    def restore(self, model: Any, folder: Path, helper: Any = None) -> Restored:
        _load_weights(model, folder)
        return Restored(model)


def _load_weights(model: Any, folder: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise PyriteError(f"{folder} holds no *.safetensors")
    missing = set(model.state_dict())
    for file in files:
        try:
            weights = load_file(file)
            unexpected = model.load_state_dict(weights, strict=False).unexpected_keys
        except (OSError, SafetensorError, RuntimeError, ValueError) as error:
            first = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise PyriteError(f"{file} does not belong to this model: {first}") from error
        if unexpected:
            raise PyriteError(f"{file} does not belong to this model: it has {unexpected[0]!r}")
        missing -= set(weights)
    tied = set(getattr(model, "_tied_weights_keys", None) or ())
    if missing - tied:
        raise PyriteError(f"{folder} does not belong to this model: it lacks {min(missing - tied)!r}")


FULL = _Full()
