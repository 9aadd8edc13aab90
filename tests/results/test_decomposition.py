"""The split of a gain: adds up, matches a hand computation, and its words say the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting import verdict

from pyrite.results.decomposition import decompose, in_words
from pyrite.results.observing import observe


def run(surface_fails: int, substance_fails: int, right: int):
    kinds = ["schema"] * surface_fails + ["value"] * substance_fails + [None] * right
    return observe([verdict(f"p{i:03}", kind) for i, kind in enumerate(kinds)])


def test_by_hand():
    # 40 % to 90 % surface, 50 % to 60 % of those right: 20 % to 54 % substance.
    split = decompose(run(60, 20, 20), run(10, 36, 54))
    assert split.gain == pytest.approx(0.34)
    assert split.by_surface == pytest.approx(0.5 * 0.55)
    assert split.by_substance == pytest.approx(0.1 * 0.65)
    assert split.share_of_surface == pytest.approx(0.275 / 0.34)
    text = in_words(split, "base", "tuned")
    assert "tuned gains 34.0 points of substance over base (20.0 % to 54.0 %" in text
    assert "So 81 % of the change is surface." in text


@given(st.lists(st.tuples(*[st.sampled_from(["schema", "value", None])] * 2), min_size=1, max_size=40))
def test_the_parts_add_up_and_swapping_the_runs_changes_the_signs(kinds):
    first = observe([verdict(f"p{i:03}", kind) for i, (kind, _) in enumerate(kinds)])
    second = observe([verdict(f"p{i:03}", kind) for i, (_, kind) in enumerate(kinds)])
    split, back = decompose(first, second), decompose(second, first)
    assert split.by_surface + split.by_substance == pytest.approx(split.gain, abs=1e-12)
    assert back.by_surface == pytest.approx(-split.by_surface, abs=1e-12)
    low, high = split.gain_interval
    assert low - 1e-9 <= split.gain <= high + 1e-9


def test_nothing_passes_the_surface():
    split = decompose(run(10, 0, 0), run(2, 3, 5))
    assert split.by_surface == pytest.approx(split.gain) == pytest.approx(0.5)
    assert not split.told_apart
    assert "cannot be told apart" in in_words(split, "base", "tuned")


def test_unknown_pairs_are_left_out_and_counted():
    first = observe([verdict("a", None), verdict("b", None, unknown="equivalent")])
    second = observe([verdict("a", "value"), verdict("b", None)])
    split = decompose(first, second)
    assert (split.pairs, split.left_out, split.gain) == (1, 1, -1.0)
    assert in_words(split, "a", "b").endswith("Left out for an unknown verdict: 1 pair.")
    assert decompose(observe([]), observe([])) is None
