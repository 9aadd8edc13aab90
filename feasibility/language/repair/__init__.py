"""Repairs of form, never of meaning: what a formulation would be if it were only spelled right (``repair = form``)."""

from .repairing import Repaired, repair

__all__ = ["Repaired", "repair"]
