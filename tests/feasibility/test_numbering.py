"""Families of names that are counted from another number."""

from __future__ import annotations

import pytest
from formulations import model, real

from pyrite.feasibility.programs.numbering import renumbered
from pyrite.feasibility.programs.program import Program


def named(*names: str, rows: tuple[str, ...] = ()) -> Program:
    return model({name: real(0) for name in names}, "min " + " + ".join(names), *rows)


def names(program: Program) -> list[str]:
    return [column.name for column in program.columns]


MADE = "make_1", "make_2", "make_3"


@pytest.mark.parametrize(
    ("ours", "theirs", "read"),
    [
        (("make_0", "make_1", "make_2"), MADE, MADE),
        (("make_5", "make_4", "make_6"), MADE, ("make_2", "make_1", "make_3")),
        (MADE, MADE, MADE),
        (("make_0", "make_1"), MADE, ("make_0", "make_1")),
        (("make_0",), ("make_1",), ("make_0",)),
        (("go_0_1", "go_1_2"), ("go_1_2", "go_2_3"), ("go_1_2", "go_2_3")),
        (("make_0", "make_1", "oven_0", "oven_1"), ("make_1", "make_2", "oven_1", "oven_2"),
         ("make_1", "make_2", "oven_1", "oven_2")),
        (("make_0", "make_00"), ("make_1", "make_2"), ("make_0", "make_00")),
        (("bread", "cake"), ("pan", "cake"), ("bread", "cake")),
    ],
)  # fmt: skip
def test_numbers_are_read_as_the_reference_has_them(
    ours: tuple[str, ...], theirs: tuple[str, ...], read: tuple[str, ...]
) -> None:
    first, second = renumbered(named(*ours), named(*theirs))
    assert names(first) == list(read)
    assert names(second) == list(theirs)
    assert names(renumbered(first, second)[0]) == list(read)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("make_1", "make_2", "stock_0", "stock_1"), ("make_1", "make_2", "stock_1", "stock_2")),
        (("go_1_1", "go_1_2", "go_2_1"), ("go_1_1", "go_2_1", "go_3_1")),
        (("make_1", "make_2", "make_4"), MADE),
    ],
)
def test_where_nothing_says_which_is_which_no_name_binds(ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    first, second = renumbered(named(*ours), named(*theirs))
    moved = [name for name in names(first) if name not in ours]
    assert moved
    assert moved == [name for name in names(second) if name not in theirs]
    assert [names(p) for p in renumbered(first, second)] == [names(first), names(second)]


def test_a_given_member_is_left_out_where_the_other_side_has_none() -> None:
    theirs = named("stock_1", "stock_2", "stock_3", rows=("stock_1 == 9",))
    first, second = renumbered(named("stock_1", "stock_2"), theirs)
    assert names(first)[0] == names(second)[1]
    assert names(first)[1] == names(second)[2]
