"""Where training's numbers are sent while it runs: trackio, wandb or tensorboard, by transformers' own callbacks."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib.util import find_spec
from typing import Final

from ...feasibility.errors import PyriteError
from ..embedded import first_line

_PACKAGES: Final = {"trackio": ("trackio",), "wandb": ("wandb",), "tensorboard": ("tensorboard", "tensorboardX")}


def require_trackers(names: Sequence[str]) -> None:
    """Raises PyriteError for one whose package is not installed."""
    for name in names:
        if not any(find_spec(package) for package in _PACKAGES[name]):
            raise PyriteError(
                f"schedule.report_to names {name}, which is not installed: pip install 'pyrite[{name}]', "
                "or --set schedule.report_to=[]"
            )


@contextmanager
def reporting(names: Sequence[str]) -> Iterator[None]:
    """Within: what the trackers print goes to standard error, and what they refuse is one line."""
    if not names:
        yield
        return
    try:
        with redirect_stdout(sys.stderr):
            yield
    except Exception as error:
        package = type(error).__module__.partition(".")[0]
        if package not in names:
            raise
        advice = "; WANDB_MODE=offline keeps it on this machine" if package == "wandb" else ""
        raise PyriteError(f"{package} refuses (schedule.report_to): {first_line(error)}{advice}") from error
