"""The one small JSON that a finished cell leaves: all that tables, statistics and pages need, to be carried anywhere.

Verdicts are kept as strings of states, a digit an output (0 failed, 1 passed, 2 unknown, 3 not asked), in the order of
``problems``, so that two cells can be compared problem by problem wherever they were made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..feasibility.disk import make_folder, plain_file, read_whole
from ..feasibility.errors import PyriteError
from ..results.collection import read_run
from ..results.observing import ABSENT, OUTCOMES, Observed
from ..results.run import write_json

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """Answers of one run: who was asked what, and every stage's state."""

    run: str
    """Folder within the cell's work: ``runs/step-50``, ``also/varied``."""
    examples: int
    problems: tuple[str, ...]
    families: tuple[str, ...]
    samples: tuple[int, ...]
    problem: tuple[int, ...]
    family: tuple[int, ...]
    states: Mapping[str, str]
    cut: int
    """Answers that ran into their limit of tokens."""

    def observed(self) -> Observed:
        """As the statistics take it."""
        columns = np.full((len(self.samples), len(OUTCOMES)), ABSENT, dtype=np.int8)
        for outcome, states in self.states.items():
            columns[:, OUTCOMES.index(outcome)] = [int(state) for state in states]
        return Observed(
            self.problems,
            self.families,
            self.samples,
            np.array(self.problem, dtype=np.int64),
            np.array(self.family, dtype=np.int64),
            columns,
        )

    @classmethod
    def read(cls, folder: Path, name: str, examples: int) -> Asked:
        """From a scored run folder."""
        run = read_run(folder, name)
        observed = run.observed
        states = {
            outcome: "".join(map(str, observed.column(outcome).tolist()))
            for outcome in OUTCOMES
            if (observed.column(outcome) != ABSENT).any()
        }
        return cls(
            run=name,
            examples=examples,
            problems=tuple(observed.problems),
            families=tuple(observed.families),
            samples=tuple(observed.samples),
            problem=tuple(observed.problem.tolist()),
            family=tuple(observed.family.tolist()),
            states=states,
            cut=sum(output.finish == "length" for output in run.outputs.values()),
        )

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Asked:
        """From a cell's JSON."""
        fields: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in table.items()}
        asked = cls(**fields)
        rows = len(asked.samples)
        if any(len(states) != rows or set(states) - set("0123") for states in asked.states.values()) or (
            set(asked.states) - set(OUTCOMES) or len(asked.problem) != rows or len(asked.family) != rows
        ):
            raise ValueError("states and problems do not go together")
        if not _within(asked.problem, len(asked.problems)) or not _within(asked.family, len(asked.families)):
            raise ValueError("an output is of no problem or family that is listed")
        return asked


def _within(places: Sequence[object], size: int) -> bool:
    """Whether all are places of a list of this length."""
    return all(type(place) is int and 0 <= place < size for place in places)


@dataclass(frozen=True, slots=True)
class CellResult:
    """What a finished cell found. ``seconds`` and ``made_by`` differ from machine to machine, the rest does not."""

    cell: str
    labels: Mapping[str, str]
    learning_rate: float | None
    candidates: Sequence[Mapping[str, Any]]
    recipe: Mapping[str, Any]
    weights: str
    parameters: Mapping[str, int]
    tokens: Mapping[str, int]
    flops: int
    examples: int
    left_out: int
    loss: float | None
    """The last step's training loss, nats a token."""
    held_out_loss: float | None
    """Nats a token of the asked problems' references; None where it was not measured."""
    asked: Sequence[Asked]
    also: Mapping[str, Asked]
    seconds: Mapping[str, float]
    made_by: Mapping[str, Any]
    forgetting: Mapping[str, Any] = field(default_factory=dict)
    """How far it moved from the untuned model, KL(base || tuned) in nats a token; empty for what does not learn."""
    layers: Mapping[str, Any] = field(default_factory=dict)
    """Where it differs from the untuned model (``[analysis] kind = "layers"``); empty where that was not measured."""
    pairs: Mapping[str, Any] = field(default_factory=dict)
    """What the judged answers that it learned from were drawn from; empty where there were none."""

    @property
    def last(self) -> Asked:
        """The answers of the last checkpoint."""
        return self.asked[-1]

    def write(self, folder: Path) -> None:
        """Into the study's folder of cells, all or nothing."""
        write_json(make_folder(folder) / f"{self.cell}.json", {"format": FORMAT, **asdict(self)})


def read_result(folder: Path, cell: str) -> CellResult | None:
    """The result of a cell, if it is finished. Raises PyriteError for a file that is none."""
    path = folder / f"{cell}.json"
    if not plain_file(path):
        return None
    try:
        table = json.loads(read_whole(path))
        if table.pop("format") != FORMAT or table["cell"] != cell:
            raise ValueError("it is of another format or cell")
        table["asked"] = [Asked.from_dict(item) for item in table["asked"]]
        table["also"] = {name: Asked.from_dict(item) for name, item in table["also"].items()}
        return CellResult(**table)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PyriteError(f"{path} is no result of a cell ({error}); remove it and the cell is run again") from error
