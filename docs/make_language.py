"""Writes docs/language.md and docs/codes.md from schema, grammar and codes: ``python docs/make_language.py``.

The pages are checked in; a test holds them to what this script writes, so a change of the language changes its pages.
"""

from __future__ import annotations

import inspect
import json
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pyrite.feasibility.codes import CODES, Code
from pyrite.feasibility.language.document.schema import formulation_schema
from pyrite.feasibility.language.grammar import parsing as expressions
from pyrite.feasibility.language.grammar.tokens import RESERVED
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.repairs import REPAIRS
from pyrite.feasibility.verdict import STAGES

HERE = Path(__file__).parent
LIMITS = (
    "max_output_chars",
    "max_nesting",
    "max_expression_chars",
    "max_digits",
    "max_columns",
    "max_rows",
    "max_terms",
    "max_magnitude",
)
STAGE_LINES = {
    "parses": "Stage 1, parses: is there one strict JSON object in the text?",
    "schema": "Stage 2, schema: is it valid against `feasibility/language/document/formulation.schema.json`?",
    "names": "Stage 3, names: is every name declared once and used with the right indices, and does every "
    "expression read by the grammar?",
    "builds": "Stage 4, builds: is it a finite linear or convex quadratic program within the limits?",
    "feasible": "Stage 5, feasible: is there a plan that satisfies every row in exact arithmetic?",
    "bounded": "Stage 6, bounded: is an optimum attained?",
    "sound": "Stage 7, sound: does its optimal plan obey every constraint of the reference?",
    "value": "Stage 8, value: does its optimum equal the reference's?",
    "equivalent": "Stage 9, equivalent: does it allow the same plans, in the same order of preference?",
    "any": "Any stage: reasons for having no answer",
}
TASK_LINES = {
    "code": "Programs: parses, runs to the solver, declares a model; then the stages from 4 on",
    "plan": "Plans: solutions instead of formulations",
}


ANSWER = """\
One rule, the same when answers are read and when they are ended:

1. Nothing up to the last end-of-thinking mark counts (`</think>`, `[/THINK]`, `<|end_of_thought|>`, gpt-oss's channel
   `final`, and the like; `feasibility/language/document/thinking.py` has them all). Thinking that is opened and not
   closed has no answer behind it: the code is `unfinished`, whatever was drafted inside. Text behind the end of the
   model's turn (`<|im_end|>`, `</s>`, ...) is not the model's answer any more.
2. The last object that is a formulation *by its keys* is the answer, fenced or not; `{}`, a solution or a note written
   after it are not, nor a check of numbers (`120 <= 120`), a heading (`\\text{Constraints:}`), or a section only spoken
   of (`"constraints": {}`, `{"variables": ...}`). A part of a formulation written last is the answer too: it was meant
   to replace something.
3. When the last attempt at a formulation is broken or cut, nothing before it is credited.
4. An output whose `finish` is `length` counts as cut, whatever it holds.
5. A formulation inside of another JSON value (`{"formulation": ...}`, a list, a text, also among
   the words of a message's `content`, a tool call) is a `wrapper`: no surface, and read under `repair = form`.

Generation ends at the first complete formulation outside of thinking, so that a model that is stopped by Pyrite is read
as it was stopped. Endings without an answer (a refusal, a filter, a prompt too long, no text) have codes of their own.
"""


REPAIRED = """\
With the policy `repair = form` (default: off) an output that fails the surface is judged once more, as what it would be
if it were only spelled right. The strict verdict does not change; *substance after repair* stands beside it, so that
"cannot format" and "cannot model" are told apart. The list is fixed; its hash is part of the policy's. Nothing that
could mean two things is repaired: percent signs, strict inequalities, missing bounds, duplicate keys, dots, units.
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def language() -> str:
    """The language reference."""
    schema = formulation_schema()
    first, second = schema["examples"]
    parts = [
        "# The formulation language",
        "A formulation is one JSON object. This page is generated from "
        "`feasibility/language/document/formulation.schema.json`, the grammar in "
        "`feasibility/language/grammar/parsing.py` and the policy by `python docs/make_language.py`.",
        "```json\n" + _lines(first) + "\n```",
        "```json\n" + _lines(second) + "\n```",
        "## Sections",
        "\n".join(_rows(schema)),
        "## Kinds of values",
    ]
    for name, node in schema["$defs"].items():
        parts.append(f"### {name}\n\n{node['description']}\n")
        parts.append("Examples: " + ", ".join(f"`{_compact(example)}`" for example in node["examples"]))
        rows = list(_rows(node))
        if rows:
            parts.append("\n".join(rows))
    parts += [
        "## Expressions",
        "```text\n" + grammar() + "\n```",
        RULES,
        "## Which text is the answer",
        ANSWER,
        "## Repairs of form",
        REPAIRED,
        "\n".join(
            [
                "| repair | what it does |",
                "|---|---|",
                *(f"| `{name}` | {_cell(what)} |" for name, what in REPAIRS.items()),
            ]
        ),
        "## Limits",
        "Every limit is a setting of the policy; going beyond one has its own code (`docs/codes.md`).",
        "\n".join(
            ["| setting | default | meaning |", "|---|---|---|"]
            + [f"| `{name}` | {getattr(Policy(), name):,} | {Policy.meanings()[name]} |" for name in LIMITS]
        ),
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


RULES = f"""\
- A **name** is a variable, a parameter, or a bound name; a bound name stands for a number only if all members
  of its set are whole numbers (`t*x[t]`).
