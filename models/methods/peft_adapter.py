"""Every method of the installed peft, through peft's own configuration classes: one adapter, not one file each.

``method.name`` is peft's type in lower case (``lora``, ``ia3``, ``vera``, ``oft``, ``prompt_tuning``, ...) or one of
the aliases below; ``[method.options]`` is handed to the type's configuration class, whose fields are the only options.

What is not covered: types that need more than a configuration, listed with the reason in ``NOT_COVERED``.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ...feasibility.errors import PyriteError
from .protocol import Method, Restored

# Names that papers use for a setting of another type.
ALIASES: dict[str, tuple[str, dict[str, Any], str]] = {
    "dora": ("lora", {"use_dora": True}, "weight-decomposed LoRA, arXiv 2402.09353"),
    "rslora": ("lora", {"use_rslora": True}, "LoRA scaled by alpha/sqrt(r), arXiv 2312.03732"),
    "pissa": (
        "lora",
        {"init_lora_weights": "pissa"},
        "LoRA started at the principal singular values, arXiv 2404.02948",
    ),
}
NOT_COVERED: dict[str, str] = {
    "xlora": "it mixes adapters that exist already",
    "poly": "it needs a task number with each example",
    "multitask_prompt_tuning": "it needs a task number with each example",
    "cpt": "it takes its own loss over typed context tokens",
    "shadow": "its hidden states are not plain tensors, which the installed transformers expects",
}
# Types whose own choice of modules is part of the method; for the others a recipe without target_modules means all
# linear layers, which is where LoRA-like methods are reported to work best (arXiv 2305.14314, section 4).
_OWN_TARGETS = frozenset({"ia3", "ln_tuning", "adaption_prompt", "trainable_tokens", "beft"})
# AdaLoRA gives and takes ranks; OSF keeps parts of a factorization orthogonal to each other.
_NOT_BLENDED = frozenset({"adalora", "osf"})
_LEARNING_RATES = {
    "prompt_tuning": 3e-2,
    "p_tuning": 1e-2,
    "prefix_tuning": 1e-2,
    "ia3": 3e-3,
    "ln_tuning": 1e-3,
    "vera": 4e-3,
}


@cache
def _configs() -> dict[str, type[Any]]:
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

    return {kind.value.lower(): config for kind, config in PEFT_TYPE_TO_CONFIG_MAPPING.items()}


def peft_names() -> list[str]:
    """Aliases and every type that the installed peft has a configuration for."""
    names = [name for name in _configs() if name not in NOT_COVERED]
    names[1:1] = ALIASES  # beside lora, which they belong to
    return names


def peft_method(name: str) -> PeftMethod:
    """The method of that name, which is one of :func:`peft_names`."""
    return PeftMethod(name)


class PeftMethod(Method):
    """One of peft's methods behind Pyrite's Protocol."""

    adds = True

    def __init__(self, name: str) -> None:
        self.name = name
        self._kind, self._preset, note = ALIASES.get(name, (name, {}, ""))
        self._config = _configs()[self._kind]
        documentation = (self._config.__doc__ or "").strip().splitlines()
        self.summary = note or (documentation[0].strip() if documentation else f"peft's {self._config.__name__}")
        fields = {field.name for field in dataclasses.fields(self._config)}
        self._fields = fields
        # Prompt-learning methods put virtual tokens before each row, so that a row can hold one example only.
        self.packs = self.narrow = "num_virtual_tokens" not in fields
        self.blends = self._kind not in _NOT_BLENDED
        self.learning_rate = _LEARNING_RATES.get(self._kind, 2e-4)

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options with the method's presets; peft's own checks run on them."""
        for key in options:
            if key not in self._fields:
                near = difflib.get_close_matches(key, self._fields, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"see peft's {self._config.__name__}"
                raise PyriteError(f"method {self.name!r} has no option {key!r}; {hint}")
        complete = {**self._preset, **options}
        if "target_modules" in self._fields and self._kind not in _OWN_TARGETS:
            complete.setdefault("target_modules", "all-linear")
        if "num_virtual_tokens" in self._fields:
            complete.setdefault("num_virtual_tokens", 20)
        self._make(complete)
        return complete

    def prepare(self, model: Any, options: Mapping[str, Any], helper: Any = None) -> Any:
        """The model wrapped by peft; adapters are float32, the frozen base stays as loaded."""
        from peft import get_peft_model

        config = self._make(dict(options))
        try:
            wrapped = get_peft_model(model, config)
        except (ValueError, TypeError, KeyError, NotImplementedError, AttributeError, ImportError) as error:
            raise PyriteError(f"method {self.name!r} does not fit this model: {_first_line(error)}") from error
        for parameter in wrapped.parameters():
            if parameter.requires_grad and parameter.is_floating_point():
                parameter.data = parameter.data.float()
        return wrapped

    def save(self, model: Any, folder: Path, state: Mapping[str, Any] | None = None) -> None:
        """Write adapter_config.json and adapter_model.safetensors."""
        model.save_pretrained(folder, state_dict=None if state is None else dict(state))

    def resume(self, model: Any, folder: Path) -> None:
        """Read the adapter's weights back into the wrapped model."""
        from peft import load_peft_weights, set_peft_model_state_dict

        set_peft_model_state_dict(model, load_peft_weights(str(folder), device="cpu"))

    def restore(self, model: Any, folder: Path, helper: Any = None) -> Restored:
        """The base model with the adapter, merged into its weights where the type can be merged."""
        return restore_adapter(model, folder)

    def inner(self, model: Any) -> Any:
        """The model that peft has wrapped."""
        return model.get_base_model()

    def on_step(self, model: Any, step: int) -> None:
        """AdaLoRA gives and takes ranks after each step."""
        allocate = getattr(model.base_model, "update_and_allocate", None)
        if allocate is not None:
            allocate(step)

    def check_split(self, model: Any) -> None:
        """See that everything the adapter keeps also learns: the rest is not gathered from split weights."""
        reason = _needs_whole_weights(model)
        if reason:
            raise PyriteError(f"method {self.name!r} does not go with weights split over processes: {reason}; use ddp")

    def _make(self, options: dict[str, Any]) -> Any:
        try:
            return self._config(**({"task_type": "CAUSAL_LM"} | options if "task_type" in self._fields else options))
        except (TypeError, ValueError, KeyError, ImportError, NotImplementedError) as error:
            raise PyriteError(f"method {self.name!r}: {_first_line(error)}") from error


def restore_adapter(model: Any, folder: Path) -> Restored:
    """Put any peft adapter folder on a freshly loaded model. Raises PyriteError when it does not fit.

    A merged model answers about twice as fast on a CPU; its sums are rounded once more, to the base's number format.
    An adapter on a weight that another module shares (``lm_head`` of a model with tied embeddings) is not merged, for
    the other module would then change too.
    """
    from peft import PeftModel

    try:
        wrapped = PeftModel.from_pretrained(model, str(folder))
    except Exception as error:
        raise PyriteError(f"the adapter {folder} does not fit this base model: {_first_line(error)}") from error
    virtual = any(config.is_prompt_learning for config in wrapped.peft_config.values())
    unmerged = Restored(wrapped, inner=wrapped.get_base_model(), merged=False, plain_generate=virtual)
    merge = getattr(wrapped.base_model, "merge_and_unload", None)
    if merge is None or _on_shared_weights(wrapped):
        return unmerged
    try:
        return Restored(merge())
    except (NotImplementedError, ValueError, AttributeError, TypeError):
        return unmerged  # some types, and some settings of a type, cannot be merged; they answer as they are


def _on_shared_weights(wrapped: Any) -> bool:
    """Whether the adapter sits on a weight that the model uses in another place as well."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    uses: dict[int, set[str]] = {}
    for name, module in wrapped.named_modules():
        weight = getattr(module, "weight", None) if not isinstance(module, BaseTunerLayer) else None
        if weight is not None:
            uses.setdefault(id(weight), set()).add(name)
    layers = [module for module in wrapped.modules() if isinstance(module, BaseTunerLayer)]
    weights = [getattr(layer.get_base_layer(), "weight", None) for layer in layers]
    return any(len(uses.get(id(weight), ())) > 1 for weight in weights if weight is not None)


def _needs_whole_weights(model: Any) -> str:
    from peft import get_peft_model_state_dict

    if any(config.is_prompt_learning for config in model.peft_config.values()):
        return "its virtual tokens are computed from whole weights"
    if hasattr(model.base_model, "update_and_allocate"):
        return "it looks at whole gradients"
    whole = model.state_dict()
    parameters = model.named_parameters(remove_duplicate=False)
    frozen = {name for name, parameter in parameters if not parameter.requires_grad}
    learned = {key: value for key, value in whole.items() if key not in frozen}
    missing = set(get_peft_model_state_dict(model, whole)) - set(get_peft_model_state_dict(model, learned))
    return f"it keeps parameters that do not learn ({min(missing)})" if missing else ""


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
