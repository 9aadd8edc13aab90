"""What answers take: the numbers of the lines, money by prices, and nothing where nothing is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from commands import pyrite

from pyrite.feasibility.errors import PyriteError
from pyrite.problems.lines import read_lines, write_lines
from pyrite.reports.tables.effort import effort_table, parse_prices
from pyrite.results.collection import read_collection

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "run"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "run")
    lines = read_lines(tmp_path / "run" / "outputs.jsonl")
    for place, line in enumerate(lines):
        for name in ("tokens", "prompt_tokens", "usage", "seconds"):
            line.pop(name, None)
        if place < 4:
            line |= {"tokens": 10 * place, "seconds": 2}
            line |= {"prompt_tokens": 100} if place % 2 else {"usage": {"prompt_tokens": 100}}
    write_lines(tmp_path / "run" / "outputs.jsonl", lines)
    return tmp_path / "run"


def test_the_table_says_what_the_lines_say(run: Path) -> None:
    table = effort_table(read_collection([run]), parse_prices("2,10"))
    assert table is not None
    (record,) = table.records
    assert record["answers"] == 4
    assert (record["prompt_tokens"], record["answer_tokens"], record["seconds"]) == (100, 15, 2)
    assert record["cost"] == pytest.approx((100 * 2 + 15 * 10) / 1e6)
    assert record["cost_of_a_right_answer"] == pytest.approx(record["cost"] * 38)  # 1 of 38 known is right
    done = pyrite("report", run, "--out", run / "tables", "--format", "markdown", "--price", "2,10")
    assert done.returncode == 0
    assert "What an answer takes" in done.stdout


def test_nothing_is_said_where_nothing_is_known(run: Path) -> None:
    write_lines(run / "outputs.jsonl", ({**line, "tokens": "many"} for line in read_lines(run / "outputs.jsonl")))
    assert effort_table(read_collection([run])) is None
    with pytest.raises(PyriteError, match="say their tokens"):
        effort_table(read_collection([run]), parse_prices("1,1"))
    for wrong in ("1", "1,2,3", "a,b", "-1,2", "nan,1"):
        with pytest.raises(PyriteError, match="two numbers"):
            parse_prices(wrong)
