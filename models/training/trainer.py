"""What every training run of Pyrite has, whatever trainer takes the loss: checkpoints, resuming, order, metering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import RandomSampler
from transformers import Trainer, TrainerCallback
from transformers.trainer_pt_utils import LengthGroupedSampler

from ..methods import Method
from ..sections import ScheduleSection
from . import gathering
from .checkpoints import Meter
from .objectives import TuningObjective
from .order import EpochOrder
from .processes import Processes
from .tasks.stages import StagedOrder, TrainingStage, staged_schedule


class RecipeTrainer:
    """Put before a trainer's class by :func:`trainer_class`; the names are transformers' ``Trainer``'s."""

    # What the trainer behind it has.
    model: Any
    args: Any
    accelerator: Any
    optimizer: Any
    lr_scheduler: Any
    is_fsdp_enabled: bool

    def __init__(
        self,
        *,
        method: Method,
        objective: TuningObjective,
        meter: Meter,
        processes: Processes,
        stages: Sequence[TrainingStage] = (),
        warmup: float = 0.0,
        **arguments: Any,
    ) -> None:
        self.method, self.objective, self.meter, self.processes = method, objective, meter, processes
        self._stages, self._warmup = stages, warmup
        self.order: EpochOrder | None = None
        super().__init__(**arguments)

    def compute_loss(self, model: Any, inputs: dict[str, Any], *rest: Any, **more: Any) -> Any:
        """The objective's loss, with the batch shown to the method and counted."""
        if model.training:
            seen, learned = self.objective.counts(inputs)
            self.meter.tokens += seen
            self.meter.learned += learned
        self.method.on_batch(self.accelerator.unwrap_model(self.model), self.objective.labelled(inputs))
        return super().compute_loss(model, inputs, *rest, **more)  # type: ignore[misc]

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        chosen = super()._get_train_sampler(train_dataset)  # type: ignore[misc]
        if self._stages:
            lengths = list(chosen.lengths) if isinstance(chosen, LengthGroupedSampler) else None
            per_step = self.args.per_device_train_batch_size * self.args.gradient_accumulation_steps
            self.order = StagedOrder(self._stages, per_step, self.args.seed, lengths, per_step)
        elif isinstance(chosen, EpochOrder):
            self.order = chosen
        elif isinstance(chosen, LengthGroupedSampler):
            self.order = EpochOrder(len(chosen), self.args.seed, list(chosen.lengths), chosen.batch_size)
        elif isinstance(chosen, RandomSampler):
            self.order = EpochOrder(len(chosen), self.args.seed)
        return self.order or chosen  # an objective may have its own

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """transformers', or one that begins again with every stage."""
        if not self._stages or self.lr_scheduler is not None:
            return super().create_scheduler(num_training_steps, optimizer)  # type: ignore[misc]
        kind = self.args.lr_scheduler_type
        self.lr_scheduler = staged_schedule(kind, optimizer or self.optimizer, self._stages, self._warmup)
        self._created_lr_scheduler = True
        return self.lr_scheduler

    def get_decay_parameter_names(self, model: Any) -> list[str]:
        """The parameters with weight decay: transformers' choice, less what the method takes out."""
        names = super().get_decay_parameter_names(model)  # type: ignore[misc]
        return [name for name in names if self.method.decays(name)]

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        # Past trl's own, which write a model card for the hub.
        Trainer._save_checkpoint(self, model, trial)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write what the method learned: whole weights, however they are split over processes."""
        model = self.accelerator.unwrap_model(self.model)
        split = self.processes.split if self.processes.splits_weights else ""
        state = gathering.gather(model, split, self.processes.first, without_frozen=self.method.adds) if split else None
        if self.args.should_save:
            folder = Path(output_dir or self.args.output_dir)
            folder.mkdir(parents=True, exist_ok=True)
            self.method.save(model, folder, state)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if not self.is_fsdp_enabled:
            super()._save_optimizer_and_scheduler(output_dir)  # type: ignore[misc]
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


class MethodSteps(TrainerCallback):  # type: ignore[misc]
    """Tells the method of each step of the optimizer, while its gradients are still there."""

    def __init__(self, method: Method) -> None:
        self._method = method

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Once all accumulated batches have been applied."""
        self._method.on_step(rest["model"], state.global_step)


def trainer_class(objective: TuningObjective) -> type[Any]:
    """The objective's trainer with everything above."""
    return type("Trainer", (RecipeTrainer, objective.trainer()), {})


def common_settings(
    folder: Path,
    schedule: ScheduleSection,
    *,
    steps: int,
    learning_rate: float,
    device: str,
    dtype: str,
    processes: Processes,
    name: str = "pyrite",
) -> Mapping[str, Any]:
    """What every trainer is told of a recipe's schedule; what is saved and when is decided by ``Checkpoints``."""
    return {
        "output_dir": str(folder),
        "per_device_train_batch_size": schedule.batch_size,
        "gradient_accumulation_steps": schedule.accumulation,
        "max_steps": steps,
        "learning_rate": learning_rate,
        "lr_scheduler_type": schedule.scheduler,
        "warmup_steps": round(schedule.warmup * steps),
        "weight_decay": schedule.weight_decay,
        "max_grad_norm": schedule.max_grad_norm,
        "optim": schedule.optimizer,
        "seed": schedule.seed,
        "data_seed": schedule.seed,
        "bf16": dtype == "bfloat16",
        "fp16": dtype == "float16",
        # accelerate does not start DeepSpeed where it is told to use CPUs; DeepSpeed finds them by itself.
        "use_cpu": device == "cpu" and not processes.uses_deepspeed,
        "ddp_backend": processes.backend(device),
        "gradient_checkpointing": schedule.gradient_checkpointing,
        "train_sampling_strategy": "group_by_length" if schedule.group_by_length and not schedule.packing else "random",
        "save_strategy": "no",
        "logging_steps": 1,
        "report_to": list(schedule.report_to) or "none",
        "run_name": name,
        "project": "pyrite",
        "disable_tqdm": True,
        "dataloader_pin_memory": device.startswith("cuda"),
    }
