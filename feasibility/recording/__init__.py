"""Models out of other people's code: a program is recorded inside a sandbox up to its solver, never run on the host.

``record`` takes a program for gurobipy, coptpy or another solver library and gives the model that it declares as a
formulation of our language, or the reason why there is none. See ``docs/code.md`` for what is read and what is refused.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from ..language.formulation import Formulation
from .sandbox import SandboxLimits, require_sandbox
from .source import SourceTrouble

__all__ = ["Recording", "SandboxLimits", "SourceTrouble", "record", "require_sandbox"]


@dataclass(frozen=True, slots=True)
class Recording:
    """What became of a program.

    ``reached`` says how far it came: ``text`` (it is no readable Python), ``syntax`` (it did not reach the solver),
    ``solver`` (it did, but what it declared is no model) or ``model``. Exactly one of ``formulation`` and ``trouble``
    is there. ``solves`` counts the calls of a solver in the text: the first one that is reached is recorded.
    """

    reached: str
    formulation: Formulation | None = None
    trouble: SourceTrouble | None = None
    library: str | None = None
    notes: tuple[str, ...] = ()
    solves: int = 0


def record(text: str, limits: SandboxLimits | None = None) -> Recording:
    """Record a program. Never raises for anything in the text; PyriteError when the sandbox is not installed.

    The text is parsed in this process, so whoever reads strangers' programs calls this in a process that may die.
    """
    from .blame import blame
    from .guests import LIBRARIES, guest, libraries
    from .rewriting import Lacking, imported_modules, rewrite
    from .sandbox import run
    from .source import parse

    tree = parse(text)
    if isinstance(tree, SourceTrouble):
        return Recording("text", trouble=tree)
    modules = imported_modules(tree)
    found = libraries(modules)
    if len(found) > 1:
        both = f"the program uses {' and '.join(found[:3])}; one library at a time is recorded"
        return Recording("syntax", trouble=SourceTrouble("not-recorded", both, certain=False))
    library = found[0] if found else None
    package = next((name for name, entry in LIBRARIES.items() if entry[0] == library), None)
    solves, classes = _solves(tree), _classes(tree)
    try:
        prepared = guest(package)
        rewritten = rewrite(tree, prepared.exports)
        program = ast.unparse(rewritten)
        lines = _lines(rewritten, program)
    except Lacking as error:
        lack = f"line {error.line}: the sandbox's Python lacks {error.what}"
        return Recording("syntax", trouble=SourceTrouble("sandbox-lacks", lack, error.line, False), library=library)
    except (RecursionError, MemoryError):
        deep = SourceTrouble("program-too-deep", "the program nests too deeply to be read")
        return Recording("text", trouble=deep, library=library)
    ended = run(prepared.text, program, limits)
    if ended.how != "solved":
        line = None if ended.line is None else lines.get(ended.line)
        return Recording("syntax", trouble=blame(ended, library, line, classes), library=library, solves=solves)
    notes = ("its random numbers have no seed: another run declares another model",) if _unseeded(tree, modules) else ()
    if solves == 1 and _solves_again(tree):
        notes = (*notes, "the program calls a solver in a loop; its first call is what is judged")
    return _read(ended.text, library, solves, notes)


def _read(text: str, library: str | None, solves: int, remarks: tuple[str, ...]) -> Recording:
    from .formulating import to_formulation
    from .recorded import Unreadable, read_recorded

    try:
        model = read_recorded(text)
    except Unreadable as error:
        trouble = SourceTrouble(error.code, error.message, certain=False)
        return Recording("solver", trouble=trouble, library=library, solves=solves)
    if not model.columns:
        trouble = SourceTrouble("empty-model", "the program calls the solver on a model without variables")
        return Recording("solver", trouble=trouble, library=library, solves=solves)
    notes = (*remarks, *model.notes)
    if solves > 1:
        notes = (*notes, f"the program calls a solver in {solves} places; its first call is what is judged")
    return Recording("model", to_formulation(model), library=library, notes=notes, solves=solves)


_SOLVES = frozenset({"optimize", "optimizeAsync", "solve", "Solve", "solveLP", "linprog", "milp"})


def _solves(tree: ast.Module) -> int:
    count = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            count += name in _SOLVES
    return count


def _solves_again(tree: ast.Module) -> bool:
    """Whether a call of a solver stands in a loop, so that one place of the text is many calls."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.While):
            inside = ast.Module([*node.body, *node.orelse], [])
        elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            inside = ast.Module([ast.Expr(node)], [])
        else:
            continue
        if _solves(inside):
            return True
    return False


def _unseeded(tree: ast.Module, modules: list[str]) -> bool:
    """Whether the program draws random numbers that differ from run to run."""
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    names |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return "random" in modules and not names & {"seed", "Random"}


def _classes(tree: ast.Module) -> frozenset[str]:
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def _lines(tree: ast.Module, text: str) -> dict[int, int]:
    """Line of the rewritten text -> line of the program: both trees have the same statements in the same order."""
    ours = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
    theirs = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    if len(ours) != len(theirs):
        return {}
    lines: dict[int, int] = {}
    for ours_node, theirs_node in zip(ours, theirs, strict=True):
        for line in range(ours_node.lineno, (ours_node.end_lineno or ours_node.lineno) + 1):
            lines[line] = theirs_node.lineno  # inner statements come later in the walk and speak last
    return lines
