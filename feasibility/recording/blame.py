"""Whose fault is it that no model was recorded: the program's, or this reading's?

Only what the real library and the real Python refuse too is held against a program (``certain``). The sandbox is a
smaller Python and the recorders are smaller libraries; where their smallness may be the reason, nothing is known.
"""

from __future__ import annotations

import builtins
import importlib
import re

from .guests import attributes
from .rewriting import NATIVE
from .sandbox import Ended
from .source import SourceTrouble
from .trees import PREFIX

_NO_ATTRIBUTE = re.compile(r"'([\w.]+)' object has no attribute '(\w+)'")
_NO_MODULE_ATTRIBUTE = re.compile(r"module '([\w.]+)' has no attribute '(\w+)'")
_NO_NAME = re.compile(r"name '(\w+)' is not defined")
_NO_IMPORT = re.compile(r"cannot import name '(\w+)' from '([\w.]+)'")
_NO_KEYWORD = re.compile(r"'?(\w+)'?(?:\(\))? (?:got an unexpected keyword argument|takes no keyword arguments)")

_TITLES = {
    "_GurobiModel": "gurobipy.Model",
    "_GurobiConstr": "gurobipy.Constr",
    "_GurobiEnv": "gurobipy.Env",
    "_CoptModel": "coptpy.Model",
    "_CoptConstr": "coptpy.Constraint",
    "_CoptEnvr": "coptpy.Envr",
    "_LpProblem": "pulp.LpProblem",
    "_VariableMaker": "pulp.LpVariable",
    "_PyModel": "pyomo.environ.ConcreteModel",
    "_LpSolver": "ortools.linear_solver.pywraplp.Solver",
    "_SolverClass": "ortools.linear_solver.pywraplp.Solver",
    "_LpRow": "ortools.linear_solver.pywraplp.Constraint",
    "_LpObjective": "ortools.linear_solver.pywraplp.Objective",
    "_MipModel": "mip.Model",
    "_MipRow": "mip.Constr",
    "_Array": "numpy.ndarray",
}
"""Classes of the recorders that stand for one class of a library; the rest depend on the library."""

_SHARED = {
    "Var": {
        "gurobipy": "gurobipy.Var",
        "coptpy": "coptpy.Var",
        "pulp": "pulp.LpVariable",
        "pyomo": "pyomo.environ.Var",
        "ortools": "ortools.linear_solver.pywraplp.Variable",
        "mip": "mip.Var",
    },
    "Expr": {
        "gurobipy": "gurobipy.LinExpr",
        "coptpy": "coptpy.LinExpr",
        "pulp": "pulp.LpAffineExpression",
        "mip": "mip.LinExpr",
    },
    "Con": {"gurobipy": "gurobipy.TempConstr", "coptpy": "coptpy.ConstrBuilder"},
    "_TupleDict": {"gurobipy": "gurobipy.tupledict", "coptpy": "coptpy.tupledict"},
    "_TupleList": {"gurobipy": "gurobipy.tuplelist", "coptpy": "coptpy.tuplelist"},
}

_SOLVED = frozenset({"objval", "x", "pi", "rc", "slack", "objbound", "mipgap", "runtime", "solution_value"})
"""What only a solver knows, in small letters."""

_OBJECT = ("__dict__", "__name__", "__module__", "__qualname__", *dir(object))


_OUTSIDE = "the program asks for {}: in the sandbox there is no file, no network and no other process"


def blame(ended: Ended, library: str | None, line: int | None, classes: frozenset[str]) -> SourceTrouble:
    """Code and sentence for a run that gave no model. ``classes`` are those that the program defines itself."""
    if ended.how == "refused":
        return SourceTrouble(ended.code, _refusal(ended.code, ended.text), line, certain=False)
    if ended.how == "absent":
        return _absent(_title(ended.text, library), ended.name, line)
    if ended.how == "outside":
        return SourceTrouble("outside-world", f"{_place(line)}{_OUTSIDE.format(ended.text)}", line, certain=False)
    if ended.how == "time":
        return SourceTrouble("time-limit", "the program did not reach the solver within its seconds", certain=False)
    if ended.how == "memory":
        return SourceTrouble("memory-limit", "the program needs more memory than it is given", certain=False)
    if ended.how == "died":
        return SourceTrouble("worker-died", "the sandbox ended before the program did", certain=False)
    if ended.how == "raised":
        return _raised(ended.code, ended.text, library, line, classes)
    return _unsolved(ended, library, classes)


def _refusal(code: str, text: str) -> str:
    if code == "sandbox-lacks":
        return f"the program uses {text[:120]}, which the sandbox does not have"
    if code == "outside-world":
        return _OUTSIDE.format(text[:120])
    if code == "model-too-large":
        return f"the program declares {text[:120]}"
    return f"the program uses {text[:120]}, which is not recorded"


