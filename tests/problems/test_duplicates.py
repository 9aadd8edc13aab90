"""The fast search for near duplicates against the slow one."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.problems.likeness import grams, jaccard, near_duplicates, words


def share(first: str, second: str, length: int) -> float:
    return jaccard(grams(first, length), grams(second, length))


TEXTS = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=14).map(" ".join), max_size=12)


@given(TEXTS, st.sampled_from([0.2, 0.5, 0.8, 1.0]), st.integers(1, 5))
def test_finds_exactly_the_pairs_of_the_slow_search(texts, threshold, length):
    slow = {
        (i, j): share(texts[i], texts[j], length)
        for j in range(len(texts))
        for i in range(j)
        if share(texts[i], texts[j], length) >= threshold
    }
    found = {(pair.first, pair.second): pair.share for pair in near_duplicates(texts, threshold, length)}
    assert found == slow


def test_exact_ignores_case_and_punctuation_only():
    pairs = near_duplicates(["Make 3 chairs, at most.", "make 3 chairs at most", "make 4 chairs at most"], 0.1, 2)
    assert [(p.first, p.second, p.exact) for p in pairs] == [(0, 1, True), (0, 2, False), (1, 2, False)]


def test_numbers_are_masked_so_that_a_leak_with_other_numbers_is_seen():
    one = "A baker makes 12 loaves a day from 30 kg of flour and sells each for 4 dollars; how many are best?"
    other = one.replace("12", "15").replace("30", "41").replace("4 dollars", "5 dollars")
    assert [(p.share, p.exact) for p in near_duplicates([one, other])] == [(1.0, False)]


def test_a_short_text_is_one_gram():
    assert grams("two words") == {"two words"}
    assert words("1,200 kg") == ["1,200", "kg"]


def test_threshold_is_checked():
    with pytest.raises(ValueError, match="threshold"):
        near_duplicates(["a"], 0)


def test_thousands_of_texts_take_seconds():
    rng = random.Random(1)
    vocabulary = [f"w{k}" for k in range(400)]
    texts = [" ".join(rng.choices(vocabulary, k=120)) for _ in range(3000)]
    texts[2999] = texts[17] + " and one more"
    started = time.perf_counter()
    assert [(p.first, p.second) for p in near_duplicates(texts)] == [(17, 2999)]
    assert time.perf_counter() - started < 20
