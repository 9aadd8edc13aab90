"""Is what tells two programs apart more than the policy's tolerance of a row?"""

from __future__ import annotations

from ..policy import Policy
from ..rationals import Fraction, magnitude
from .evidence import Comparison


def beyond_tolerance(found: Comparison, policy: Policy) -> bool:
    """Whether every separating plan passes its limit by more than ``row_tolerance * max(1, |limit|)``."""
    tolerance = Fraction(repr(policy.row_tolerance))
    for side in (found.a_in_b, found.b_in_a):
        witness = None if side is None else side.witness
        if witness is None or witness.slice_certificate is not None or not witness.image:
            continue
        if witness.excess <= tolerance * max(1, magnitude(witness.limit)):
            return False
    return True
