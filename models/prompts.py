"""What a model is asked: the language in a short system prompt, worked examples, the tokenizer's chat template.

A prompt is part of what is measured: its wording, the examples and the chat template are hashed into the run. Every
prompt token costs time in training and answering, so there are two lengths: ``short`` says what problems without sets
need, ``full`` the whole language.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Literal

from ..feasibility.errors import PyriteError
from ..feasibility.language.document.thinking import closing_mark, opened_thinking
from ..problems.problem import Problem

VERSION = 1
"""Raised whenever the wording below changes: runs under different versions are different runs."""

Style = Literal["short", "full"]
Fallback = Literal["error", "plain"]

_SHORT = """\
Write the problem as an optimization model: one JSON object, nothing else.
{"variables":{NAME:{"domain":"continuous" or "integer" or "binary","lower":NUMBER,"upper":NUMBER}},\
"objective":{"sense":"maximize" or "minimize","expression":"3*x + 2*y"},"constraints":{NAME:"x + 4*y <= 9"}}
"upper" may be left out. Relations are <=, >=, ==."""

_FULL = """\
Write the problem as an optimization model: one JSON object, nothing else.
{"sets":{"P":["bread","cake"],"T":[1,2,3]},
"parameters":{"profit":{"index":["P"],"values":{"bread":3,"cake":5}},"hours":{"values":40}},
"variables":{"make":{"index":["P","T"],"domain":"integer","lower":0,"upper":50},"stock":{"index":["P","T"],\
"domain":"continuous","lower":0}},
"objective":{"sense":"maximize","expression":"sum(profit[p]*make[p,t] for p in P for t in T)"},
"constraints":{"labor":{"for":"t in T","expression":"sum(make[p,t] for p in P) <= hours"},\
"start":{"for":"p in P","expression":"stock[p,1] == make[p,1]"},\
"balance":{"for":"p in P, t in T if t > 1","expression":"stock[p,t] == stock[p,t-1] + make[p,t]"}}}
domain is continuous, integer or binary; lower is a number or null, upper may be left out; sense is maximize, minimize \
or feasibility (then no expression). "sets", "parameters" and "index" may be left out: then names stand alone, as in \
"3*x + 2*y <= 9". Relations are <=, >=, ==. Names are declared once; only + - * / **2 and sum \
are known. Sets and parameters listed as given are used by name and not written again."""

_PLAN = "Solve the problem. Answer with one JSON object that gives the best plan's values, nothing else."

SYSTEM: dict[str, str] = {"short": _SHORT, "full": _FULL}

_MEMBERS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Prompt:
    """How problems are put to a model.

    ``examples`` are worked problems with references, shown as earlier turns. ``fallback`` says what happens with a
    tokenizer without chat template: ``error``, or ``plain`` headings.
    """

    style: Style = "short"
    examples: tuple[Problem, ...] = ()
    fallback: Fallback = "error"
    ending: tuple[int, ...] = ()
    """Tokens that a method puts at the end of every prompt."""
    thinks: bool = True
    """False: thinking that the chat template opens at its end (``<think>``) is closed at once."""
    system: str = ""
    """Own words of the system prompt, instead of the style's."""

    def __post_init__(self) -> None:
        if self.style not in SYSTEM:
            raise PyriteError(f"prompt style is {' or '.join(SYSTEM)}, not {self.style!r}")
        if self.fallback not in ("error", "plain"):
            raise PyriteError(f"prompt fallback is error or plain, not {self.fallback!r}")
        for problem in self.examples:
            right_answer(problem)  # a worked example shows one

    def messages(self, problem: Problem) -> list[dict[str, str]]:
        """The conversation so far, in the form that chat templates and endpoints take."""
        system = self.system or (_PLAN if problem.task == "plan" else SYSTEM[self.style])
        turns = [{"role": "system", "content": system}]
        for example in self.examples:
            turns.append({"role": "user", "content": question(example)})
            turns.append({"role": "assistant", "content": right_answer(example)})
        turns.append({"role": "user", "content": question(problem)})
        return turns

    def render(self, problem: Problem, tokenizer: Any) -> str:
        """The prompt's text up to where the model writes. Raises PyriteError for a tokenizer without chat template."""
        text = render_messages(self.messages(problem), tokenizer, self.fallback)
        return text if self.thinks else text + closed(self._opens(problem, tokenizer))

    def opened(self, problem: Problem, tokenizer: Any) -> str:
        """The end of the prompt from where it opens thinking, the mark included; empty for most templates.

        It is the beginning of what the model writes, and is stored as such: a text is read by itself.
        """
        return self._opens(problem, tokenizer) if self.thinks else ""

    def _opens(self, problem: Problem, tokenizer: Any) -> str:
        if not getattr(tokenizer, "chat_template", None):
            return ""
        turns = self.messages(problem)
        whole, without = (render_messages(turns, tokenizer, self.fallback, begin=begin) for begin in (True, False))
        # Only what the template adds for the model's turn: what a user wrote is no mark.
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(whole, without, strict=False))
        return opened_thinking(whole[sum(1 for _ in alike) :])

    def tokens(self, problem: Problem, tokenizer: Any) -> list[int]:
        """The prompt as the tokens that a model is given."""
        text = self.render(problem, tokenizer)
        return [*tokenizer(text, add_special_tokens=not tokenizer.chat_template)["input_ids"], *self.ending]

    def identity(self, tokenizer: Any = None) -> dict[str, Any]:
        """For run.json: version, style, ids of the worked examples and a hash over everything that decides the text."""
        template = getattr(tokenizer, "chat_template", None)
        probe = self.messages(Problem(id="probe", text="probe"))
        parts: list[Any] = [VERSION, probe, self.fallback, template]
        if isinstance(template, str) and ("strftime" in template or "date" in template):
            # The template writes a date: what is hashed is the text of today, so that another day's is seen.
            parts.append(render_messages(probe, tokenizer, self.fallback))
        text = json.dumps(parts, sort_keys=True)
        return {
            "version": VERSION,
            "style": self.style,
            "examples": [example.id for example in self.examples],
            "hash": hashlib.sha256(text.encode()).hexdigest()[:16],
            **({"ending": list(self.ending)} if self.ending else {}),
            **self._thinking(tokenizer),
            **({"system": self.system} if self.system else {}),
        }

    def _thinking(self, tokenizer: Any) -> dict[str, Any]:
        opens = self._opens(Problem(id="probe", text="probe"), tokenizer)
        return {"thinking": {"opened": opens, "closed": not self.thinks}} if opens else {}


