"""The package that verifiers imports for the taskset id ``pyrite-formulation``; the code is in Pyrite itself."""

from pyrite.integrations.verifiers import PyriteTaskset

__all__ = ["PyriteTaskset"]
