"""Signs of parameters that a proof for all data may assume: those that the data at hand have."""

from __future__ import annotations

from collections.abc import Iterable

from ...language.formulation import Data
from .proof import ParameterSign


class Assumptions:
    """Signs of parameters that the data at hand have and that proofs have used."""

    def __init__(self, data: Data) -> None:
        self.signs = {name: [value for _, value in item.items()] for name, item in data.parameters.items()}
        self.used: dict[str, ParameterSign] = {}

    def allow(self, name: str, sign: ParameterSign) -> bool:
        """Whether the data have the sign; if so it counts as assumed, the stronger one of two."""
        values = self.signs.get(name)
        if values is None:
            return False
        holds = {"> 0": all(v > 0 for v in values), ">= 0": all(v >= 0 for v in values),
                 "!= 0": all(v != 0 for v in values)}[sign]  # fmt: skip
        if holds:
            before = self.used.get(name)
            # Two different signs that the data have together say that they are positive.
            self.used[name] = "> 0" if before is not None and before != sign else sign
        return holds

    def nonnegative(self, powers: Iterable[tuple[str, int]]) -> bool:
        """Whether the product of parameters with these exponents is at least zero by assumption."""
        return all(e % 2 == 0 or self.allow(name, "> 0" if e < 0 else ">= 0") for name, e in powers)
