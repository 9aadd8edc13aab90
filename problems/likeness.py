"""How alike two texts are: the word 5-grams they share, with every number masked so that a template cannot hide.

The search for near-duplicates in a set is exact (no hashing errors, no missed pair above the threshold) and still fast
for thousands of texts: prefix filtering after Chaudhuri, Ganti and Kaushik (ICDE 2006) and Bayardo, Ma and Srikant (WWW
2007). Two sets whose Jaccard similarity is at least ``t`` must share one of the rarest ``|x| - ceil(t |x|) + 1``
elements of each, so only those are indexed and only their sharers are compared.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .problem import Problem

WORDS = 5
"""Words in a gram."""

NEAR = 0.6
"""Generated texts that share this part of all their 5-grams (Jaccard) are near-duplicates: one story, other numbers."""

THRESHOLD = 0.8
"""Share of grams from which two imported texts count as near-duplicates."""

_MASKED = re.compile(r"[^\W\d_]\w*|\d[\d.,]*")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+")


def words(text: str) -> list[str]:
    """The text's words and numbers in lower case; punctuation and layout do not count.

    >>> words("At most 1,200 kg -- no more.")
    ['at', 'most', '1,200', 'kg', 'no', 'more']
    """
    return _WORD.findall(text.casefold())


def grams(text: str, length: int = WORDS) -> frozenset[str]:
    """The text's runs of ``length`` lower-case words, numbers masked; those with fewer than three real words are left
    out (rows of a table would otherwise make any two tables alike). A text without any is one gram.

    >>> sorted(grams("A loaf takes 12 minutes of work"))
    ['a loaf takes 0 minutes', 'loaf takes 0 minutes of', 'takes 0 minutes of work']
    """
    masked = ["0" if word[0].isdigit() else word for word in _MASKED.findall(text.lower())]
    found = (masked[k : k + length] for k in range(len(masked) - length + 1))
    real = min(3, length)
    kept = frozenset(" ".join(gram) for gram in found if sum(word != "0" for word in gram) >= real)
    return kept or frozenset([" ".join(masked)])


def shared(first: frozenset[str], second: frozenset[str]) -> float:
    """The share of the shorter text's 5-grams that the other text has too, from 0 to 1."""
    smaller = min(len(first), len(second))
    return len(first & second) / smaller if smaller else 0.0


def jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    """Common 5-grams over all 5-grams of both, from 0 to 1."""
    union = len(first | second)
    return len(first & second) / union if union else 0.0


@dataclass(frozen=True, slots=True)
class AlikePair:
    """Texts number ``first < second``: Jaccard ``share`` of their grams; ``exact`` when word for word the same, numbers
    included."""

    first: int
    second: int
    share: float
    exact: bool


def near_duplicates(texts: Sequence[str], threshold: float = THRESHOLD, length: int = WORDS) -> list[AlikePair]:
    """Every pair of texts whose gram share is at least ``threshold`` (0 < threshold <= 1), in order."""
    if not 0 < threshold <= 1:
        raise ValueError(f"the threshold lies above 0 and up to 1, got {threshold}")
    numbers: dict[str, int] = {}
    counts: Counter[int] = Counter()
    documents: list[list[int]] = []
    for text in texts:
        document = [numbers.setdefault(gram, len(numbers)) for gram in grams(text, length)]
        counts.update(document)
        documents.append(document)
    for document in documents:
        document.sort(key=lambda gram: (counts[gram], gram))  # rarest first: prefixes then rarely meet by chance
    sets = [frozenset(document) for document in documents]
    order = sorted(range(len(texts)), key=lambda i: len(documents[i]))
    index: defaultdict[int, list[int]] = defaultdict(list)
    pairs = []
    for i in order:
        document = documents[i]
        size = len(document)
        prefix = size - math.ceil(threshold * size - 1e-9) + 1
        candidates = {
            j for gram in document[:prefix] for j in index[gram] if len(documents[j]) >= threshold * size - 1e-9
        }
        for j in candidates:
            common = len(sets[i] & sets[j])
            similarity = common / (size + len(documents[j]) - common)
            if similarity >= threshold:
                first, second = min(i, j), max(i, j)
                pairs.append(AlikePair(first, second, similarity, words(texts[first]) == words(texts[second])))
        for gram in document[:prefix]:
            index[gram].append(i)
    return sorted(pairs, key=lambda pair: (pair.first, pair.second))


class LikenessIndex:
    """Texts seen so far, by family and split, to find near-duplicates across splits.

    Within one split alike texts are allowed (a twin is one on purpose).
    """

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._texts: dict[str | None, dict[str, tuple[str | None, frozenset[str]]]] = {}
        self._postings: dict[str | None, dict[str, list[str]]] = {}
        self._whole: dict[str, tuple[str, str | None]] = {}
        for problem in problems:
            self.add(problem)

    def add(self, problem: Problem) -> None:
        """Remember a text."""
        self._whole.setdefault(problem.text, (problem.id, problem.split))
        found = grams(problem.text)
        self._texts.setdefault(problem.family, {})[problem.id] = (problem.split, found)
        postings = self._postings.setdefault(problem.family, {})
        for gram in found:
            postings.setdefault(gram, []).append(problem.id)

    def repeated(self, problem: Problem) -> str | None:
        """A problem of another split with the same text to the letter, numbers included, if any."""
        name, split = self._whole.get(problem.text, (None, problem.split))
        return name if split != problem.split else None

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
