"""trl's SFTTrainer with Pyrite's loss, checkpoints and resuming.

The loss is the mean negative log-likelihood of the answers' tokens, as trl's; only the positions that predict one of
them pass the output matrix, which on a small model is a fifth of the work.
"""

from __future__ import annotations

import inspect
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from transformers import TrainerCallback
from trl import SFTConfig, SFTTrainer

from ...problems.files import append_lines
from ..methods import Method
from ..sources import RECORD
from .gathering import gather
from .processes import Processes

PREFIX = "checkpoint-"
_ROUND = 16


@dataclass(slots=True)
class Meter:
    """What training has used so far, over all goes."""

    tokens: int = 0
    """Tokens of prompts and answers that went through the model, padding not counted."""
    learned: int = 0
    """Answer tokens that the loss was taken on."""
    seconds: float = 0.0
    loss: float = 0.0
    """The last step's."""


class PyriteTrainer(SFTTrainer):  # type: ignore[misc]
    """One training run of one method."""

    def __init__(self, *, method: Method, meter: Meter, processes: Processes, **arguments: Any) -> None:
        self.method, self.meter, self.processes = method, meter, processes
        super().__init__(**arguments)
        base = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        takes_positions = "logits_to_keep" in inspect.signature(base.forward).parameters
        # Virtual tokens shift positions, and packed rows come without padding: both keep trl's own loss.
        self._narrow = takes_positions and method.packs and not self.args.packing

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """The loss of a batch; ``num_items_in_batch`` is the number of answer tokens of the whole optimizer step."""
        labels = inputs["labels"]
        if model.training:
            mask = inputs.get("attention_mask")
            self.meter.tokens += int(labels.numel() if mask is None else mask.sum().item())
            self.meter.learned += int((labels != -100).sum().item())
        if return_outputs or not self._narrow:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        following = labels[:, 1:]
        needed = (following != -100).any(dim=0).nonzero()
        first, last = int(needed[0]), int(needed[-1])
        first = max(0, last + 1 - -(-(last + 1 - first) // _ROUND) * _ROUND)  # round sizes: see make_config
        columns = torch.arange(first, last + 1, device=labels.device)
        logits = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            use_cache=False,
            logits_to_keep=columns,
        ).logits
        targets = following[:, columns]
        learned = targets != -100
        total = functional.cross_entropy(logits[learned].float(), targets[learned], reduction="sum")
        count = learned.sum() if num_items_in_batch is None else num_items_in_batch
        loss = total / torch.as_tensor(count, device=total.device).clamp(min=1)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            loss = (
                loss * self.accelerator.num_processes
            )  # each process has its part of the tokens; gradients are averaged
        return loss

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        # Past trl's own, which writes a model card for the hub.
        super(SFTTrainer, self)._save_checkpoint(model, trial)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write what the method learned: whole weights, however they are split over processes."""
        model = self.accelerator.unwrap_model(self.model)
        split = self.processes.split if self.processes.splits_weights else ""
        state = gather(model, split, self.processes.first) if split else None
        if self.args.should_save:
            folder = Path(output_dir or self.args.output_dir)
            folder.mkdir(parents=True, exist_ok=True)
            self.method.save(model, folder, state)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if not self.is_fsdp_enabled:
            super()._save_optimizer_and_scheduler(output_dir)
            return
        # As transformers', without the weights, which the checkpoint has already.
        from accelerate.utils import save_fsdp_optimizer

        save_fsdp_optimizer(
            self.accelerator.state.fsdp_plugin, self.accelerator, self.optimizer, self.model, output_dir
        )
        if self.args.should_save:
            torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / "scheduler.pt")

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Nothing: :func:`tune` has put the weights into the model before it was split."""


class Checkpoints(TrainerCallback):  # type: ignore[misc]
    """Saves when the recipe says so, marks what is whole, removes what only served to go on after a stop."""

    def __init__(
        self,
        folder: Path,
        kept: Sequence[int],
        every: int,
        meter: Meter,
        record: Callable[[int, int, int], dict[str, Any]],
        progress: Callable[[int, int, float], None],
    ) -> None:
        self._folder, self._kept, self._every = folder, set(kept), every
        self._meter, self._record, self._progress = meter, record, progress
        self._mark = time.perf_counter()
        self.accelerator: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Start the clock."""
        self._mark = time.perf_counter()

    def on_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **rest: Any) -> None:
        """AdaLoRA gives and takes ranks after each step."""
        allocate = getattr(getattr(model, "base_model", None), "update_and_allocate", None)
        if allocate is not None:
            allocate(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Decide whether this step is saved."""
        now = time.perf_counter()
        self._meter.seconds += now - self._mark
        self._mark = now
        step = state.global_step
        control.should_save = step in self._kept or step % self._every == 0 or step >= state.max_steps

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **rest: Any) -> None:
        """Note the step's loss."""
        if not logs or "loss" not in logs:
            return
        tokens, _ = self._counted(args.device)
        if not state.is_world_process_zero:
            return
        self._meter.loss = float(logs["loss"])
        line = {
            "step": state.global_step,
            "loss": self._meter.loss,
            "learning_rate": logs.get("learning_rate"),
            "tokens": tokens,
            "seconds": round(self._meter.seconds, 3),
        }
        append_lines(self._folder / "training.jsonl", [line])
        self._progress(state.global_step, state.max_steps, self._meter.loss)

    def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """The record is written last: a checkpoint without one is not whole."""
        tokens, learned = self._counted(args.device)  # the others are here only once they have written their part
        if not state.is_world_process_zero:
            return
        step = state.global_step
        target = self._folder / f"{PREFIX}{step}" / RECORD
        draft = target.with_suffix(".part")
        draft.write_text(json.dumps(self._record(step, tokens, learned), indent=1) + "\n", encoding="utf-8")
        draft.replace(target)
        for other, folder in whole_checkpoints(self._folder).items():
            if other < step and other not in self._kept:
                shutil.rmtree(folder)

    def _counted(self, device: Any) -> tuple[int, int]:
        """Tokens seen and learned by all processes; every one takes part."""
        mine = torch.tensor([self._meter.tokens, self._meter.learned], device=device)
        tokens, learned = self.accelerator.reduce(mine, "sum").tolist()
        return int(tokens), int(learned)


