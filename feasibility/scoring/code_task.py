"""The task ``code``: answers are programs for a solver library, and the model that they declare is judged.

The surface is the program's own (it parses, it runs to the solver, it declares a model); the substance is asked by the
same stages as for formulations, so both stand in one table.
"""

from __future__ import annotations

import time
from typing import Any

from ..verdict import CODE
from .prepared import Preparing
from .stages.protocol import Stage, Watch
from .stages.recorded import Declares, ParsesProgram, ProgramAttempt, Runs
from .stages.substance import SUBSTANCE


class CodeTask:
    """Programs: is the optimization model that the program hands to its solver the right one?"""

    ladder = CODE
    stages: tuple[Stage[Any], ...] = (
        ParsesProgram(),
        Runs(),
        Declares(),
        *SUBSTANCE,
    )

    def attempt(self, text: str, preparing: Preparing, watch: Watch) -> ProgramAttempt:
        """A text at the foot of the ladder."""
        policy = preparing.policy
        return ProgramAttempt(text, None, policy, preparing, time.monotonic() + policy.time_limit, watch)

    def strongest(self, preparing: Preparing) -> str:
        """See :attr:`.reference.Reference.strongest`."""
        return preparing.reference.strongest


PROGRAMS = CodeTask()