- An **index** is a bound name, a set member (bare if it is a plain word or a whole number, else quoted with `'`
  or `"`), or whole-number arithmetic on bound names (`t-1`). A bound name hides a member of the same name.
- A loop binds a name that means nothing else, runs over a whole declared set, and its name is used at least
  once.
- A **condition** compares indices; `<`, `<=`, `>`, `>=` need whole numbers on both sides.
- `=` is read as `==`. `<` and `>` between expressions are refused, because a solver cannot keep them.
- The ends of a chain `lo <= expression <= hi` hold no variables.
- Division is by parameters and numbers only, and the only power is `**2`.
- {", ".join(f"`{word}`" for word in sorted(RESERVED))} are words of the grammar and cannot be names.
- Numbers are exact: `0.1` is one tenth, and becomes a float only when a solver is called.
- A parameter needs values only for the combinations that are used. An index that leaves its set when the loops
  are written out (`stock[t-1]` at the first `t`) is an error; a condition leaves the case out.
- A problem's `data` brings sets and parameters that a formulation uses without restating them. Restating them
  identically is allowed, differently is an error.
- What the language cannot say: sets of tuples, ranges, functions such as `abs` or `max`, logical constraints,
  products of variables in constraints (read, but not solved by default)."""


def grammar() -> str:
    """The grammar as the parser's documentation states it."""
    text = inspect.getdoc(expressions) or ""
    block = text.split("::\n", 1)[1].split("\n\nChains", 1)[0]
    return textwrap.dedent(block.strip("\n"))


def codes() -> str:
    """The table of codes, a section a stage."""
    parts = [
        "# Codes",
        "Every finding and every stage without an answer carries one of these codes. They are stable. Generated from "
        "`feasibility/codes.py` by `python docs/make_language.py`; `tests/cases/` holds a small file for each code "
        "that an output can raise.",
    ]
    for stage in (*STAGES, "any"):
        parts.append(f"## {STAGE_LINES[stage]}")
        parts.append(_code_table(code for code in CODES.values() if code.task == "formulation" and code.stage == stage))
    for task, title in TASK_LINES.items():
        parts.append(f"## {title}")
        parts.append(_code_table(code for code in CODES.values() if code.task == task))
    return "\n\n".join(parts) + "\n"


def _code_table(codes: Iterable[Code]) -> str:
    """Codes as rows, with the stage that each belongs to."""
    rows = ["| code | stage | when it is raised | example | what to do |", "|---|---|---|---|---|"]
    for code in codes:
        cells = (f"`{code.code}`", code.stage, code.when, f"`{code.example}`", code.advice)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _rows(node: dict[str, Any]) -> Iterator[str]:
    """A table of the keys of a node; the branches of a choice one after another."""
    for branch in node.get("anyOf", ()):
        yield f"- {branch['description']} For example `{_compact(branch['examples'][0])}`"
        inner = list(_rows(branch))
        if inner:
            yield ""
            yield from inner
            yield ""
    if node.get("properties"):
        yield "| key | needed | meaning | example |"
        yield "|---|---|---|---|"
        for key, item in node["properties"].items():
            needed = "yes" if key in node.get("required", ()) else "no"
            yield f"| `{key}` | {needed} | {item['description']} | `{_compact(item['examples'][0])}` |"


def _compact(example: Any) -> str:
    return json.dumps(example, ensure_ascii=False)


def _lines(document: dict[str, Any]) -> str:
    """A formulation with a line for each section."""
    return "{" + ",\n ".join(f"{_compact(key)}: {_compact(value)}" for key, value in document.items()) + "}"


PAGES = {"language.md": language, "codes.md": codes}

if __name__ == "__main__":
    for name, write in PAGES.items():
        (HERE / name).write_text(write(), encoding="utf-8")
