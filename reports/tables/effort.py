"""What the answers took: tokens and seconds an answer, and money where prices are given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from ...feasibility.errors import PyriteError
from ...results.collection import Collection, Run
from ...results.outputs import prompt_tokens_of, tokens_of
from ...results.statistics import rate_of
from .table import CellValue, Table, TableColumn


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, of prompts and of answers, in whatever currency."""

    prompt: float
    answer: float


def parse_prices(text: str) -> Prices:
    """``0.15,0.60``: a million tokens of prompts and of answers. Raises PyriteError.

    >>> parse_prices("0.15,0.60")
    Prices(prompt=0.15, answer=0.6)
    """
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != 2 or not all(0 <= price < 1e9 for price in found):
        raise PyriteError(
            f"--price is two numbers, a million tokens of prompts and of answers (0.15,0.60), not {text!r}"
        )
    return Prices(*found)


def effort_table(collection: Collection, prices: Prices | None = None) -> Table | None:
    """Tokens, seconds and cost an answer of each run; None when no run says how many tokens its answers took."""
    found = [(run, record) for run in collection.runs if (record := _record(run, prices)) is not None]
    if not found:
        if prices is not None:
            raise PyriteError("--price needs outputs that say their tokens (pyrite answer and endpoints' results do)")
        return None
    titles = ["run", "answers", "prompt tokens", "answer tokens", "median", "seconds"]
    cost = ["cost an answer", "cost a right one"] if prices is not None else []
    names = ["answers", "prompt_tokens", "answer_tokens", "answer_tokens_median", "seconds"]
    names += ["cost", "cost_of_a_right_answer"] if prices is not None else []
    rows = [[run.name, *(_cell(name, record[name]) for name in names)] for run, record in found]
    notes = [
        "Means of the outputs that say their tokens; an answer that is none (refused, too long) took what it took."
    ]
    if prices is not None:
        notes.append(f"Prices: {prices.prompt:g} a million prompt tokens, {prices.answer:g} a million answer tokens.")
    columns = [TableColumn(title, place > 0) for place, title in enumerate([*titles, *cost])]
    records = [{"run": run.name, **record} for run, record in found]
    return Table("effort", "What an answer takes", columns, rows, notes, records)


def _record(run: Run, prices: Prices | None) -> dict[str, CellValue] | None:
    outputs = [output for output in run.outputs.values() if tokens_of(output) is not None]
    if not outputs:
        return None
    answers = [tokens_of(output) or 0 for output in outputs]
    prompts = [tokens for output in outputs if (tokens := prompt_tokens_of(output)) is not None]
    seconds = [output.seconds for output in outputs if output.seconds is not None]
    record: dict[str, CellValue] = {
        "answers": len(outputs),
        "prompt_tokens": _mean(prompts),
        "answer_tokens": _mean(answers),
        "answer_tokens_median": median(answers),
        "seconds": _mean(seconds),
    }
    if prices is not None:
        cost = None
        if len(prompts) == len(answers):
            cost = (sum(prompts) * prices.prompt + sum(answers) * prices.answer) / 1e6 / len(outputs)
        right = rate_of(run.observed, "substance").rate
        record |= {"cost": cost, "cost_of_a_right_answer": cost / right if cost is not None and right else None}
    return record


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _cell(name: str, value: CellValue) -> str:
    if value is None:
        return "–"
    if name == "answers":
        return f"{value:,}"
    assert not isinstance(value, str)
    return f"{value:.3g}" if name.startswith("cost") else f"{value:,.1f}"
