"""The recorders' own text: which files of ``guest/`` a program's libraries need, prepared for the sandbox."""

from __future__ import annotations

import ast
import builtins
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .trees import PREFIX

_FOLDER = Path(__file__).parent / "guest"
# An interactive session and doctest put the last result there as ``_``.
_BUILT_IN = frozenset(dir(builtins)) - {"True", "False", "None", "_"}
BASE = ("expressions", "calls", "python", "model", "numpy")

LIBRARIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "gurobipy": ("gurobipy", (*BASE, "tuples", "linear", "gurobi_parts", "gurobi")),
    "coptpy": ("coptpy", (*BASE, "tuples", "linear", "copt_parts", "copt")),
    "pulp": ("pulp", (*BASE, "pulp")),
    "pyomo": ("pyomo", (*BASE, "pyomo_parts", "pyomo_model", "pyomo")),
    "ortools": ("ortools", (*BASE, "wraplp")),
    "mip": ("mip", (*BASE, "mip")),
    "scipy": ("scipy", (*BASE, "scipy")),
}
"""Outermost package -> the library's name and the files that record it."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A text for the sandbox, and what ``from module import *`` brings of each module that it stands in for."""

    text: str
    exports: dict[str, list[str]]


def libraries(modules: Iterable[str]) -> list[str]:
    """The solver libraries among the imported modules, in order.

    >>> libraries(["math", "gurobipy", "gurobipy.GRB"])
    ['gurobipy']
    """
    found = []
    for name in modules:
        package = name.split(".")[0]
        if package in LIBRARIES and (package != "scipy" or name.startswith("scipy.optimize")):
            found.append(LIBRARIES[package][0])
    return list(dict.fromkeys(found))


@cache
def guest(package: str | None) -> Guest:
    """The text for programs of this package (None: of none)."""
    names = LIBRARIES[package][1] if package else BASE
    tree = ast.parse("\n".join((_FOLDER / f"{name}.py").read_text(encoding="utf-8") for name in names))
    exports = _exports(tree)
    overrides = _overrides(tree)
    own = _own_names(tree)
    mangler = _Mangler(own)
    mangler.visit(tree)
    lines = [f"{PREFIX}{name} = {name}" for name in sorted(mangler.builtins)]
    footer = [f"{name} = {PREFIX}{function}" for name, function in overrides.items()]
    text = "\n".join((*lines, ast.unparse(tree), *footer))
    return Guest(text, exports)


@cache
def attributes() -> dict[str, frozenset[str]]:
    """The public names of each class and module of the real libraries, by title (``gurobipy.Model``)."""
    text = (Path(__file__).parent / "attributes.json").read_text(encoding="utf-8")
    return {title: frozenset(names) for title, names in json.loads(text).items()}


def _own_names(tree: ast.Module) -> set[str]:
    own: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.Import):
            own.update(alias.asname or alias.name for alias in node.names)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.For) else []
        for part in (inner for target in targets for inner in ast.walk(target)):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                own.add(part.id)
    return own


def _exports(tree: ast.Module) -> dict[str, list[str]]:
    """Modules are written ``_modules["name"] = _Namespace("name", Name=..., ...)``."""
    found: dict[str, list[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            target = node.targets[0]
            if isinstance(target.value, ast.Name) and target.value.id == "_modules":
                assert isinstance(target.slice, ast.Constant)
                keywords = node.value.keywords if isinstance(node.value, ast.Call) else []
                found[str(target.slice.value)] = [item.arg for item in keywords if item.arg]
    return found


def _overrides(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.body:
        if not isinstance(node, ast.Assign) or ast.unparse(node.targets[0]) != "_overrides":
            continue
        assert isinstance(node.value, ast.Dict)
        for name, function in zip(node.value.keys, node.value.values, strict=True):
            assert isinstance(name, ast.Constant)
            assert isinstance(function, ast.Name)
            found[str(name.value)] = function.id
    return found


class _Mangler(ast.NodeTransformer):
    """Puts the prefix in front of every name of the recorders, and of every built-in function they use."""

    def __init__(self, own: set[str]) -> None:
        self.own = own
        self.builtins: set[str] = set()

    def _new(self, name: str) -> str:
        if name.startswith(PREFIX):
            return name
        if name in self.own:
            return PREFIX + name
        if name in _BUILT_IN:
            self.builtins.add(name)
            return PREFIX + name
        return name

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._new(node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        assert node.arg not in self.own, f"the parameter {node.arg} has the name of something global"
        assert node.arg not in _BUILT_IN, f"the parameter {node.arg} has the name of a built-in function"
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        if node.name in self.own:
            node.name = PREFIX + node.name
        self.generic_visit(node)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        node.name = PREFIX + node.name
        for item in node.body:  # methods keep their names: programs call them
            for part in ast.iter_child_nodes(item):
                self.visit(part)
        return node

    def visit_alias(self, node: ast.alias) -> ast.alias:
        node.asname = PREFIX + (node.asname or node.name)
        return node