def whole_checkpoints(folder: Path) -> dict[int, Path]:
    """Step -> folder of every complete checkpoint, in order of the steps."""
    found = {}
    for path in folder.glob(f"{PREFIX}*"):
        number = path.name.removeprefix(PREFIX)
        if number.isdigit() and (path / RECORD).is_file():
            found[int(number)] = path
    return dict(sorted(found.items()))


def make_config(
    folder: Path,
    schedule: Any,
    *,
    steps: int,
    learning_rate: float,
    device: str,
    dtype: str,
    processes: Processes,
) -> SFTConfig:
    """trl's configuration for a recipe's schedule; what is saved and when is decided by :class:`Checkpoints`."""
    return SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=schedule.batch_size,
        gradient_accumulation_steps=schedule.accumulation,
        max_steps=steps,
        learning_rate=learning_rate,
        lr_scheduler_type=schedule.scheduler,
        warmup_steps=round(schedule.warmup * steps),
        weight_decay=schedule.weight_decay,
        max_grad_norm=schedule.max_grad_norm,
        optim=schedule.optimizer,
        seed=schedule.seed,
        data_seed=schedule.seed,
        bf16=dtype == "bfloat16",
        fp16=dtype == "float16",
        # accelerate does not start DeepSpeed where it is told to use CPUs; DeepSpeed finds them by itself.
        use_cpu=device == "cpu" and not processes.uses_deepspeed,
        ddp_backend=processes.backend(device),
        gradient_checkpointing=schedule.gradient_checkpointing,
        packing=schedule.packing,
        # Few different sizes: on a CPU every new one costs a kernel that is made and kept, and memory used once.
        pad_to_multiple_of=None if schedule.packing else _ROUND,
        max_length=schedule.max_length,
        train_sampling_strategy="group_by_length" if schedule.group_by_length and not schedule.packing else "random",
        dataset_kwargs=None if schedule.packing else {"skip_prepare_dataset": True},
        save_strategy="no",
        logging_steps=1,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=device.startswith("cuda"),
    )
