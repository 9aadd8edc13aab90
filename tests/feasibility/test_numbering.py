"""Families of names that are counted from another number."""

from __future__ import annotations

import pytest
from formulations import model, real

from pyrite.feasibility.programs.numbering import numberings
from pyrite.feasibility.programs.program import Program


def named(*names: str, rows: tuple[str, ...] = ()) -> Program:
    return model({name: real(0) for name in names}, "min " + " + ".join(names), *rows)


def read(ours: Program, theirs: Program) -> list[tuple[str, ...]]:
    return [tuple(column.name for column in way.columns) for way in numberings(ours, theirs)]


MADE = "make_1", "make_2", "make_3"
STOCKED = "make_1", "make_2", "stock_1", "stock_2"


@pytest.mark.parametrize(
    ("ours", "theirs", "ways"),
    [
        (("make_0", "make_1", "make_2"), MADE, [MADE]),
        (("make_5", "make_4", "make_6"), MADE, [("make_2", "make_1", "make_3")]),
        (MADE, MADE, [MADE]),
        (("make_0", "make_1"), MADE, [("make_0", "make_1")]),
        (("make_0",), ("make_1",), [("make_0",)]),
        (("go_0_1", "go_1_2"), ("go_1_2", "go_2_3"), [("go_1_2", "go_2_3")]),
        (("make_0", "make_1", "oven_0", "oven_1"), ("make_1", "make_2", "oven_1", "oven_2"),
         [("make_1", "make_2", "oven_1", "oven_2")]),
        (("make_0", "make_00"), ("make_1", "make_2"), [("make_0", "make_00")]),
        (("bread", "cake"), ("pan", "cake"), [("bread", "cake")]),
        # A gap, or another item: nothing is moved.
        (("make_1", "make_2", "make_4"), MADE, [("make_1", "make_2", "make_4")]),
        # One family is moved and another is not: either may be what is meant.
        (("make_1", "make_2", "stock_0", "stock_1"), STOCKED, [("make_1", "make_2", "stock_0", "stock_1"), STOCKED]),
        # Names that say nothing show nothing of how a side counts.
        (("make_0", "make_1", "x_1", "x_2"), ("make_1", "make_2", "x_1", "x_2"), [("make_1", "make_2", "x_1", "x_2")]),
        # Two indices in the other order, where the shape says so.
        (("go_1_1", "go_1_2", "go_1_3"), ("go_1_1", "go_2_1", "go_3_1"), [("go_1_1", "go_2_1", "go_3_1")]),
        (("go_0_1", "go_0_2"), ("go_1_0", "go_2_0"), [("go_1_0", "go_2_0")]),
    ],
)  # fmt: skip
def test_numbers_are_read_as_the_reference_has_them(
    ours: tuple[str, ...], theirs: tuple[str, ...], ways: list[tuple[str, ...]]
) -> None:
    def binds(name: str) -> bool:
        return not name.startswith("x")

    programs = numberings(named(*ours), named(*theirs), binds)
    assert [tuple(column.name for column in way.columns) for way in programs] == ways


def test_a_given_member_is_left_out_where_the_other_side_has_none() -> None:
    more = named("stock_1", "stock_2", "stock_3", rows=("stock_1 == 9",))
    assert read(named("stock_1", "stock_2"), more) == [("stock_2", "stock_3")]
    assert read(more, named("stock_1", "stock_2")) == [("stock_1 given", "stock_1", "stock_2")]
