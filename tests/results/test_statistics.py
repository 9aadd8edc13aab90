"""Rates and intervals, against published examples, statsmodels and simulation."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting import verdict
from scipy.optimize import minimize_scalar
from statsmodels.stats.proportion import proportion_confint

from pyrite.feasibility.verdict import STAGES
from pyrite.results.comparing import compare_pass_at_k
from pyrite.results.observing import OUTCOMES, observe
from pyrite.results.paired import difference_interval, tango
from pyrite.results.statistics import (
    bootstrap_interval,
    clustered_interval,
    conditional_rate,
    gap_of,
    pass_at_k,
    pass_at_k_of,
    rate_of,
    resample,
    wilson,
)


@given(st.integers(1, 400), st.data())
def test_wilson_is_that_of_statsmodels(n, data):
    k = data.draw(st.integers(0, n))
    low, high = wilson(k, n)
    expected = proportion_confint(k, n, 0.05, method="wilson")
    assert low == pytest.approx(expected[0], abs=1e-12)
    assert high == pytest.approx(expected[1], abs=1e-12)
    assert 0 <= low <= k / n <= high <= 1


def test_wilson_of_nothing_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError):
        wilson(3, 2)


def test_wilson_published_example():
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I: 81 of 263 and 15 of 148 and 0 of 20.
    assert [round(x, 4) for x in wilson(81, 263)] == [0.2553, 0.3662]
    assert [round(x, 4) for x in wilson(15, 148)] == [0.0624, 0.1605]
    assert [round(x, 4) for x in wilson(0, 20)] == [0.0, 0.1611]


def test_one_answer_a_cluster_is_plain_wilson():
    values = np.array([1.0] * 30 + [0.0] * 10)
    assert clustered_interval(values, np.arange(40)) == wilson(30, 40)


def test_copies_of_an_answer_add_nothing():
    single = np.array([1.0] * 30 + [0.0] * 10)
    low, high = wilson(30, 40)
    copied = clustered_interval(np.repeat(single, 8), np.repeat(np.arange(40), 8))
    # Student's quantile with 39 degrees of freedom makes it a little wider than 40 single answers; never narrower.
    assert copied[0] <= low
    assert copied[1] >= high
    assert copied[1] - copied[0] < 1.1 * (high - low)


def test_equal_answers_count_as_one_a_cluster():
    low, high = clustered_interval(np.ones(80), np.repeat(np.arange(10), 8))
    assert high == 1.0
    assert low == pytest.approx(10 / (10 + 2.2621571628**2), rel=1e-6)
    assert clustered_interval(np.ones(80), np.zeros(80, dtype=np.int64)) == (0.0, 1.0)


def test_unknowns_are_bounds_and_absent_is_nowhere():
    verdicts = [verdict("a", None), verdict("b", "parses"), verdict("c", None, unknown="equivalent")]
    verdicts.append(verdict("d", "schema", strongest="bounded"))
    observed = observe(verdicts)
    rate = rate_of(observed, "equivalent")
    assert (rate.passed, rate.failed, rate.unknown, rate.absent) == (1, 1, 1, 1)
    assert (rate.rate, rate.floor, rate.ceiling) == (0.5, 1 / 3, 2 / 3)
    surface = rate_of(observed, "surface")
    assert (surface.passed, surface.failed, surface.absent) == (2, 2, 0)
    given_surface = conditional_rate(observed, "substance")
    assert (given_surface.passed, given_surface.failed, given_surface.unknown) == (1, 0, 1)


@given(st.lists(st.tuples(st.sampled_from([*STAGES, None]), st.sampled_from([*STAGES, None])), min_size=1, max_size=30))
def test_bounds_hold_and_the_order_of_the_file_does_not_matter(drawn):
    verdicts = [verdict(f"p{i:02}", fails, unknown=unknown) for i, (fails, unknown) in enumerate(drawn)]
    observed, shuffled = observe(verdicts), observe(verdicts[::-1])
    for outcome in OUTCOMES:
        rate = rate_of(observed, outcome)
        assert rate == rate_of(shuffled, outcome)
        assert rate.known + rate.unknown + rate.absent == len(verdicts)
        if rate.rate is not None:
            assert rate.floor <= rate.rate <= rate.ceiling
            assert 0 <= rate.low <= rate.rate <= rate.high <= 1


def test_pass_at_k_is_the_fraction_of_subsets_with_a_right_answer():
    for n in range(1, 9):
        for c in range(n + 1):
            for k in range(1, n + 1):
                assert pass_at_k(n, c, k) == pytest.approx(1 - math.comb(n - c, k) / math.comb(n, k), abs=1e-12)
    with pytest.raises(ValueError):
        pass_at_k(3, 1, 4)


@pytest.mark.parametrize(("n", "c"), [(1, 0), (5, 2), (8, 1), (10, 7), (12, 3)])
def test_pass_at_k_by_drawing_every_subset(n, c):
    answers = [True] * c + [False] * (n - c)
    for k in range(1, n + 1):
        draws = [any(draw) for draw in itertools.combinations(answers, k)]
        assert pass_at_k(n, c, k) == pytest.approx(sum(draws) / len(draws), abs=1e-12)


def test_pass_at_k_to_64_is_unbiased():
    """A model right with probability p: the mean over runs of 80 answers is 1 - (1 - p)^k, and 64 of 64 is exact."""
    assert pass_at_k(64, 1, 64) == 1
    assert pass_at_k(64, 0, 64) == 0
    for p in (0.01, 0.05):
        for k in (1, 8, 64):
            expected = sum(math.comb(80, c) * p**c * (1 - p) ** (80 - c) * pass_at_k(80, c, k) for c in range(81))
            assert expected == pytest.approx(1 - (1 - p) ** k, abs=1e-9)


def test_sharpening_is_a_gain_at_one_that_is_lost_at_many():
    """Ten problems of 64 answers: before each is right now and then, after half of them always and half never."""
    before = [verdict(f"p{i}", None if s < 16 else "value", s) for i in range(10) for s in range(64)]
    after = [verdict(f"p{i}", None if i < 5 else "value", s) for i in range(10) for s in range(64)]
    one, many = (compare_pass_at_k(observe(before), observe(after), "substance", k) for k in (1, 64))
    assert (one.first, one.second, one.problems) == (pytest.approx(0.25), pytest.approx(0.5), 10)
    assert (many.first, many.second, many.difference) == (1, 0.5, -0.5)
    assert many.low < -0.5 < many.high < 0
    assert one.low < 0.25 < one.high
    assert compare_pass_at_k(observe(before), observe(after), "substance", 65) is None
    alone = compare_pass_at_k(observe(before[:64]), observe(after[:64]), "substance", 2)
    assert (alone.low, alone.high) == (-1, 1)


def test_pass_at_k_of_a_run_says_what_it_left_out():
    verdicts = [verdict("a", None, 0), verdict("a", "value", 1), verdict("b", "value", 0), verdict("b", "parses", 1)]
    verdicts.append(verdict("c", None, 0))
    observed = observe(verdicts)
    at_two = pass_at_k_of(observed, "substance", 2)
    assert (at_two.rate, at_two.problems, at_two.left_out) == (0.5, 2, 1)
    assert pass_at_k_of(observed, "substance", 3) is None


def test_the_gap_is_what_looks_right_and_is_not():
    verdicts = [verdict(f"a{i}", None) for i in range(10)] + [verdict(f"b{i}", "value") for i in range(25)]
    verdicts += [verdict(f"c{i}", "parses") for i in range(5)]
    gap = gap_of(observe(verdicts))
    assert gap.gap == pytest.approx(25 / 40)
    assert 0.45 < gap.low < 0.5
    assert 0.75 < gap.high < 0.8
    assert gap_of(observe([])) is None


def test_no_pair_that_differs_is_not_certainty():
    ones = np.ones(40)
    low, high = difference_interval(ones, ones, np.arange(40))
    assert low == pytest.approx(-high)
    assert high == pytest.approx(wilson(0, 40)[1], abs=1e-9)


def test_pairs_that_all_differ_alike_are_not_certainty():
    """A bootstrap had nothing to draw from: an interval without width that covered 64 % of the time."""
    ones, zeros = np.ones(40), np.zeros(40)
    low, high = difference_interval(ones, zeros, np.arange(40))
    assert 0.8 < low < 0.9
    assert high == 1
    gap = gap_of(observe([verdict(f"b{i}", "value") for i in range(25)]))
    assert (gap.gap, gap.high) == (1, 1)
    assert gap.low == pytest.approx(wilson(25, 25)[0])


def test_one_problem_with_several_answers_says_nothing():
    run = [replace(verdict("a", "value" if k else None), sample=k) for k in range(4)]
    observed = observe(run)
    found = pass_at_k_of(observed, "value", 2)
    assert (found.rate, found.low, found.high) == (0.5, 0, 1)
    assert (rate_of(observed, "value").low, rate_of(observed, "value").high) == (0, 1)
    assert (gap_of(observed).low, gap_of(observed).high) == (0, 1)
    assert clustered_interval(np.array([0.25]), np.array([0])) == (0, 1)
    assert difference_interval(np.ones(4), np.zeros(4), np.zeros(4, dtype=int)) == (-1, 1)


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 40))
def test_the_score_interval_inverts_the_score_test(gained, lost, same):
    """At each end the constrained likelihood, maximised numerically, gives a score of the quantile."""
    n, z = gained + lost + same, 1.96
    low, high = tango(gained, lost, n, z)
    estimate = (gained - lost) / n
    assert -1 <= low <= estimate <= high <= 1
    assert tango(lost, gained, n, z) == pytest.approx((-high, -low), abs=1e-7)
    for end in (low, high):
        if abs(end) > 0.98:
            continue

        def unlikely(q, end=end):
            p = q + end
            terms = ((gained, p), (lost, q), (same, 1 - p - q))
            return -sum(k * np.log(max(x, 1e-300)) for k, x in terms if k)

        q = minimize_scalar(unlikely, bounds=(max(0.0, -end), (1 - end) / 2), method="bounded",
                            options={"xatol": 1e-12}).x  # fmt: skip
        score = n * (estimate - end) / np.sqrt(n * (2 * q + end - end * end))
        assert abs(score) == pytest.approx(z, abs=2e-3)


def test_the_bootstrap_is_the_same_every_time_and_matches_scipy():
    rng = np.random.default_rng(5)
    values = rng.integers(0, 2, size=(80, 1)).astype(float)
    rows = np.column_stack([values, np.ones(80)])
    assert np.array_equal(resample(rows), resample(rows))
    low, high = bootstrap_interval(rows, lambda sums: sums[:, 0] / sums[:, 1])
    from scipy.stats import bootstrap

    other = bootstrap((values[:, 0],), np.mean, n_resamples=20_000, method="percentile", rng=rng).confidence_interval
    assert low == pytest.approx(other.low, abs=0.015)
    assert high == pytest.approx(other.high, abs=0.015)


def test_wilson_covers_by_simulation():
    """Over rates drawn from 0.1 to 0.9 and 30 to 200 answers, 93-97 % of the intervals hold the true rate."""
    rng = np.random.default_rng(11)
    held = total = 0
    for n in (30, 60, 200):
        intervals = np.array([wilson(k, n) for k in range(n + 1)])
        truth = rng.uniform(0.1, 0.9, size=20_000)
        seen = intervals[rng.binomial(n, truth)]
        held += int(((seen[:, 0] <= truth) & (truth <= seen[:, 1])).sum())
        total += len(truth)
    assert 0.93 <= held / total <= 0.97


@pytest.mark.parametrize(("clusters", "size", "together"), [(40, 4, 0.3), (60, 8, 0.6), (200, 2, 0.9)])
def test_clustered_intervals_cover_by_simulation(clusters, size, together):
    """Answers to one problem share a beta-distributed rate; the plain interval would be too narrow."""
    rng = np.random.default_rng(12)
    groups = np.repeat(np.arange(clusters), size)
    held, plain, trials = 0, 0, 1500
    for _ in range(trials):
        truth = rng.uniform(0.2, 0.8)
        a = truth * (1 - together) / together
        b = (1 - truth) * (1 - together) / together
        values = (rng.random(clusters * size) < np.repeat(rng.beta(a, b, clusters), size)).astype(float)
        low, high = clustered_interval(values, groups)
        held += low <= truth <= high
        low, high = wilson(values.sum(), len(values))
        plain += low <= truth <= high
    assert 0.93 <= held / trials <= 0.97
    assert plain < held


def test_the_difference_of_pairs_covers_by_simulation():
    rng = np.random.default_rng(13)
    held, trials, n = 0, 1000, 120
    groups = np.arange(n)
    for _ in range(trials):
        lost, gained = rng.uniform(0.05, 0.3, size=2)
        draw = rng.random(n)
        first = (draw < 0.4 + lost) & (draw >= 0.0)
        second = (draw < 0.4) | (draw >= 1 - gained)
        low, high = difference_interval(second.astype(float), first.astype(float), groups)
        held += low <= gained - lost <= high
    assert 0.93 <= held / trials <= 0.97


@pytest.mark.parametrize("truth", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("problems", "size"), [(20, 1), (120, 1), (40, 4)])
def test_large_gaps_cover_by_simulation(truth, problems, size):
    rng = np.random.default_rng(17)
    groups = np.repeat(np.arange(problems), size)
    held, trials = 0, 600
    for _ in range(trials):
        chances = rng.beta(truth * 2, (1 - truth) * 2, problems) if size > 1 else np.full(problems, truth)
        gained = (rng.random(problems * size) < np.repeat(chances, size)).astype(float)
        low, high = difference_interval(gained, np.zeros(problems * size), groups)
        held += low <= truth <= high
    assert held / trials >= 0.91
