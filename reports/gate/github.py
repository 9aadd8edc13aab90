"""The decision for GitHub Actions: annotations (the worst ten) and a job summary within its size limit."""

from __future__ import annotations

import os
import re

from ...feasibility.one_line import one_line
from .deciding import BrokenRule, Decision
from .links import page_link

ANNOTATIONS = 10
"""GitHub shows at most ten error annotations a step."""
SUMMARY_BYTES = 1_000_000
"""GitHub drops a job summary of over 1 MiB whole."""
_TITLES = {"ok": "Gate passed", "warn": "Gate passed with warnings", "fail": "Gate failed"}


def commands(decision: Decision, place: str, pages: str | None = None) -> list[str]:
    """Workflow commands at ``place`` (the baseline's file): rules that fired, newly broken problems, ten in all."""
    lines = []
    level = "error" if decision.level == "fail" else "warning"
    for rule in decision.results:
        if rule.level != "ok":
            kind = "error" if rule.level == "fail" else "warning"
            lines.append(_command(kind, f"pyrite gate: {rule.rule}", rule.message, place))
    for item in decision.broken:
        link = page_link(pages, item.problem_id)
        text = _why(item) + (f" {link}" if link else "")
        lines.append(_command(level, f"{item.problem_id}: {item.outcome} broke", text, place))
    return lines[:ANNOTATIONS]


def error_command(message: str, place: str) -> str:
    """The annotation of a gate that could not decide."""
    return _command("error", "pyrite gate could not decide", message, place)


def outputs(decision: Decision) -> str:
    """Lines for ``GITHUB_OUTPUT``: the decision, and each outcome's rate before and after as shares."""
    lines = [f"decision={decision.level}"]
    for movement in decision.movements:
        for name, value in (("baseline", movement.before), ("run", movement.after)):
            lines.append(f"{movement.outcome}-{name}={'' if value is None else f'{value:.6f}'}")
    lines.append(f"broken={len(decision.broken)}")
    return "\n".join(lines) + "\n"


def _command(kind: str, title: str, message: str, place: str) -> str:
    """``::error file=...,line=1,title=...::message`` with the characters escaped that the runner reads."""
    body = one_line(message).replace("%", "%25")
    head = one_line(title).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    here = os.path.relpath(place)
    file = (
        one_line(place if here.startswith("..") else here).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    )
    return f"::{kind} file={file},line=1,title={head}::{body}"


def summary(decision: Decision, pages: str | None = None) -> str:
    """Markdown for the job summary; the list of broken problems is cut where the size limit is."""
    lines = [f"## {_TITLES[decision.level]}", ""]
    lines += [f"{_name(decision.run)} against {_name(decision.baseline)}", ""]
    lines += [
        "| outcome | problems | baseline | run | broke | fixed | p (one-sided, Holm) |",
        "|---|---|---|---|---|---|---|",
    ]
    for m in decision.movements:
        before = "–" if m.before is None else f"{100 * m.before:.1f} %"
        after = "–" if m.after is None else f"{100 * m.after:.1f} %"
        cells = [m.outcome, f"{m.problems:,}", before, after, str(len(m.lost)), str(len(m.gained)), f"{m.p_holm:.4f}"]
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        *(f"- **{r.level}** {_name(r.rule)}: {_cell(r.message)}" for r in decision.results if r.level != "ok"),
    ]
    text = "\n".join(lines) + "\n"
    if decision.broken:
        text += f"\n<details open><summary>{len(decision.broken):,} newly broken problems</summary>\n\n"
        end = "\n</details>\n"
        room = SUMMARY_BYTES - len(text.encode()) - len(end) - 100
        rows = ["| problem | broke | why |\n|---|---|---|\n"]
        for number, item in enumerate(decision.broken):
            link = page_link(pages, item.problem_id)
            name = _cell(item.problem_id)
            row = f"| {f'[{name}]({link})' if link else name} | {item.outcome} | {_cell(item.reason[:500])} |\n"
            room -= len(row.encode())
            if room < 0:
                rows.append(f"\n... and {len(decision.broken) - number:,} more\n")
                break
            rows.append(row)
        text += "".join(rows) + end
    return text


def _why(item: BrokenRule) -> str:
    shield = "protected; " if item.protected else ""
    return f"{shield}{item.reason or 'it passed in the baseline'}"


_MARKUP = re.compile(r"[\\`*_{}\[\]<>|&~$#@:!]")


def _name(text: str) -> str:
    """A name in type of one width. Between backticks references would be shown as they are written."""
    return f"<code>{_cell(text)}</code>"


def _cell(text: str) -> str:
    """Text that neither ends a table cell nor is read as markup: signs that mean something are references.

    >>> print(_cell("a|b <c>"))
    a&#124;b &#60;c&#62;
    """
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", one_line(text))
