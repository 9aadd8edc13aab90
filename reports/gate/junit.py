"""The decision as JUnit XML: a test case for the gate itself and one a problem."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Tree  # only written here, never parsed

from ...feasibility.disk import export_whole, storable
from .deciding import Decision
from .links import page_link


def junit(decision: Decision, pages: str | None = None) -> str:
    """JUnit XML as most CI systems read it (the attributes of the common JUnit 4 schema).

    The case ``gate`` fails when the gate fails, with every rule that fired. A problem's case fails when the gate fails
    and the problem is newly broken; when the gate passes, broken problems are told in ``system-out``, so that no CI
    system turns a warning into a failure.
    """
    failed = decision.level == "fail"
    broken = {item.problem_id: item for item in decision.broken}
    failures = (1 + len(broken)) if failed else 0
    count = 1 + len(decision.problems)
    totals = {"tests": str(count), "failures": str(failures), "errors": "0", "time": "0"}
    root = Tree.Element("testsuites", {"name": "pyrite gate", **totals})
    suite = Tree.SubElement(root, "testsuite", {"name": "pyrite gate", **totals, "skipped": "0"})
    gate = Tree.SubElement(suite, "testcase", {"classname": "pyrite", "name": "gate", "time": "0"})
    if failed:
        text = "\n".join(f"{rule.rule}: {rule.message}" for rule in decision.fired)
        _add(gate, "failure", text, message=decision.fired[0].message, type=decision.fired[0].rule)
    else:
        _add(gate, "system-out", "\n".join(f"{r.level}: {r.rule}: {r.message}" for r in decision.results))
    for identifier in decision.problems:
        item = broken.get(identifier)
        family = item.family if item and item.family else "problems"
        case = Tree.SubElement(
            suite, "testcase", {"classname": f"pyrite.{_clean(family)}", "name": _clean(identifier), "time": "0"}
        )
        if item is None:
            continue
        link = page_link(pages, identifier)
        text = f"{item.outcome} passed in {decision.baseline} and does not now. {item.reason}"
        if link:
            text += f"\n{link}"
        if failed:
            _add(case, "failure", text, message=item.reason or f"{item.outcome} broke", type=item.outcome)
        else:
            _add(case, "system-out", text)
    Tree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Tree.tostring(root, encoding="unicode") + "\n"


def write_junit(decision: Decision, path: Path, pages: str | None = None) -> None:
    """Write the file, all or nothing. Raises PyriteError when it cannot be written."""
    export_whole(path, junit(decision, pages), folders=True)


def write_error(message: str, path: Path) -> None:
    """The file of a gate that could not decide: one case with an error."""
    totals = {"tests": "1", "failures": "0", "errors": "1", "time": "0"}
    root = Tree.Element("testsuites", {"name": "pyrite gate", **totals})
    suite = Tree.SubElement(root, "testsuite", {"name": "pyrite gate", **totals, "skipped": "0"})
    case = Tree.SubElement(suite, "testcase", {"classname": "pyrite", "name": "gate", "time": "0"})
    _add(case, "error", message, message=message, type="could-not-decide")
    Tree.indent(root)
    text = '<?xml version="1.0" encoding="UTF-8"?>\n' + Tree.tostring(root, encoding="unicode") + "\n"
    export_whole(path, text, folders=True)


def _add(parent: Tree.Element, name: str, text: str, **attributes: str) -> None:
    made = Tree.SubElement(parent, name, {key: _clean(value) for key, value in attributes.items()})
    made.text = _clean(text)


def _clean(text: str) -> str:
    """Characters that XML 1.0 allows; others (control characters, lone surrogates) become U+FFFD."""
    return "".join(
        c if c in "\t\n\r" or " " <= c <= "\ufffd" or c >= "\U00010000" else "\ufffd" for c in storable(text)
    )
