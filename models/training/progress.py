"""How far tuning has come, in words."""

from __future__ import annotations

import time
from collections.abc import Callable


def step_teller(say: Callable[[str], None], every: float = 15.0) -> Callable[[int, int, float], None]:
    """A progress function for tuning: says a line now and then, with the time that is left."""
    started = time.monotonic()
    first: list[int] = []
    last = [0.0]

    def tell(step: int, steps: int, loss: float) -> None:
        now = time.monotonic()
        first.append(step)
        if now - last[0] < every and step < steps:
            return
        last[0] = now
        # The first step of a go carries the loading; the others say how fast it goes.
        done = step - first[0]
        left = f", {(now - started) / (done + 1) * (steps - step):.0f} s left" if done and step < steps else ""
        say(f"  step {step} of {steps}, loss {loss:.3f}{left}")

    return tell
