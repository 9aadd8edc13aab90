"""Every reader of foreign files: whatever is in the file, only a PyriteError may come out, and it comes soon.

``benchmarks/foreign_files.py`` holds a valid file of each kind and the damage; here every reader gets a little of it in
``make test``, and a million inputs over all readers in ``make test-all``. Hypothesis adds bytes and documents that are
no damage of anything.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.foreign_files import NAMES, damaged, survives, targets
from benchmarks.fuzz_readers import attack, empty, run
from benchmarks.valid_files import PROBLEMS
from pyrite.feasibility.errors import PyriteError
from pyrite.models.gguf_header import check_gguf_header
from pyrite.problems.lines import line_of
from pyrite.problems.problem import Problem

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -1, 0, 1e308, float("nan"), float("inf"), "", "p" * 5_000, "\ud800", "pass", "ppp/p"]),
    st.floats(),
    st.text(max_size=20),
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@pytest.mark.parametrize("name", NAMES)
def test_only_refusals_come_out(name: str, tmp_path: Path) -> None:
    target, tally = targets()[name], empty()
    for data in target.files:
        assert survives(target, data, tmp_path), data[:200]  # else the damage would be done to nothing
    attack(target, 0, 120, tmp_path, tally)
    assert not tally["defects"], tally
    assert tally["read"], "nothing comes through: the damage is too great to test what lies behind the first look"
    assert damaged(target, 7) == damaged(target, 7)


def test_no_reader_is_left_out() -> None:
    assert tuple(sorted(targets())) == NAMES


@pytest.mark.slow
def test_a_million_inputs() -> None:
    tallies = run(1_000_000, None, [])
    assert sum(tally["done"] for tally in tallies.values()) >= 1_000_000
    assert {name: tally["defects"] for name, tally in tallies.items() if tally["defects"]} == {}


FAILED_ONCE = {
    "outputs": (35_316, 45_836, 49_232),
    "imports": (24_163,),
    "recorded model": (3_639,),
    "columns": (8_892,),
    "repair": (21_622,),
}
"""Inputs that ended in an exception once: numbers too large, a name in no alphabet, a column type without values,
choices that are no list."""


@pytest.mark.parametrize("name", FAILED_ONCE)
def test_what_failed_once_is_read_or_refused(name: str, tmp_path: Path) -> None:
    tally = empty()
    for number in FAILED_ONCE[name]:
        attack(targets()[name], number, 1, tmp_path, tally)
    assert tally["read"] + tally["refused"] == len(FAILED_ONCE[name]), tally
    assert not tally["defects"], tally


@pytest.mark.parametrize("examples", [15, pytest.param(2_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_file_of_the_kind_is_refused(name: str, examples: int, tmp_path: Path) -> None:
    target = targets()[name]

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.booleans(), values, st.binary(max_size=200))
    def attacked(whole: bool, document: Any, junk: bytes) -> None:
        survives(target, target.dump(document) if whole and target.dump is not None else junk, tmp_path)

    attacked()


def test_a_forged_header_is_not_walked_without_end(tmp_path: Path) -> None:
    """The gguf library reads 2^60 numbers that are not there, one after the other."""
    path = tmp_path / "m.gguf"
    data = targets()["GGUF header"].files[0]
    path.write_bytes(data)
    check_gguf_header(path)
    forged = data.replace((3).to_bytes(8, "little") + b"\x03\0\0\0\0\0\0\0<s>", (1 << 60).to_bytes(8, "little"))
    assert forged != data
    for wrong, said in ((forged, "more than the file has room for"), (data[:-1], "beyond the end"), (b"", "empty")):
        path.write_bytes(wrong)
        with pytest.raises(PyriteError, match=said) as raised:
            check_gguf_header(path)
        assert "\n" not in raised.value.message


def test_what_is_no_json_does_not_get_into_lines() -> None:
    line = line_of({"a": float("nan"), "b": [float("inf"), 1.5], "c": "\ud800"})
    assert json.loads(line) == {"a": None, "b": [None, 1.5], "c": "\ud800"}
    assert "NaN" not in line
    large = Problem.from_dict({**PROBLEMS[0].to_dict(), "optimum": 10**400})
    assert json.loads(line_of(large.to_dict()))["optimum"] == 10**400