def _unsolved(ended: Ended, library: str | None, classes: frozenset[str]) -> SourceTrouble:
    """The program came to its end; an error that it caught itself may be why it never solved."""
    if not ended.caught:
        what = "calls no solver" if library else "uses no solver library that is recorded"
        return SourceTrouble("never-solved", f"the program ends and {what}", certain=library is not None)
    kind, text = ended.caught[-1]
    found = _raised(kind, text, library, None, classes)
    if not found.certain:
        return found
    return SourceTrouble("never-solved", f"the program never reaches the solver; it caught {found.message}")


def _raised(kind: str, text: str, library: str | None, line: int | None, classes: frozenset[str]) -> SourceTrouble:
    text = text.replace(f"{PREFIX}_", "").replace(PREFIX, "")
    if kind == "SystemExit":
        return SourceTrouble(
            "never-solved", f"{_place(line)}the program ends itself before it reaches the solver", line
        )
    if kind == "RecursionError":
        return SourceTrouble(
            "recursion-limit", f"{_place(line)}the program calls itself too deeply", line, certain=False
        )
    said = f"{kind}: {_unquoted(text)[:160]}" if text else kind
    lack = SourceTrouble("sandbox-lacks", f"{_place(line)}the sandbox's Python lacks this: {said}", line, certain=False)
    wrong = SourceTrouble("program-error", f"{_place(line)}{said}", line)
    if kind in ("NotImplementedError", "SyntaxError") and "monty" in text.lower():
        return lack
    if kind in ("ModuleNotFoundError", "SyntaxError"):
        return lack
    if kind == "ImportError":
        return _import_error(text, lack, wrong)
    if kind in ("NameError", "UnboundLocalError"):
        name = _NO_NAME.search(text)
        return lack if name and (hasattr(builtins, name.group(1)) or name.group(1).startswith("__")) else wrong
    if kind == "AttributeError":
        return _attribute_error(text, library, line, classes, lack, wrong)
    if kind == "TypeError":
        keyword = _NO_KEYWORD.search(text)
        if keyword and hasattr(builtins, keyword.group(1)):
            return lack
        return lack if any(f"'{name}'" in text for name in classes) else wrong
    return wrong


def _import_error(text: str, lack: SourceTrouble, wrong: SourceTrouble) -> SourceTrouble:
    found = _NO_IMPORT.search(text)
    if found is None:
        return lack
    name, module = found.groups()
    if module in NATIVE:
        return lack if hasattr(importlib.import_module(module), name) else wrong
    known = attributes().get(module)
    return wrong if known is not None and name not in known else lack


def _attribute_error(
    text: str, library: str | None, line: int | None, classes: frozenset[str], lack: SourceTrouble, wrong: SourceTrouble
) -> SourceTrouble:
    found = _NO_ATTRIBUTE.search(text)
    if found is None:
        module = _NO_MODULE_ATTRIBUTE.search(text)
        if module is None:
            return wrong
        name, attribute = module.groups()
        known = name in NATIVE and hasattr(importlib.import_module(name), attribute)
        return lack if known or name not in NATIVE else wrong
    owner, attribute = found.groups()
    title = _title(owner, library)
    if title in attributes():
        return _absent(title, attribute, line)
    if owner in ("Missing", "Anything", "Namespace") or attribute in _OBJECT or owner in ("function", "type", "module"):
        return lack
    if owner in classes:
        return wrong
    kind = getattr(builtins, owner, None)
    if isinstance(kind, type):
        return lack if hasattr(kind, attribute) else wrong
    return wrong if owner == "NoneType" else lack


def _absent(title: str, attribute: str, line: int | None) -> SourceTrouble:
    """A name that a recorder does not have: the real library may, and then this reading falls short."""
    if attribute.lower() in _SOLVED:
        text = f"{_place(line)}the program asks for {title}.{attribute} before it calls the solver"
        return SourceTrouble("never-solved", text, line)
    known = attributes().get(title)
    if known is None or attribute in known or attribute.lower() in {name.lower() for name in known}:
        text = f"{_place(line)}the program uses {title}.{attribute}, which is not recorded"
        return SourceTrouble("not-recorded", text, line, certain=False)
    return SourceTrouble("program-error", f"{_place(line)}AttributeError: {title} has no attribute {attribute!r}", line)


def _title(owner: str, library: str | None) -> str:
    owner = owner.replace(f"{PREFIX}_", "_").replace(PREFIX, "")
    for name in (owner, f"_{owner}"):
        if name in _TITLES:
            return _TITLES[name]
        if name in _SHARED and library in _SHARED[name]:
            return _SHARED[name][library]
    return f"{library}.{owner}" if library and f"{library}.{owner}" in attributes() else owner


def _place(line: int | None) -> str:
    return f"line {line}: " if line else ""


def _unquoted(text: str) -> str:
    """A KeyError's text is the key as it prints, in quotes of its own."""
    quoted = len(text) > 2 and text[0] == text[-1] and text[0] in "'\"" and text[0] not in text[1:-1]
    return text[1:-1] if quoted else text
