"""Several studies in one table: only what all were asked counts, paired by problem and by seed."""

from __future__ import annotations

from typing import Any

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.results.observing import OUTCOMES
from pyrite.studies.joining import joined
from pyrite.studies.records import Asked, CellResult
from pyrite.studies.summary import StudyRow


def asked(problems: str, right: str, looks: str | None = None) -> Asked:
    """Problems named by letters; those in ``right`` are right, those in ``looks`` look right (all, unless said)."""
    count = len(problems)
    looks = problems if looks is None else looks
    states = {"surface": looks, "substance": right}
    return Asked(
        run="runs/step-1", examples=4, problems=tuple(problems), families=("knapsack",), samples=(0,) * count,
        problem=tuple(range(count)), family=(0,) * count,
        states={name: "".join(str(int(p in states[name])) for p in problems) for name in OUTCOMES if name in states},
        cut=0,
    )  # fmt: skip


def row(title: str, answers: dict[int, Asked], *, learns: bool = True, expert: str | None = None) -> StudyRow:
    cells = [
        CellResult(
            cell=f"{title}-{seed}", labels={"method": title}, learning_rate=None, candidates=(),
            recipe={"schedule": {"seed": seed}, "companions": {"expert": expert}}, weights="w",
            parameters={"total": 1, "trainable": int(learns)}, tokens={"seen": 0, "learned": 0}, flops=int(learns),
            examples=4, left_out=0, loss=None, held_out_loss=None, asked=[found], also={}, seconds={}, made_by={},
        )
        for seed, found in answers.items()
    ]  # fmt: skip
    return StudyRow({"method": title}, len(cells), cells, {}, {}, {}, ["method"])


def test_only_problems_that_every_setting_was_asked_count() -> None:
    base = row("LoRA", {0: asked("abcdef", "abc")})
    other = row("full", {0: asked("defghi", "defghi", "dghi")})
    first, second = joined([base, other], base)
    assert first.problems == second.problems == 3
    assert (first.rates["substance"].passed, first.rates["substance"].known) == (0, 3)
    assert (second.rates["surface"].passed, second.rates["substance"].passed) == (1, 3)
    change = second.comparisons["substance"]
    assert (change.gained, change.lost, change.pairs) == (3, 0, 3)
    assert change.p == pytest.approx(0.25)  # three of three one way: 2 / 8
    assert not first.comparisons


def test_the_same_seeds_are_compared_and_what_has_none_stands_against_each() -> None:
    base = row("LoRA", {0: asked("abcd", "ab"), 1: asked("abcd", "abc")})
    untuned = row("base", {0: asked("abcd", "")}, learns=False)
    lent = row("proxy", {0: asked("abcd", "abcd")}, learns=False, expert="of another cell")
    apart = row("later", {2: asked("abcd", "a")})
    found = {item.row.labels["method"]: item for item in joined([base, untuned, lent, apart], base)}
    assert (found["base"].comparisons["substance"].lost, found["base"].comparisons["substance"].pairs) == (5, 8)
    assert found["proxy"].comparisons["substance"].pairs == 4, "what was lent is of one seed"
    assert not found["later"].comparisons, "they share no seed"
    assert (found["LoRA"].rates["substance"].passed, found["LoRA"].rates["substance"].known) == (5, 8)


def test_p_values_are_adjusted_over_all_settings() -> None:
    letters = "abcdefgh"
    base = row("LoRA", {0: asked(letters, "")})
    one: dict[str, Any] = {"full": asked(letters, letters), "IA3": asked(letters, "abcdefg")}
    rows = [base, *(row(title, {0: found}) for title, found in one.items())]
    full, ia3 = (item.comparisons["substance"] for item in joined(rows, base)[1:])
    assert full.p_holm == pytest.approx(4 * full.p)  # the smallest of four: both scores of two rows
    assert ia3.p_holm == pytest.approx(3 * ia3.p)


def test_settings_that_share_no_problem_are_no_table() -> None:
    base = row("LoRA", {0: asked("ab", "a")})
    with pytest.raises(PyriteError, match="no problem was asked of every setting"):
        joined([base, row("full", {0: asked("cd", "c")})], base)
