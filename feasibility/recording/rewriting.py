"""A program's syntax tree, rewritten for the sandbox's smaller Python.

Guest classes in the sandbox have no comparisons, no truth value, no ``+=``; solver modules do not exist there. So each
comparison, condition, augmented assignment and import becomes a call of a function of ``guest/calls.py``, which treats
plain values as Python does and hands everything else to the recorder. Assignments tell the recorder under which name a
program keeps its variables. Nothing is evaluated here.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from .trees import (
    PREFIX,
    SyntaxNode,
    assign_to,
    call_of,
    index_of,
    is_plain,
    is_text,
    name_of,
    no_arguments,
    placed,
    text_of,
    truth_of,
)

_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.LtE: "<=",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.Gt: ">",
}
_AUGMENTED: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_FAMILIES = ("addConstrs", "addLConstrs")
"""Methods that take a generator and use its loop variables as keys."""


@dataclass(frozen=True, slots=True)
class Lacking(Exception):  # noqa: N818 - the name says what it is
    """Python that neither the sandbox has nor this step can rewrite safely: what, and in which line."""

    what: str
    line: int


def imported_modules(tree: ast.Module) -> list[str]:
    """Every module that the program imports anywhere, in order, by full name.

    >>> imported_modules(ast.parse("import numpy as np, pulp\\nfrom ortools.linear_solver import pywraplp"))
    ['numpy', 'pulp', 'ortools.linear_solver']
    """
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append(node.module)
    return list(dict.fromkeys(found))


def rewrite(tree: ast.Module, exports: dict[str, list[str]]) -> ast.Module:
    """The same program for the sandbox.

    ``exports`` says what ``from module import *`` brings of the modules that the recorders replace. Raises Lacking for
    Python that cannot be carried over. The tree is changed in place; lines stay what they were.
    """
    rewriter = _Rewriter(exports)
    body: list[ast.stmt] = []
    for statement in tree.body:
        done = rewriter.visit(statement)
        body.extend(done if isinstance(done, list) else [done])
    tree.body = body
    return ast.fix_missing_locations(tree)


NATIVE = frozenset(
    {
        "math", "itertools", "functools", "json", "re", "time", "datetime", "random", "copy", "typing", "dataclasses",
        "collections", "__future__", "decimal", "abc",
    }
)  # fmt: skip
"""Modules of the sandbox itself that programs may use as they are."""

_COLLECTIONS = {"OrderedDict": "dict"}


class _Rewriter(ast.NodeTransformer):
    def __init__(self, exports: dict[str, list[str]]) -> None:
        self.exports = exports
        self.imported: set[str] = set()
        """Names that are bound to stand-ins, or to placeholders for modules that the sandbox lacks."""

    # Names that belong to the recorders ---------------------------------------------------------------------------

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id.startswith(PREFIX):
            raise Lacking(f"the name {node.id}", node.lineno)
        return node

    # Imports --------------------------------------------------------------------------------------------------------

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        done: list[ast.stmt] = []
        for alias in node.names:
            if alias.name in NATIVE:
                done.append(placed(ast.Import([alias]), node))
                continue
            name = alias.asname or alias.name.split(".")[0]
            whole = alias.name if alias.asname else name
            self.imported.add(name)
            done.append(assign_to(name, call_of("import", node, text_of(whole)), node))
        return done

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | list[ast.stmt]:
        module = node.module or ""
        if node.level:
            raise Lacking("an import from the program's own folder", node.lineno)
        if module in ("__future__", "typing", "abc"):
            return node
        done: list[ast.stmt] = []
        for alias in node.names:
            if alias.name == "*":
                if module not in self.exports:
                    raise Lacking(f"from {module} import *", node.lineno)
                for name in self.exports[module]:
                    done.append(assign_to(name, call_of("import_from", node, text_of(module), text_of(name)), node))
            elif module == "collections" and alias.name in _COLLECTIONS:
                done.append(assign_to(alias.asname or alias.name, name_of(_COLLECTIONS[alias.name]), node))
            elif module in NATIVE:
                done.append(placed(ast.ImportFrom(module, [alias], 0), node))
            else:
                self.imported.add(alias.asname or alias.name)
                value = call_of("import_from", node, text_of(module), text_of(alias.name))
                done.append(assign_to(alias.asname or alias.name, value, node))
        return done

    # Comparisons and conditions -------------------------------------------------------------------------------------

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if not all(type(op) in _COMPARISONS for op in node.ops):
            return node
        if len(node.ops) == 1:
            right, op = node.comparators[0], _COMPARISONS[type(node.ops[0])]
            if is_text(node.left) or is_text(right):
                return node
            return call_of("compare", node, node.left, text_of(op), right)
        parts: list[ast.expr] = [node.left]
        for op_node, right in zip(node.ops, node.comparators, strict=True):
            parts.extend((text_of(_COMPARISONS[type(op_node)]), right))
        return call_of("chain", node, *parts)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        if any(isinstance(part, ast.NamedExpr) for value in node.values[1:] for part in ast.walk(value)):
            raise Lacking("':=' behind 'and' or 'or'", node.lineno)
        self.generic_visit(node)
        name = "and" if isinstance(node.op, ast.And) else "or"
        later = [placed(ast.Lambda(no_arguments(), value), value) for value in node.values[1:]]
        return call_of(name, node, node.values[0], *later)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            node.operand = truth_of(node.operand)
        return node

    def visit_If(self, node: ast.If) -> ast.stmt:
        return self._tested(node)

    def visit_While(self, node: ast.While) -> ast.stmt:
        return self._tested(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        return self._tested(node)

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        return self._tested(node)

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        self.generic_visit(node)
        node.ifs = [truth_of(test) for test in node.ifs]
        return node

    def _tested(self, node: SyntaxNode) -> SyntaxNode:
        self.generic_visit(node)
        node.test = truth_of(node.test)  # type: ignore[attr-defined]
        return node

    # Attributes -------------------------------------------------------------------------------------------------------

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load):
            return call_of("get", node, node.value, text_of(node.attr))
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """A method's name is no attribute to be computed: the sandbox calls it directly; a module's may be missing."""
        function = node.func
        keyed: list[ast.expr] = []
        if isinstance(function, ast.Attribute):
            if function.attr in _FAMILIES and node.args and isinstance(node.args[0], ast.GeneratorExp):
                self.generic_visit(node.args[0])
                keyed.append(_keyed(node.args.pop(0)))  # type: ignore[arg-type]
            base = function.value
            if isinstance(base, ast.Name) and base.id in self.imported:
                node.func = call_of("get", function, base, text_of(function.attr))
            else:
                function.value = self.visit(function.value)
        else:
            node.func = self.visit(node.func)
        node.args = [*keyed, *(self.visit(argument) for argument in node.args)]
        for keyword in node.keywords:
            keyword.value = self.visit(keyword.value)
        return node

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        """The sandbox's generator is a list; an iterator over one gives its items once, and to ``next`` too."""
        self.generic_visit(node)
        items = placed(ast.ListComp(node.elt, node.generators), node)
        return placed(ast.Call(name_of("iter"), [items], []), node)

    # Assignments ------------------------------------------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        self.generic_visit(node)
        if len(node.targets) > 1:
            return self._assigned_one_by_one(node)
        return _assigned(node.targets[0], node.value, node)

    def _assigned_one_by_one(self, node: ast.Assign) -> list[ast.stmt]:
        kept = f"{PREFIX}value"
        first = assign_to(kept, node.value, node)
        return [first, *(_assigned(target, name_of(kept), node) for target in node.targets)]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        """The annotation goes, the value stays: it says nothing about the model."""
        if node.value is None:
            return placed(ast.Pass(), node)
        node.value = self.visit(node.value)
        node.target = self.visit(node.target)
        return _assigned(node.target, node.value, node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        op = _AUGMENTED.get(type(node.op))
        if op is None:
            return node
        target = node.target
        if isinstance(target, ast.Name):
            return assign_to(target.id, call_of("in_place", node, text_of(op), name_of(target.id), node.value), node)
        if isinstance(target, ast.Attribute):
            call = call_of("in_place_attribute", node, text_of(op), target.value, text_of(target.attr), node.value)
            return placed(ast.Expr(call), node)
        call = call_of("in_place_item", node, text_of(op), target.value, index_of(target.slice), node.value)
        return placed(ast.Expr(call), node)

    def visit_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        """A name that is deleted is None from there on; an item leaves its container."""
        self.generic_visit(node)
        done: list[ast.stmt] = []
        for target in node.targets:
            if isinstance(target, ast.Name):
                done.append(assign_to(target.id, placed(ast.Constant(None), node), node))
            elif isinstance(target, ast.Subscript) and not isinstance(target.slice, ast.Slice):
                done.append(placed(ast.Expr(call_of("delete", node, target.value, index_of(target.slice))), node))
            else:
                raise Lacking("'del' of an attribute or a slice", node.lineno)
        return done

    # Errors, functions, classes -------------------------------------------------------------------------------------

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.ExceptHandler:
        """An error that a program catches is remembered: it may be why the solver is never reached."""
        self.generic_visit(node)
        if node.name is None:
            if node.type is None:
                return node
            node.name = f"{PREFIX}error"
        node.body.insert(0, placed(ast.Expr(call_of("handled", node, name_of(node.name))), node))
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.stmt | list[ast.stmt]:
        """Annotations go: they say nothing about the model. A decorator is called with the function's name as well."""
        node.returns = None
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            argument.annotation = None
        for extra in (arguments.vararg, arguments.kwarg):
            if extra is not None:
                extra.annotation = None
        self.generic_visit(node)
        done: list[ast.stmt] = [node]
        for decorator in reversed(node.decorator_list):
            call = call_of("decorated", node, decorator, name_of(node.name), text_of(node.name))
            done.append(assign_to(node.name, call, node))
        node.decorator_list = []
        return done

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        node.bases = [base for base in node.bases if not (isinstance(base, ast.Name) and base.id == "object")]
        if node.bases or node.keywords:
            raise Lacking("a class that inherits", node.lineno)
        for item in node.body:
            decorators = item.decorator_list if isinstance(item, ast.FunctionDef) else []
            if decorators:
                raise Lacking(f"a decorated method ({ast.unparse(decorators[0])[:40]})", item.lineno)
        data_class = [d for d in node.decorator_list if "dataclass" in ast.unparse(d)]
        if data_class:  # its annotations are its fields
            return node
        self.generic_visit(node)
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.stmt:
        raise Lacking("'async def'", node.lineno)

    def visit_Yield(self, node: ast.Yield) -> ast.expr:
        raise Lacking("a generator function ('yield')", node.lineno)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> ast.expr:
        raise Lacking("a generator function ('yield from')", node.lineno)


def _assigned(target: ast.expr, value: ast.expr, node: ast.stmt) -> ast.stmt:
    """``target = value``, telling the recorder the name."""
    if isinstance(target, ast.Name):
        return assign_to(target.id, _hinted(target.id, value), node)
    if isinstance(target, ast.Attribute):
        return placed(ast.Expr(call_of("set", node, target.value, text_of(target.attr), value)), node)
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and is_plain(target.slice):
        value = call_of("named_item", node, text_of(target.value.id), index_of(target.slice), value)
    pairs = isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List)
    if pairs and len(target.elts) == len(value.elts):  # type: ignore[attr-defined]
        named = [
            _hinted(left.id, right) if isinstance(left, ast.Name) else right
            for left, right in zip(target.elts, value.elts, strict=True)  # type: ignore[attr-defined]
        ]
        value = placed(ast.Tuple(named, ast.Load()), value)
    if isinstance(target, ast.Tuple | ast.List) and any(isinstance(item, ast.Attribute) for item in ast.walk(target)):
        raise Lacking("several attributes assigned at once", node.lineno)
    return placed(ast.Assign([target], value), node)


def _hinted(name: str, value: ast.expr) -> ast.expr:
    """Only what can be a variable, or a container of variables, is looked at."""
    if isinstance(value, ast.Call | ast.Dict | ast.DictComp | ast.List | ast.ListComp | ast.Tuple):
        return call_of("named", value, text_of(name), value)
    return value


def _keyed(node: ast.GeneratorExp) -> ast.expr:
    """The family's items together with the values of its loop variables."""
    targets: list[ast.expr] = []
    for generator in node.generators:
        targets.extend(_loaded(generator.target))
    pair = placed(ast.Tuple([placed(ast.Tuple(targets, ast.Load()), node), node.elt], ast.Load()), node)
    items = placed(ast.ListComp(pair, node.generators), node)
    return placed(ast.Call(name_of(f"{PREFIX}_Keyed"), [items], []), node)


def _loaded(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [name for item in target.elts for name in _loaded(item)]
    if isinstance(target, ast.Name):
        return [placed(name_of(target.id), target)]
    raise Lacking("a loop over something other than names", target.lineno)
