"""Checkpoints of a run: saved when the recipe says so, marked when whole, found again after a stop."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from ...feasibility.disk import plain_file, shaped, write_whole
from ...feasibility.errors import PyriteError
from ...problems.lines import append_lines, read_lines, write_lines
from ..card import CARD, card
from ..embedded import first_line
from ..sections import Recipe
from ..sources import RECORD, read_record

PREFIX = "checkpoint-"
FOR_RESUMING = ("optimizer.pt", "scheduler.pt", "rng_state.pth", "scaler.pt")
"""Files of a checkpoint that only serve to go on from it."""


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


class Checkpoints(TrainerCallback):  # type: ignore[misc]
    """Saves when the recipe says so, marks what is whole, removes what only served to go on after a stop."""

    def __init__(
        self,
        folder: Path,
        kept: Sequence[int],
        every: int,
        meter: Meter,
        record: Callable[[int, int, int, float, float], dict[str, Any]],
        progress: Callable[[int, int, float], None],
    ) -> None:
        self._folder, self._kept, self._every = folder, set(kept), every
        self._meter, self._record, self._progress = meter, record, progress
        self._mark = time.perf_counter()
        self.trainer: Any = None  # set when there is one: it takes its callbacks when it is made

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Start the clock."""
        self._mark = time.perf_counter()

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Tell the order of the examples which epoch begins, or goes on after a stop."""
        order = self.trainer.order
        if order is not None:
            order.epoch = int(state.epoch or 0)

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
            **{name: logs[name] for name in self.trainer.objective.logged if name in logs},
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
        record = self._record(step, tokens, learned, self._meter.loss, self._meter.seconds)
        write_whole(target.with_name(CARD), card(record))  # in the place of peft's blank one
        write_whole(target, json.dumps(record, indent=1) + "\n")
        for other, folder in whole_checkpoints(self._folder).items():
            if other < step and other not in self._kept:
                shutil.rmtree(folder)

    def _counted(self, device: Any) -> tuple[int, int]:
        """Tokens seen and learned by all processes; every one takes part."""
        mine = torch.tensor([self._meter.tokens, self._meter.learned], device=device)
        tokens, learned = self.trainer.accelerator.reduce(mine, "sum").tolist()
        return int(tokens), int(learned)


def whole_checkpoints(folder: Path) -> dict[int, Path]:
    """Step -> folder of every complete checkpoint, in order of the steps."""
    found = {}
    for path in folder.glob(f"{PREFIX}*"):
        step = _step(path)
        if step is not None and (path / RECORD).is_file():
            found[step] = path
    return dict(sorted(found.items()))


def earlier(folder: Path, recipe: Recipe) -> tuple[dict[int, Path], dict[str, Any]]:
    """Whole checkpoints of this very recipe with the last one's record (empty when there is none).

    Half-written ones of this tuning are removed. Those of another recipe, links, and folders of such a name that this
    tuning's log does not account for are refused.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PyriteError(f"{folder} cannot be made: {first_line(error)}") from error
    done = whole_checkpoints(folder)
    for step, path in done.items():
        record = read_record(path)
        if record.get("recipe_digest") != recipe.digest:
            raise PyriteError(f"{folder} holds checkpoint {step} of another recipe; give another folder")
        with shaped(path / RECORD, "record"):
            if int(record["step"]) != step or int(record["examples"]) < 0:
                raise ValueError(f"step {record['step']}")
    _remove_half_written(folder, done)
    if not done:
        return done, {}
    return done, {"processes": {"count": 1, "split": ""}, **read_record(done[max(done)])}


def _remove_half_written(folder: Path, done: Mapping[int, Path]) -> None:
    """What this tuning began to save and did not finish; its log had noted the step before."""
    log = folder / "training.jsonl"
    logged = {line.get("step") for line in read_lines(log)} if plain_file(log) and log.stat().st_size else set()
    for path in folder.glob(f"{PREFIX}*"):
        step = _step(path)
        if step is None:
            continue
        if path.is_symlink():
            raise PyriteError(f"{path} is a link; nothing is written through links: remove it, or give another folder")
        if step in done or not path.is_dir():
            continue
        if step not in logged and any(path.iterdir()):
            raise PyriteError(f"{path} is no checkpoint of this tuning: move it away, or give another folder")
        shutil.rmtree(path)


def _step(path: Path) -> int | None:
    """The step of a checkpoint's folder; None for a name that is none."""
    number = path.name.removeprefix(PREFIX)
    return int(number) if number.isascii() and number.isdecimal() else None


def rewind_log(path: Path, step: int) -> None:
    """Forget logged steps that will be made again."""
    if path.exists():
        lines = read_lines(path)
        write_lines(path, (line for line in lines if line.get("step", 0) <= step))
