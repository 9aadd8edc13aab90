"""Imitating answers that the judge called right, and the reference's by another loss, by trl's ``SFTTrainer``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....problems.problem import Problem
from ...prompts import Prompt
from ...sections import ScheduleSection
from .judged_answers import OPTION, Encoder, check_options, check_path, read_judged, record_of, text, texts_of
from .protocol import Lessons
from .supervised import Supervised


class _Chosen(Supervised):
    """With ``pyrite pairs --kind right`` this is rejection sampling (expert iteration, arXiv 2203.14465 without its
    rationalization): sample, keep what is right, imitate, and begin again from the checkpoint."""

    name = "chosen"
    summary = "the chosen answers of a pairs file, token by token; with --kind right: rejection sampling"
    draws = by_task = False

    def check(self, options: Mapping[str, Any]) -> dict[str, Any]:
        complete = check_options(self.name, options, {OPTION: ("", text, "a file's path")})
        check_path(self.name, complete)
        return complete

    def taught(self, options: Mapping[str, Any]) -> frozenset[str]:
        """The texts of the file's problems."""
        return texts_of(options)

    def lessons(
        self, problems: Sequence[Problem], prompt: Prompt, tokenizer: Any, schedule: ScheduleSection, options: Any
    ) -> Lessons:
        from datasets import Dataset

        encoder, seen = Encoder(prompt, tokenizer, schedule.max_length), set()
        rows = []
        for line in read_judged(options[OPTION], "chosen"):
            asked, answer = encoder.prompt(line.problem), encoder.answer(line, "chosen")
            key = (line.problem.id, line.chosen)
            if key not in seen and encoder.fits(line, answer):  # an answer stands in several pairs
                rows.append({"input_ids": [*asked, *answer], "labels": [-100] * len(asked) + answer})
            seen.add(key)
        encoder.refuse_nothing(rows, options[OPTION])
        return Lessons(Dataset.from_list(rows), tuple(encoder.left_out), record_of(options[OPTION], len(rows)))


class _Dft(Supervised):
    name = "dft"
    summary = "the reference's answer, each token's loss times its probability (dynamic finetuning, arXiv 2508.05629)"
    loss_type = "dft"


CHOSEN = _Chosen()
DFT = _Dft()
