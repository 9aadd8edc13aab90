"""Answering problems in batches into an append-only file that a kill cannot hurt.

The batches are planned over all requests, answered or not, and only then are those left out that are complete: after a
kill a half-answered batch is computed again as it was, so that greedy answers come out the same as undisturbed (in
bfloat16 a row's last bits depend on what else is in its batch).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ...feasibility.errors import PyriteError
from ...problems.lines import LineWriter
from ...problems.problem import Problem
from ...results.outputs import Output, read_outputs
from ..settings import Settings


@dataclass(frozen=True, slots=True)
class Request:
    """One answer wanted."""

    problem: Problem
    sample: int

    @property
    def key(self) -> tuple[str, int]:
        """What names it within a run."""
        return self.problem.id, self.sample

    def answered(
        self, text: str, finish: str, seconds: float, tokens: int, prompt_tokens: int, opened: str = ""
    ) -> Output:
        """Its line of outputs.jsonl. ``opened`` is what the prompt has opened; the stored text begins with it."""
        extra: dict[str, Any] = {"tokens": tokens, "prompt_tokens": prompt_tokens}
        if opened:
            extra["opened_by_prompt"] = opened
        return Output(self.problem.id, self.sample, opened + text, finish, round(seconds, 3), extra)


class Answerer(Protocol):
    """Who answers: a model in memory, an endpoint, a vLLM engine."""

    def plan(self, requests: Sequence[Request]) -> list[list[Request]]:
        """The batches, decided by the requests alone."""
        ...

    def answer(self, batch: Sequence[Request]) -> Iterator[Output]:
        """The answers, in whatever order they come. Raises PyriteError for what a person must decide."""
        ...

    def identity(self) -> dict[str, Any]:
        """Who it is: for run.json."""
        ...


@dataclass(slots=True)
class AnswerCount:
    """What happened: never silently."""

    asked: int = 0
    before: int = 0
    """Answered in an earlier go."""
    answered: int = 0
    cut: int = 0
    """Ended by the token limit."""
    too_long: int = 0
    """Not asked, because the prompt does not fit."""
    tokens: int = 0
    drafted: int = 0
    """Tokens that an expert wrote ahead, and how many of them were kept."""
    accepted: int = 0
    refused: int = 0
    """Of those that were looked at; what stands behind a refused one is not."""

    def sentence(self) -> str:
        """One line for people."""
        parts = [f"{self.answered} answered"]
        if self.before:
            parts.append(f"{self.before} were there")
        parts.append(f"{self.cut} cut at the token limit")
        if self.too_long:
            parts.append(f"{self.too_long} prompts too long to ask")
        if self.drafted:
            share = 100 * self.accepted / self.drafted
            parts.append(f"{self.accepted} of {self.drafted} tokens written ahead kept ({share:.0f} %)")
            parts.append(f"acceptance rate {self.speculation()['acceptance_rate']:.2f}")
        return ", ".join(parts)

    def speculation(self) -> dict[str, float]:
        """What became of the tokens that an expert wrote ahead, over all goes, for ``run.json``."""
        rate = self.accepted / max(1, self.accepted + self.refused)
        counts = {"drafted": self.drafted, "accepted": self.accepted, "refused": self.refused}
        return {**counts, "acceptance_rate": round(rate, 6)}


def answer_problems(
    answerer: Answerer,
    problems: Sequence[Problem],
    settings: Settings,
    path: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> AnswerCount:
    """Append an answer for every (problem, sample) that ``path`` lacks. ``progress`` is told (answers, all).

    Each answer is written whole and flushed as soon as it is there. Raises PyriteError when two problems share an id.
    """
    requests = [Request(problem, sample) for problem in problems for sample in range(settings.samples)]
    if len({request.key for request in requests}) < len(requests):
        raise PyriteError("two problems have the same id; ids must be unique")
    with LineWriter(path) as writer:
        done = read_outputs(path) if path.stat().st_size else []
        present = {output.key for output in done}
        tally = AnswerCount(asked=len(requests), before=sum(request.key in present for request in requests))
        for output in done:
            _count(tally, output)
        tally.answered = 0
        progress(tally.before, tally.asked)
        for batch in answerer.plan(requests):
            missing = {request.key for request in batch} - present
            if not missing:
                continue
            for output in answerer.answer(batch):
                if output.key not in missing:
                    continue
                writer.write(output.to_dict())
                _count(tally, output)
                progress(tally.before + tally.answered, tally.asked)
    return tally


def _count(tally: AnswerCount, output: Output) -> None:
    tally.answered += 1
    tally.cut += output.finish == "length"
    tally.too_long += output.finish == "prompt-too-long"
    tally.tokens += int(output.extra.get("tokens", 0))
    tally.drafted += int(output.extra.get("drafted", 0))
    tally.accepted += int(output.extra.get("accepted", 0))
    tally.refused += int(output.extra.get("refused", 0))


def sample_seed(seed: int, key: tuple[str, int]) -> int:
    """The seed of one answer's random numbers: its own, whatever else is asked and in whatever order."""
    digest = hashlib.sha256(f"{seed}\x00{key[0]}\x00{key[1]}".encode()).digest()
    return int.from_bytes(digest[:8], "big")