def closed(opened: str) -> str:
    """What a model writes, or is given, to begin its answer where thinking stands open; empty where none does."""
    return f"{closing_mark(opened)}\n\n" if opened else ""


def question(problem: Problem) -> str:
    """The user's turn: the text, then the names of the data that come with the problem."""
    given = _given(problem)
    return f"{problem.text}\n{given}" if given else problem.text


def right_answer(problem: Problem) -> str:
    """What a model is taught to write: the compact JSON of the reference, or of the best plan where that is asked.

    Raises PyriteError for a problem that has none.
    """
    if problem.task == "plan":
        if "plan" not in problem.extra:
            raise PyriteError(f"problem {problem.id!r} asks for a plan and holds none to show")
        return json.dumps(problem.extra["plan"], separators=(",", ":"), ensure_ascii=False)
    if problem.reference is None:
        raise PyriteError(f"problem {problem.id!r} has no reference formulation to show")
    return problem.reference.to_json()


def render_messages(
    messages: Sequence[dict[str, str]], tokenizer: Any, fallback: Fallback = "error", *, begin: bool = True
) -> str:
    """A conversation through the tokenizer's chat template, with what begins the model's turn where ``begin``."""
    if getattr(tokenizer, "chat_template", None):
        import jinja2

        try:
            text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=begin)
        except (jinja2.TemplateError, ValueError, TypeError) as error:
            raise PyriteError(f"the tokenizer's chat template fails on a system prompt: {error}") from error
        assert isinstance(text, str)
        return text
    if fallback == "error":
        raise PyriteError(
            "the model's tokenizer has no chat template; give an instruction-tuned model, "
            'or fallback = "plain" under [prompt] (--plain-prompt)'
        )
    headings = {"system": "", "user": "### Problem\n", "assistant": "### Model\n"}
    return "".join(f"{headings[turn['role']]}{turn['content']}\n\n" for turn in messages) + "### Model\n"


def _given(problem: Problem) -> str:
    lines = []
    for name, members in problem.data.sets.items():
        shown = ", ".join(str(member) for member in members[:_MEMBERS_SHOWN])
        more = f", ... ({len(members)} in all)" if len(members) > _MEMBERS_SHOWN else ""
        lines.append(f"set {name}: {shown}{more}")
    for name, parameter in problem.data.parameters.items():
        lines.append(f"parameter {name}[{','.join(parameter.index)}]" if parameter.index else f"parameter {name}")
    return "Given:\n" + "\n".join(lines) if lines else ""
