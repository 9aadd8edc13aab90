"""Reading what ``pyrite pairs`` wrote: answers with their problems, as tokens."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ....feasibility.errors import PyriteError
from ....problems.lines import read_lines
from ....problems.problem import Problem
from ...embedded import file_sha256
from ...prompts import Prompt
from .protocol import Lessons

OPTION = "answers"
"""The option of every objective that learns from judged answers: the file's path."""


@dataclass(frozen=True, slots=True)
class JudgedAnswers:
    """One line of the file: a problem with a chosen answer, a rejected one, or both."""

    problem: Problem
    chosen: str | None
    rejected: str | None
    cut: tuple[str, ...] = ()
    """The sides that the limit of tokens ended: they are taught without an end."""


def check_path(name: str, options: Mapping[str, Any]) -> str:
    """The file's path among the options. Raises PyriteError when there is none."""
    path = options.get(OPTION)
    if not isinstance(path, str) or not path:
        raise PyriteError(f"objective {name!r} needs {OPTION} = a file that `pyrite pairs` wrote, under its options")
    return path


def read_judged(path: str, *sides: str) -> list[JudgedAnswers]:
    """The lines of the file that have these sides (``chosen``, ``rejected``). Raises PyriteError for a file that is
    none, for held-out problems in it, and when no line is left."""
    if not Path(path).is_file():
        raise PyriteError(f"there is no file {path}; write one with `pyrite pairs RUN... --out {path}`")
    found = []
    lines = read_lines(path)
    for number, line in enumerate(lines, 1):
        try:
            one = _read(line)
        except PyriteError as error:
            raise PyriteError(f"{path}, line {number}: {error.message}") from error
        if one.problem.split not in (None, "train"):
            raise PyriteError(
                f"{path}, line {number}: problem {one.problem.id!r} is held out (split {one.problem.split!r})"
            )
        if all(getattr(one, side) is not None for side in sides):
            found.append(one)
    if not found:
        raise PyriteError(f"{path}: none of its {len(lines)} lines has a {' and a '.join(sides) or 'known'} answer")
    return found


def texts_of(options: Mapping[str, Any]) -> frozenset[str]:
    """The texts of the problems of the file that the options name."""
    return frozenset(line.problem.text for line in read_judged(options[OPTION]))


def _read(line: Mapping[str, Any]) -> JudgedAnswers:
    problem, texts = line.get("problem"), [line.get(side) for side in ("chosen", "rejected")]
    if not isinstance(problem, Mapping) or not any(isinstance(text, str) for text in texts):
        raise PyriteError("a line needs a 'problem' and a text 'chosen' or 'rejected'")
    if any(text is not None and not isinstance(text, str) for text in texts):
        raise PyriteError("'chosen' and 'rejected' are texts")
    cut = []
    for side in ("chosen", "rejected"):
        source = line.get(f"{side}_from")
        if isinstance(source, Mapping) and source.get("finish") == "length":
            cut.append(side)
    return JudgedAnswers(Problem.from_dict(problem), texts[0], texts[1], tuple(cut))


class Encoder:
    """Prompts and answers as tokens, each prompt once; what is longer than ``max_length`` is left out and named."""

    def __init__(self, prompt: Prompt, tokenizer: Any, max_length: int) -> None:
        self._prompt, self._tokenizer, self._most = prompt, tokenizer, max_length
        self._prompts: dict[str, list[int]] = {}
        self.left_out: list[str] = []

    def prompt(self, problem: Problem) -> list[int]:
        """The problem as it is asked."""
        if problem.id not in self._prompts:
            self._prompts[problem.id] = self._prompt.tokens(problem, self._tokenizer)
        return self._prompts[problem.id]

    def answer(self, one: JudgedAnswers, side: str) -> list[int]:
        """The answer of that side, with its end unless it was cut."""
        text: str = getattr(one, side)
        tokens: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens if side in one.cut else [*tokens, self._tokenizer.eos_token_id]

    def fits(self, one: JudgedAnswers, *answers: Sequence[int]) -> bool:
        """Whether prompt and each of the answers are short enough."""
        length = len(self.prompt(one.problem)) + max(map(len, answers))
        if length <= self._most:
            return True
        self.left_out.append(one.problem.id)
        return False

    def refuse_nothing(self, rows: Sequence[Any], path: str) -> None:
        """Raise PyriteError when every line was too long."""
        if not rows:
            raise PyriteError(f"no answer of {path} fits schedule.max_length = {self._most} with its prompt")


def record_of(path: str, rows: int) -> dict[str, Any]:
    """What a checkpoint's record says of the file."""
    return {OPTION: path, "sha256": file_sha256(Path(path)), "rows": rows}


def log_likelihoods(model: Any, rows: Sequence[tuple[list[int], list[int]]], pad: int, batch_size: int) -> list[float]:
    """log p(answer | prompt) in nats under a model as it is, for rows of (prompt, answer) in tokens."""
    import torch

    found = [0.0] * len(rows)
    order = sorted(range(len(rows)), key=lambda place: sum(map(len, rows[place])))
    was = model.training
    model.eval()
    try:
        with torch.no_grad():
            for start in range(0, len(order), batch_size):
                places = order[start : start + batch_size]
                for place, value in zip(places, _batch([rows[p] for p in places], model, pad), strict=True):
                    found[place] = value
    finally:
        model.train(was)
    return found


def _batch(rows: Sequence[tuple[list[int], list[int]]], model: Any, pad: int) -> list[float]:
    import torch

    length = max(len(prompt) + len(answer) for prompt, answer in rows)
    first = min(len(prompt) for prompt, _ in rows)
    ids = torch.full((len(rows), length), pad)
    learned = torch.zeros((len(rows), length), dtype=torch.bool)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    for row, (prompt, answer) in enumerate(rows):
        end = len(prompt) + len(answer)
        ids[row, :end] = torch.tensor([*prompt, *answer])
        learned[row, len(prompt) : end] = True
        mask[row, :end] = 1
    ids, mask, learned = (tensor.to(model.device) for tensor in (ids, mask, learned))
    logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, first - 1 : -1].float()
    chosen = torch.log_softmax(logits, dim=-1).gather(2, ids[:, first:, None]).squeeze(2)
    values: list[float] = (chosen * learned[:, first:]).sum(dim=1).tolist()
    return values


def with_columns(lessons: Lessons, columns: Mapping[str, Sequence[float]]) -> Lessons:
    """The lessons with further columns of numbers."""
    dataset = lessons.dataset
    for name, values in columns.items():
        dataset = dataset.add_column(name, list(values))
    return replace(lessons, dataset=dataset)


Allowed = Callable[[Any], bool]


def check_options(
    name: str, options: Mapping[str, Any], known: Mapping[str, tuple[Any, Allowed, str]]
) -> dict[str, Any]:
    """The complete options: ``known`` holds a default, a test and what the test wants, by name."""
    for key, value in options.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
            raise PyriteError(f"objective {name!r} has no option {key!r}; {hint}")
        _, right, wanted = known[key]
        if not right(value):
            raise PyriteError(f"objective {name!r}: {key} is {wanted}, not {value!r}")
    return {**{key: default for key, (default, _, _) in known.items()}, **options}


def number(least: float, most: float = float("inf"), *, above: bool = False) -> Allowed:
    """Whether an option is a number in this range; ``above`` leaves the lower end out."""

    def right(value: Any) -> bool:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        return plain and (least < value if above else least <= value) and value <= most

    return right


def whole(least: int) -> Allowed:
    """Whether an option is a whole number from ``least``."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least


def text(value: Any) -> bool:
    """Whether an option is a text."""
    return isinstance(value, str)
