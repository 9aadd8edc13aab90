"""DPO and KTO: learning from judged answers against a reference, by trl's trainers.

The reference is the model that ``[model]`` names, as it is before any method touches it. What it says of every answer
is computed once before training: the same for LoRA, full tuning or LoReFT, without a second copy in memory. Methods
that do not begin at the base itself (LoReFT without ``identity_start``, prompt tuning) begin away from their reference.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from ....feasibility.errors import PyriteError
from ....problems.problem import Problem
from ...methods import Method
from ...prompts import Prompt
from ...sections import ScheduleSection
from .judged_answers import (
    OPTION,
    Encoder,
    check_options,
    check_path,
    log_likelihoods,
    number,
    read_judged,
    record_of,
    text,
    texts_of,
    with_columns,
)
from .protocol import Lessons, TuningObjective

DPO_LOSSES = (
    "sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "aot", "aot_unpaired",
    "apo_zero", "apo_down", "discopop", "sft", "sigmoid_norm",
)  # fmt: skip
"""trl 1.16's loss types; a test holds them against its source."""


class PreferenceObjective(TuningObjective):
    """What DPO and KTO share."""

    draws = False
    referred: Mapping[str, str] = {}
    """Column of what the reference says of an answer -> column of the answer's tokens."""
    order = "random"
    """trl's word for the order of the rows."""

    @abstractmethod
    def classes(self) -> tuple[type[Any], type[Any]]:
        """The trainer, and trl's class of its configuration."""

    def trainer(self) -> type[Any]:
        """trl's, on tokens and likelihoods that are there already."""
        return self.classes()[0]

    def configure(self, settings: Mapping[str, Any], schedule: ScheduleSection, options: Mapping[str, Any]) -> Any:
        """Every option but the file is one of trl's."""
        return self.classes()[1](
            **{**settings, "train_sampling_strategy": self.order},
            **{name: value for name, value in options.items() if name != OPTION},
            max_length=schedule.max_length,
            precompute_ref_log_probs=True,
        )

    def refer(self, lessons: Lessons, model: Any, tokenizer: Any, batch_size: int) -> Lessons:
        """The lessons with log p(answer | prompt) of the model before it is tuned."""
        rows = lessons.dataset.to_list()
        columns = {}
        for column, ids in self.referred.items():
            answers = [(row["prompt_ids"], row[ids]) for row in rows]
            columns[column] = log_likelihoods(model, answers, tokenizer.pad_token_id or 0, batch_size)
        return with_columns(lessons, columns)

    def check_recipe(self, method: Method, schedule: ScheduleSection) -> None:
        """Rows hold one example: packing is for supervised tuning."""
        if schedule.packing:
            raise PyriteError(f"schedule.packing does not go with objective {self.name!r}: a row holds one answer")

    def taught(self, options: Mapping[str, Any]) -> frozenset[str]:
        """The texts of the file's problems."""
        return texts_of(options)

    def labelled(self, batch: Mapping[str, Any]) -> Mapping[str, Any]:
        """The batch with the prompt's and the padding's labels at -100."""
        labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
        return {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"], "labels": labels}

    def counts(self, batch: Mapping[str, Any]) -> tuple[int, int]:
        """Tokens of all answers with their prompts, and of the answers."""
        return int(batch["attention_mask"].sum().item()), int(batch["completion_mask"].sum().item())


def _losses(value: Any) -> bool:
    names = [value] if isinstance(value, str) else value
    return isinstance(names, list | tuple) and bool(names) and all(name in DPO_LOSSES for name in names)


def _weights(value: Any) -> bool:
    return value is None or (isinstance(value, list | tuple) and all(map(number(0), value)))


class _Dpo(PreferenceObjective):
    name = "dpo"
    summary = "a chosen answer against a rejected one, by trl's DPOTrainer and its loss types (arXiv 2305.18290)"
    referred: Mapping[str, str] = {"ref_chosen_logps": "chosen_ids", "ref_rejected_logps": "rejected_ids"}
    logged = (
        "logps/chosen",
        "logps/rejected",
        "rewards/chosen",
        "rewards/rejected",
        "rewards/accuracies",
        "rewards/margins",
    )

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        known = {
            OPTION: ("", text, "a file's path"),
            "beta": (0.1, number(0, above=True), "a number above 0"),
            "loss_type": ("sigmoid", _losses, f"one of {', '.join(DPO_LOSSES)}, or a list of them"),
            "loss_weights": (None, _weights, "a list of numbers, one a loss type"),
            "label_smoothing": (0.0, number(0, 0.5), "a number from 0 to 0.5"),
        }
        complete = check_options(self.name, options, known)
        check_path(self.name, complete)
        losses = complete["loss_type"]
        complete["loss_type"] = [losses] if isinstance(losses, str) else list(losses)
        weights = complete["loss_weights"]
        if weights is not None and len(weights) != len(complete["loss_type"]):
            raise PyriteError(f"objective 'dpo': {len(weights)} loss_weights do not go with loss_type {losses!r}")
        if "exo_pair" in complete["loss_type"] and not complete["label_smoothing"]:
            raise PyriteError("objective 'dpo': exo_pair needs label_smoothing above 0 (its paper takes 1e-3)")
        return complete

    def lessons(
        self, problems: Sequence[Problem], prompt: Prompt, tokenizer: Any, schedule: ScheduleSection, options: Any
    ) -> Lessons:
        from datasets import Dataset

        encoder, rows = Encoder(prompt, tokenizer, schedule.max_length), []
        for pair in read_judged(options[OPTION], "chosen", "rejected"):
            chosen, rejected = encoder.answer(pair, "chosen"), encoder.answer(pair, "rejected")
            if encoder.fits(pair, chosen, rejected):
                rows.append(
                    {"prompt_ids": encoder.prompt(pair.problem), "chosen_ids": chosen, "rejected_ids": rejected}
                )
        encoder.refuse_nothing(rows, options[OPTION])
        return Lessons(Dataset.from_list(rows), tuple(encoder.left_out), record_of(options[OPTION], len(rows)))

    def classes(self) -> tuple[type[Any], type[Any]]:
        from trl import DPOConfig

        from .preference_trainers import PairTrainer

        return PairTrainer, DPOConfig


class _Kto(PreferenceObjective):
    name = "kto"
    summary = "single answers, each right or wrong, by trl's KTOTrainer (arXiv 2402.01306)"
    referred: Mapping[str, str] = {"ref_logps": "completion_ids", "ref_KL_logps": "KL_completion_ids"}
    order = "sequential"  # batches stay as they were paired
    logged = ("kl", "logps/chosen", "logps/rejected", "rewards/chosen", "rewards/rejected", "rewards/margins")

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        known = {
            OPTION: ("", text, "a file's path"),
            "beta": (0.1, number(0, above=True), "a number above 0"),
            "loss_type": ("kto", lambda value: value in ("kto", "apo_zero_unpaired"), "kto or apo_zero_unpaired"),
            "desirable_weight": (1.0, number(0, above=True), "a number above 0"),
            "undesirable_weight": (1.0, number(0, above=True), "a number above 0"),
        }
        complete = check_options(self.name, options, known)
        check_path(self.name, complete)
        return complete

    def check_recipe(self, method: Method, schedule: ScheduleSection) -> None:
        super().check_recipe(method, schedule)
        if schedule.batch_size < 2:
            raise PyriteError(
                "objective 'kto' needs schedule.batch_size from 2: its KL term pairs the answers of a batch"
            )

    def lessons(
        self, problems: Sequence[Problem], prompt: Prompt, tokenizer: Any, schedule: ScheduleSection, options: Any
    ) -> Lessons:
        import random

        from datasets import Dataset

        encoder = Encoder(prompt, tokenizer, schedule.max_length)
        rows: list[dict[str, Any]] = []
        for line in read_judged(options[OPTION]):
            for side in ("chosen", "rejected"):
                if getattr(line, side) is None:
                    continue
                answer = encoder.answer(line, side)
                row = {"prompt_ids": encoder.prompt(line.problem), "completion_ids": answer, "label": side == "chosen"}
                if encoder.fits(line, answer) and row not in rows:  # an answer stands in several pairs
                    rows.append(row)
        encoder.refuse_nothing(rows, options[OPTION])
        for label, word in ((True, "right"), (False, "wrong")):
            if not any(row["label"] is label for row in rows):
                raise PyriteError(f"objective 'kto' needs right and wrong answers; {options[OPTION]} has no {word} one")
        random.Random(schedule.seed).shuffle(rows)  # noqa: S311 - an order, no secret
        size = schedule.batch_size
        kept = len(rows) - len(rows) % size if len(rows) >= size else len(rows)
        rows = rows[:kept]  # so that batches stay as they were paired
        for start in range(0, kept, size):
            batch = rows[start : start + size]
            answers = [row["completion_ids"] for row in batch]
            for row, other in zip(batch, [answers[-1], *answers[:-1]], strict=True):
                row["KL_completion_ids"] = other
        return Lessons(Dataset.from_list(rows), tuple(encoder.left_out), record_of(options[OPTION], len(rows)))

    def classes(self) -> tuple[type[Any], type[Any]]:
        from trl import KTOConfig

        from .preference_trainers import LabelTrainer

        return LabelTrainer, KTOConfig


DPO = _Dpo()
KTO = _Kto()
