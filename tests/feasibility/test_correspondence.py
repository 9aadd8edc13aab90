"""Names correspond when their words do, for all variables at once and in one way only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.feasibility.programs.correspondence import match_names, plural, words
from pyrite.feasibility.programs.program import Column, Program, member_name


def program(*names):
    """Columns from bare names or (variable, member, ...) tuples."""
    columns = []
    for name in names:
        variable, members = (name, ()) if isinstance(name, str) else (name[0], tuple(name[1:]))
        columns.append(Column(member_name(variable, members), "continuous", 0, None, variable, members))
    return Program(columns, [], "feasibility")


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (["x", "y"], ["y", "x"], [1, 0]),
        (["Bread", "CAKE"], ["cake", "bread"], [1, 0]),
        (["oxCarts", "rickshaw"], ["rickshaws", "ox_cart"], [1, 0]),
        (["boxes", "berry"], ["box", "berries"], [0, 1]),
        (["num_glass"], ["NumGlasses"], [0]),
        (["x1", "x2"], ["x_2", "x_1"], [1, 0]),
        (["make_bread_1", "make_cake_1"], [("make", "cake", 1), ("make", "bread", 1)], [1, 0]),
        ([("make", "bread"), ("make", "cake")], ["cake", "bread"], [1, 0]),
        (["bread", "cake"], [("make", "cake"), ("make", "bread")], [1, 0]),
        ([("x", "bread"), ("x", "cake")], [("make", "cake"), ("make", "bread")], [1, 0]),
        ([("x", -1), ("x", 1)], [("y", 1), ("y", -1)], [1, 0]),
        # no correspondence without a guess
        (["x", "y"], ["bread", "cake"], None),
        (["x"], ["bread"], None),
        (["plane"], ["plan"], None),
        (["bread", "breads"], ["bread", "cake"], None),
        (["Bread", "bread"], ["bread", "BREAD"], None),
        ([("make", "b"), ("stock", "b")], [("produce", "b"), ("keep", "b")], None),
        (["b", "c"], [("make", "b"), ("stock", "b")], None),
        (["x", "y"], ["x"], None),
        (["x"], ["x", "y"], None),
        (["___"], ["_"], None),
    ],
)
def test_examples(ours, theirs, expected):
    assert match_names(program(*ours), program(*theirs)) == expected


def test_extra_columns_are_allowed_only_when_asked_for():
    ours, theirs = program("total", "x", "y"), program("Y", "X")
    assert match_names(ours, theirs) is None
    assert match_names(ours, theirs, extra=True) == [2, 1]
    assert match_names(theirs, ours, extra=True) is None


def test_singular_and_plural_of_one_name_stay_apart():
    """`box` and `boxes` on one side are two variables; folding would make them one, so the exact names must decide."""
    assert match_names(program("box", "boxes"), program("boxes", "box")) == [1, 0]
    assert match_names(program("Box", "Boxes"), program("boxes", "box")) is None


identifiers = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)


@given(st.lists(identifiers, min_size=1, max_size=8, unique=True), st.randoms())
def test_a_permutation_is_found(names, random):
    shuffled = random.sample(names, len(names))
    assert match_names(program(*names), program(*shuffled)) == [names.index(name) for name in shuffled]


@given(
    st.lists(identifiers, min_size=1, max_size=6, unique=True),
    st.lists(identifiers, min_size=1, max_size=6, unique=True),
)
def test_what_is_found_is_a_bijection_of_equal_words_and_holds_both_ways(ours, theirs):
    found = match_names(program(*ours), program(*theirs))
    back = match_names(program(*theirs), program(*ours))
    assert (found is None) == (back is None)
    if found is not None:
        assert sorted(found) == list(range(len(ours)))
        assert [back[i] for i in found] == list(range(len(ours)))
        for name, i in zip(theirs, found, strict=True):
            assert all(
                a == b or a == plural(b) or b == plural(a) for a, b in zip(words(name), words(ours[i]), strict=True)
            )
