"""Random texts in many dialects, read by us, by HiGHS and by SCIP, and compared with the model that was meant.

The texts come from ``model_texts``, which shares nothing with the package. HiGHS and SCIP may refuse a text (both take
less than CPLEX's definition allows); where one of them reads it, it must have read what we read. Damaged texts have no
meaning to compare with: there we must agree with HiGHS whenever it reads without a warning, or refuse.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import random
import re
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import highspy
import pytest
from model_texts import Drawn, draw, write_lp, write_mps

from pyrite.feasibility.convert import Format, read
from pyrite.feasibility.convert.common import Notes
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.programs.program import Program

KINDS = ("lp", "lp wide", "mps", "mps fixed")
Flat = tuple[dict[str, Any], list[Any], float | None, bool]
"""Columns, rows, the objective's constant, whether it is maximized."""


def number(value: float | Fraction | None) -> float | None:
    return None if value is None or abs(value) >= 1e20 else round(float(value), 9)


def sorted_rows(rows: list[tuple[dict[str, Any], float | None, float | None]]) -> list[Any]:
    return sorted((repr((sorted(body.items()), low, high)) for body, low, high in rows))


def of_truth(model: Drawn) -> Flat:
    columns = {
        item.name: (number(item.lower), number(item.upper), item.integer, number(model.linear.get(j, Fraction(0))))
        for j, item in enumerate(model.columns)
    }
    rows: list[Any] = [
        ({model.columns[j].name: number(v) for j, v in row.linear.items() if v}, number(row.lower), number(row.upper))
        for row in model.rows
    ]
    if not rows and "\nRHS" not in model.text.replace("\r", ""):
        rows = [({}, -1.0, None)]  # the LP writer's stand-in for no rows
    return columns, sorted_rows(rows), number(model.constant), model.maximize


def of_ours(program: Program) -> Flat:
    linear, names = program.objective.linear, [column.name for column in program.columns]
    columns = {
        item.name: (number(item.lower), number(item.upper), item.is_integer, number(linear.get(j, 0)))
        for j, item in enumerate(program.columns)
    }
    rows = [
        ({names[j]: number(v) for j, v in row.linear.items()}, number(row.lower), number(row.upper))
        for row in program.rows
    ]
    return columns, sorted_rows(rows), number(program.objective.constant), program.sense == "maximize"


def of_highs(path: Path) -> tuple[Flat | None, bool]:
    """HiGHS's reading (None: refused), and whether it warned."""
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    status = highs.readModel(str(path))
    if status == highspy.HighsStatus.kError:
        return None, True
    lp = highs.getLp()
    names = list(lp.col_names_)
    kinds = list(lp.integrality_) or [highspy.HighsVarType.kContinuous] * lp.num_col_
    columns = {
        names[j]: (
            number(lp.col_lower_[j]), number(lp.col_upper_[j]),
            kinds[j] != highspy.HighsVarType.kContinuous, number(lp.col_cost_[j]),
        )
        for j in range(lp.num_col_)
    }  # fmt: skip
    bodies: list[dict[str, Any]] = [{} for _ in range(lp.num_row_)]
    matrix = lp.a_matrix_
    by_column = matrix.format_ == highspy.MatrixFormat.kColwise
    for outer in range(lp.num_col_ if by_column else lp.num_row_):
        for place in range(matrix.start_[outer], matrix.start_[outer + 1]):
            row, column = (matrix.index_[place], outer) if by_column else (outer, matrix.index_[place])
            if matrix.value_[place]:
                bodies[row][names[column]] = number(matrix.value_[place])
    rows = [
        (body, number(low), number(high))
        for body, low, high in zip(bodies, lp.row_lower_, lp.row_upper_, strict=True)
        if number(low) is not None or number(high) is not None
    ]
    maximize = lp.sense_ == highspy.ObjSense.kMaximize
    warned = status == highspy.HighsStatus.kWarning
    return (columns, sorted_rows(rows), number(lp.offset_), maximize), warned


