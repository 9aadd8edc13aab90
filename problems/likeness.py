"""How alike two texts are: the word 5-grams they share, with every number masked so that a template cannot hide."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from .problem import Problem

WORDS = 5
NEAR = 0.6
"""Two texts that share this part of all their 5-grams (Jaccard) are near-duplicates: one story with other numbers."""

_WORD = re.compile(r"[^\W\d_]+|\d[\d.,]*")


def grams(text: str) -> frozenset[str]:
    """The text's 5-grams of lower-case words, numbers masked; those with fewer than three real words are left out
    (rows of a table would otherwise make any two tables alike).

    >>> sorted(grams("A loaf takes 12 minutes of work"))
    ['a loaf takes 0 minutes', 'loaf takes 0 minutes of', 'takes 0 minutes of work']
    """
    words = ["0" if word[0].isdigit() else word for word in _WORD.findall(text.lower())]
    found = (words[k : k + WORDS] for k in range(len(words) - WORDS + 1))
    return frozenset(" ".join(gram) for gram in found if sum(word != "0" for word in gram) >= 3)


def shared(first: frozenset[str], second: frozenset[str]) -> float:
    """The share of the shorter text's 5-grams that the other text has too, from 0 to 1."""
    smaller = min(len(first), len(second))
    return len(first & second) / smaller if smaller else 0.0


def jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    """Common 5-grams over all 5-grams of both, from 0 to 1."""
    union = len(first | second)
    return len(first & second) / union if union else 0.0


class LikenessIndex:
    """Texts seen so far, by family and split, to find near-duplicates across splits.

    Within one split alike texts are allowed (a twin is one on purpose).
    """

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._texts: dict[str | None, dict[str, tuple[str | None, frozenset[str]]]] = {}
        self._postings: dict[str | None, dict[str, list[str]]] = {}
        for problem in problems:
            self.add(problem)

    def add(self, problem: Problem) -> None:
        """Remember a text."""
        found = grams(problem.text)
        self._texts.setdefault(problem.family, {})[problem.id] = (problem.split, found)
        postings = self._postings.setdefault(problem.family, {})
        for gram in found:
            postings.setdefault(gram, []).append(problem.id)

    def nearest(self, problem: Problem) -> tuple[str, float] | None:
        """The most similar near-duplicate of the family in another split, with its likeness (Jaccard), if any."""
        found = grams(problem.text)
        texts = self._texts.get(problem.family, {})
        postings = self._postings.get(problem.family, {})
        common: Counter[str] = Counter()
        for gram in found:
            common.update(postings.get(gram, ()))
        best: tuple[str, float] | None = None
        for name, count in common.items():
            split, other = texts[name]
            likeness = count / (len(found) + len(other) - count)
            if split != problem.split and likeness >= NEAR and (best is None or likeness > best[1]):
                best = (name, likeness)
        return best
