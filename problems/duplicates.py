"""Texts that repeat each other: exact repeats, and pairs that share most of their word 5-grams.

The search is exact (no hashing errors, no missed pair above the threshold) and still fast for thousands of texts:
prefix filtering after Chaudhuri, Ganti and Kaushik (ICDE 2006) and Bayardo, Ma and Srikant (WWW 2007). Two sets whose
Jaccard similarity is at least ``t`` must share one of the rarest ``|x| - ceil(t |x|) + 1`` elements of each, so only
those are indexed and only their sharers are compared.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

GRAM = 5
"""Words in a gram."""

THRESHOLD = 0.8
"""Share of grams from which two texts count as near duplicates."""

_WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+")


@dataclass(frozen=True, slots=True)
class Pair:
    """Texts number ``first < second``: Jaccard ``share`` of their grams; ``exact`` when word for word the same."""

    first: int
    second: int
    share: float
    exact: bool


def words(text: str) -> list[str]:
    """The text's words and numbers in lower case; punctuation and layout do not count.

    >>> words("At most 1,200 kg -- no more.")
    ['at', 'most', '1,200', 'kg', 'no', 'more']
    """
    return _WORD.findall(text.casefold())


def grams(text: str, length: int = GRAM) -> frozenset[tuple[str, ...]]:
    """All runs of ``length`` words; a shorter text is one gram."""
    found = words(text)
    if len(found) <= length:
        return frozenset([tuple(found)])
    return frozenset(tuple(found[i : i + length]) for i in range(len(found) - length + 1))


def share(first: str, second: str, length: int = GRAM) -> float:
    """Jaccard similarity of two texts' grams: 1 for the same, 0 for nothing in common.

    >>> share("a b c d e f", "a b c d e g")
    0.3333333333333333
    """
    a, b = grams(first, length), grams(second, length)
    return len(a & b) / len(a | b)


def near_duplicates(texts: Sequence[str], threshold: float = THRESHOLD, length: int = GRAM) -> list[Pair]:
    """Every pair of texts whose gram share is at least ``threshold`` (0 < threshold <= 1), in order."""
    if not 0 < threshold <= 1:
        raise ValueError(f"the threshold lies above 0 and up to 1, got {threshold}")
    numbers: dict[tuple[str, ...], int] = {}
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
                pairs.append(Pair(first, second, similarity, words(texts[first]) == words(texts[second])))
        for gram in document[:prefix]:
            index[gram].append(i)
    return sorted(pairs, key=lambda pair: (pair.first, pair.second))
