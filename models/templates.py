"""A trial of a chat template in a process that can be killed.

A template is a program in the model's folder. transformers renders it in jinja2's sandbox, which keeps it from files
and attributes and not from loops without end or texts without bound; so it renders one short conversation apart first.
What is not covered: a template that goes wrong only on other conversations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from ..feasibility.errors import PyriteError
from ..feasibility.workers.board import Board
from ..feasibility.workers.inside import Handler, Tell
from ..feasibility.workers.pool import Workers
from ..feasibility.workers.work import Failure, Job, Work

_SECONDS = 20.0
_MEMORY = 1 << 30
_PROBE = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What earns most?"}]


@cache
def try_template(template: str) -> None:
    """Raise PyriteError when the template takes more than 20 seconds or 1 GiB for a conversation of two turns."""
    work = Work(f"{__name__}:renderer", None, _SECONDS, _MEMORY)
    with Workers[str, str](work, 1) as workers:
        said = next(workers.run([Job(template)], _broken))
    if said:
        raise PyriteError(said)


def _broken(template: str, failure: Failure) -> str:
    return _beyond()


def _beyond() -> str:
    return f"the tokenizer's chat template does not end within {_SECONDS:.0f} s and 1 GiB on a short conversation"


def renderer(setup: None) -> Handler:
    """The inside: renders what it is sent, as transformers does."""
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise ValueError(message)

    def probe(template: str) -> None:
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.globals["raise_exception"] = refuse
        environment.globals["strftime_now"] = lambda form: "26 Nov 2026"
        environment.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False)
        plain = re.sub(r"\{%-?\s*(end)?generation\s*-?%\}", "", template)
        given = {"messages": _PROBE, "add_generation_prompt": True, "bos_token": "", "eos_token": ""}
        environment.from_string(plain).render(given)

    def render(payload: Any, shared: Mapping[str, Any], board: Board, tell: Tell) -> tuple[str, bool]:
        try:
            probe(payload)
        except MemoryError:
            return _beyond(), True
        except Exception:  # noqa: BLE001 - it says what is wrong when it is asked for a real conversation
            return "", False
        return "", False

    return render