def of_scip(path: Path) -> Flat | None:
    """SCIP's reading in a process of its own, because it dies of some texts; None when it refuses or dies."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.write(writing, pickle.dumps(_scip(path)))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    found: Flat | None = pickle.loads(data) if data else None
    return found


def _scip(path: Path) -> Flat | None:
    import pyscipopt

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    model = pyscipopt.Model()
    model.readProblem(str(path))  # a refusal ends this process
    columns = {
        item.name: (number(item.getLbOriginal()), number(item.getUbOriginal()), item.vtype() != "CONTINUOUS",
                    number(item.getObj()))
        for item in model.getVars()
    }  # fmt: skip
    rows = []
    for constraint in model.getConss():
        if constraint.getConshdlrName() != "linear":
            return None
        body = {name: number(value) for name, value in model.getValsLinear(constraint).items() if value}
        rows.append((body, number(model.getLhs(constraint)), number(model.getRhs(constraint))))
    return columns, sorted_rows(rows), number(model.getObjoffset()), model.getObjectiveSense() == "maximize"


def drawn(seed: int, kind: str) -> tuple[Drawn, Format]:
    rng = random.Random(seed)
    is_lp = kind.startswith("lp")
    model = draw(rng, mps=not is_lp, brackets=kind == "lp wide", quadratic=rng.random() < 0.2)
    if is_lp:
        write_lp(rng, model, plain=kind == "lp")
    else:
        write_mps(rng, model, fixed=kind == "mps fixed")
    return model, "lp" if is_lp else "mps"


def products(model: Drawn) -> dict[tuple[str, ...], Fraction]:
    names = [column.name for column in model.columns]
    return {tuple(sorted((names[j], names[k]))): value for (j, k), value in model.quadratic.items()}


def products_of(program: Program) -> dict[tuple[str, ...], Any]:
    names = [column.name for column in program.columns]
    return {tuple(sorted((names[j], names[k]))): value for (j, k), value in program.objective.quadratic.items()}


def run(kind: str, first: int, count: int, folder: Path, scip: bool) -> Counter[str]:
    """Compare ``count`` texts; how many each other reader took."""
    took: Counter[str] = Counter()
    for seed in range(first, first + count):
        model, form = drawn(seed, kind)
        path = folder / f"model.{form}"
        path.write_text(model.text, newline="")
        truth = of_truth(model)
        program = read(model.text, form)
        assert of_ours(program) == truth, (seed, model.text)
        assert products_of(program) == products(model), (seed, model.text)
        highs, _ = of_highs(path)
        # HiGHS's reader of fixed files passes over BV without a number and keeps 1 above a lower bound
        if highs is not None and kind != "mps fixed":
            took["highs"] += 1
            assert highs == truth, ("HiGHS", seed, model.text)
        if scip and kind in ("lp", "mps") and not model.quadratic and (theirs := of_scip(path)) is not None:
            took["scip"] += 1
            if not any(model.linear.values()):  # SCIP forgets the sense of nothing
                theirs = (*theirs[:2], *truth[2:])
            assert theirs == truth, ("SCIP", seed, model.text)
    return took


def has_scip() -> bool:
    try:
        import pyscipopt
    except ImportError:
        return False
    return bool(pyscipopt) and hasattr(os, "fork")


@pytest.mark.parametrize("kind", KINDS)
def test_we_read_what_was_meant_and_so_do_others(kind: str, tmp_path: Path) -> None:
    took = run(kind, 0, 120, tmp_path, scip=False)
    assert took["highs"] > 20 or kind == "mps fixed"  # the comparison is about something


@pytest.mark.parametrize("kind", ["lp", "mps"])
@pytest.mark.skipif(not has_scip(), reason="needs the extra exact")
def test_scip_reads_the_same(kind: str, tmp_path: Path) -> None:
    took = run(kind, 5000, 40, tmp_path, scip=True)
    assert took["scip"] > 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_more(kind: str, tmp_path: Path) -> None:
    run(kind, 100_000, 600, tmp_path, scip=has_scip())


# -- damaged texts ----------------------------------------------------------------------------------------------------

_LP_PIECES = re.split(" ", "x 2 2x + - <= >= = : st end bin free [ ] /2 ^2 * inf 1e30 obj: general bounds 0 e e5 . ->")
_MPS_PIECES = re.split(" ", "X 2 RHS COST E N 1e30 Inf - 'MARKER' 'INTORG' BOUNDS UP LO FR BV MI $ * RANGES FX PL -3 0")


def damage(rng: random.Random, text: str, form: Format) -> str:
    """One or two words or lines lost, doubled, exchanged or put in."""
    pieces = [*(_LP_PIECES if form == "lp" else _MPS_PIECES), "\n", "\n ", " "]
    for _ in range(rng.choice([1, 1, 2])):
        words = re.split(r"(\s+)", text)
        place, other, what = rng.randrange(len(words)), rng.randrange(len(words)), rng.random()
        if what < 0.25:
            words[place] = ""
        elif what < 0.45:
            words[place] = rng.choice(pieces)
        elif what < 0.65:
            words.insert(place, rng.choice([" ", ""]) + rng.choice(pieces) + rng.choice([" ", ""]))
        elif what < 0.8:
            words[place], words[other] = words[other], words[place]
        else:
            lines = text.split("\n")
            line = lines.pop(rng.randrange(len(lines)))
            for _ in range(rng.choice([0, 1, 1, 2])):
                lines.insert(rng.randrange(len(lines) + 1), line)
            words = ["\n".join(lines)]
        text = "".join(words)
    return text


def damaged(kind: str, first: int, count: int, folder: Path) -> None:
    for seed in range(first, first + count):
        model, form = drawn(seed, kind)
        if model.quadratic:
            continue
        text = damage(random.Random(seed), model.text, form)
        notes = Notes()
        try:
            program = read(text, form, notes=notes)
        except PyriteError:
            continue
        if program.objective.quadratic or any(row.body.quadratic for row in program.rows):
            continue
        path = folder / f"model.{form}"
        path.write_text(text, newline="")
        highs, warned = of_highs(path)
        if highs is None or warned or any("OBJNAME" in text or "binary, but" in line for line in notes.lines):
            continue
        ours = of_ours(program)
        if not any(column[3] for column in ours[0].values()):
            highs = (*highs[:2], *ours[2:])
        assert ours == highs, (seed, text)


@pytest.mark.parametrize("kind", ["lp", "mps"])
def test_damaged_texts_are_refused_or_read_as_highs_does(kind: str, tmp_path: Path) -> None:
    damaged(kind, 0, 250, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lp", "mps"])
def test_many_damaged_texts(kind: str, tmp_path: Path) -> None:
    damaged(kind, 200_000, 2000, tmp_path)
