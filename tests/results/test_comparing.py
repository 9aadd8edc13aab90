"""Comparing two runs: published examples, statsmodels, and the level of the tests by simulation."""

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting import verdict
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar
from statsmodels.stats.multitest import multipletests

from pyrite.results.comparing import (
    compare_outcome,
    compare_runs,
    different_comparisons,
    flips,
    holm,
    mcnemar,
    mcnemar_power,
    power_sentence,
    sign_flip,
    unseen_drop,
)
from pyrite.results.observing import observe


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_that_of_statsmodels(lost, gained):
    table = [[10, lost], [gained, 10]]
    expected = statsmodels_mcnemar(table, exact=True).pvalue if lost + gained else 1.0
    assert mcnemar(lost, gained) == pytest.approx(min(1.0, expected), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_is_that_of_statsmodels(p_values):
    with mock.patch("gc.collect"):  # which multipletests calls every time: half a second beside a large heap
        expected = multipletests(p_values, method="holm")[1].tolist()
    assert holm(p_values) == pytest.approx(expected, abs=1e-12)


def test_mcnemar_keeps_its_level():
    """Under no difference, at most 5 % of the tests reject, whatever the churn."""
    rng = np.random.default_rng(21)
    for n, churn in ((40, 0.1), (100, 0.2), (400, 0.3)):
        changed = rng.binomial(n, churn, size=20_000)
        lost = rng.binomial(changed, 0.5)
        table = {
            (int(a), int(b)): mcnemar(int(b), int(a - b))
            for a, b in set(zip(changed.tolist(), lost.tolist(), strict=True))
        }
        rejected = np.mean([table[int(a), int(b)] <= 0.05 for a, b in zip(changed, lost, strict=True)])
        assert 0.003 < rejected <= 0.053


def test_sign_flips_keep_their_level_with_answers_that_hang_together():
    """Four answers a problem that are nearly copies: treating them as single pairs would reject far too often."""
    rng = np.random.default_rng(22)
    trials, problems = 1000, 40
    rejected = naive = 0
    for _ in range(trials):
        rates = rng.beta(0.2, 0.2, size=(2, problems))
        counts = rng.binomial(4, rates)
        rejected += sign_flip((counts[1] - counts[0]) / 4, permutations=2000) <= 0.05
        net = counts[1] - counts[0]
        naive += mcnemar(int(-net[net < 0].sum()), int(net[net > 0].sum())) <= 0.05
    assert rejected / trials <= 0.065
    assert rejected / trials >= 0.03
    assert naive / trials > 0.15


def test_sign_flips_agree_with_mcnemar_for_single_answers():
    differences = np.array([1.0] * 14 + [-1.0] * 4 + [0.0] * 22)
    assert sign_flip(differences) == pytest.approx(mcnemar(4, 14), abs=0.004)
    assert sign_flip(np.zeros(10)) == 1.0


def test_power_is_that_of_simulation():
    rng = np.random.default_rng(23)
    for n, lost, gained in ((40, 0.2, 0.02), (100, 0.15, 0.05), (300, 0.1, 0.05)):
        draws = rng.multinomial(n, [lost, gained, 1 - lost - gained], size=4000)
        p_values = {pair: mcnemar(*pair) for pair in {(int(a), int(b)) for a, b, _ in draws}}
        simulated = np.mean([p_values[int(a), int(b)] <= 0.05 for a, b, _ in draws])
        assert mcnemar_power(n, lost, gained) == pytest.approx(simulated, abs=0.03)
    assert mcnemar_power(40, 0.0, 0.0) == 0.0


def test_power_is_the_textbook_sum():
    """Every table of 12 pairs, counted one by one."""
    from math import comb

    n, lost, gained = 12, 0.4, 0.1
    total = 0.0
    for b in range(n + 1):
        for c in range(n + 1 - b):
            chance = comb(n, b) * comb(n - b, c) * lost**b * gained**c * (1 - lost - gained) ** (n - b - c)
            if b + c and binomtest(b, b + c).pvalue <= 0.05:
                total += chance
    assert mcnemar_power(n, lost, gained) == pytest.approx(total, abs=1e-9)


def test_what_goes_unseen():
    drop = unseen_drop(40)
    assert mcnemar_power(40, drop, 0.0) >= 0.8 > mcnemar_power(40, drop - 0.005, 0.0)
    assert 0.18 < drop < 0.20
    assert unseen_drop(5) is None
    assert unseen_drop(0) is None
    assert unseen_drop(100, churn=0.05) > unseen_drop(100)
    assert "With 40 problems a drop of under 19 points" in power_sentence(40)
    assert "no drop at all would be seen" in power_sentence(3)


def test_flips_both_ways_and_the_table():
    first = observe([verdict("a", None), verdict("b", None), verdict("c", "value"), verdict("d", "parses")])
    second = observe([verdict("a", None), verdict("b", "sound"), verdict("c", None), verdict("d", "schema")])
    found = [(flip.problem_id, flip.outcome, flip.direction) for flip in flips(first, second)]
    assert found == [("b", "substance", "lost"), ("c", "substance", "gained")]
    change = compare_outcome(first, second, "substance")
    assert (change.both, change.lost, change.gained, change.neither) == (1, 1, 1, 1)
    assert change.p == 1.0
    assert compare_outcome(first, second, "parses").gained == 1
    table = compare_runs(first, second)
    assert [row.outcome for row in table][-2:] == ["surface", "substance"]
    assert all(row.p <= row.p_holm <= 1 for row in table)


def test_holm_counts_a_stage_and_the_score_that_is_the_same_stage_once():
    first = observe([verdict(f"p{i:02}", "schema") for i in range(12)])
    second = observe([verdict(f"p{i:02}", "value") for i in range(12)])
    table = {row.outcome: row for row in compare_runs(first, second)}
    assert table["surface"].p == table["names"].p == mcnemar(0, 12)
    # Moved: schema to sound and the surface, all the same outputs; did not move: parses, and value to substance.
    assert different_comparisons([list(table.values())]) == 3
    assert table["surface"].p_holm == table["schema"].p_holm == 3 * mcnemar(0, 12)


def test_an_unknown_is_in_no_pair():
    first = observe([verdict("a", None), verdict("b", None, unknown="equivalent")])
    second = observe([verdict("a", None), verdict("b", None)])
    change = compare_outcome(first, second, "substance")
    assert (change.pairs, change.unknown) == (1, 1)
    assert flips(first, second) == []


def test_several_answers_are_compared_by_problem():
    first = observe([verdict(f"p{i}", "value", sample) for i in range(6) for sample in range(3)])
    second = observe([verdict(f"p{i}", None, sample) for i in range(6) for sample in range(3)])
    change = compare_outcome(first, second, "substance")
    assert change.test == "sign-flip permutation by problem"
    # Six problems all moving the same way: 2 / 2**6, however many answers each.
    assert change.p == pytest.approx(2 / 64, abs=0.005)
    assert mcnemar(0, 18) < 1e-4
