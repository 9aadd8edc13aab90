"""Repairs of form, never of meaning: what a formulation would be if it were only spelled right (``repair = form``)."""

from .catalog import REPAIRS, digest
from .repairing import Repaired, repair

__all__ = ["REPAIRS", "Repaired", "digest", "repair"]
