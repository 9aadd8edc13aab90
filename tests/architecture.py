"""The package's imports as a graph: which file asks which, read from the syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("feasibility", "problems", "results", "models", "reports", "studies", "integrations", "cli")
TOP_FILES = ("api.py", "pipeline.py", "rewards.py", "runs.py", "__init__.py", "__main__.py")


def sources() -> dict[str, Path]:
    """Every module of the package by its dotted name without ``pyrite.``: ``feasibility.solver.highs``."""
    found = {}
    paths = [ROOT / name for name in TOP_FILES if (ROOT / name).is_file()]
    for room in ROOMS:
        # The recorders in guest/ are text for the sandbox, lm_eval/ is loaded by that harness from its path, outside of
        # any package, and pyrite_formulation/ is a package of its own for verifiers: nothing here imports them.
        found_here = (ROOT / room).rglob("*.py")
        paths.extend(path for path in found_here if path.parent.name not in ("guest", "lm_eval", "pyrite_formulation"))
    for path in paths:
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts)] = path
    return found


def files() -> list[Path]:
    """Every Python file of the package, the recorders included."""
    return [*sources().values(), *sorted((ROOT / "feasibility" / "recording" / "guest").glob("*.py"))]


def functions() -> Iterator[tuple[str, int]]:
    """Every function and method by its dotted name, with the lines of its body without the docstring."""
    for path in files():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                yield f"{module}.{node.name}", (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def types(path: Path) -> Iterator[str]:
    """The classes of a file and the names in camel case that it defines by an assignment: aliases of types."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets: list[ast.expr] = []
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            if (
                isinstance(target, ast.Name)
                and target.id.lstrip("_")[:1].isupper()
                and len(target.id) > 1
                and not target.id.isupper()
            ):
                yield target.id


def imports() -> dict[str, set[str]]:
    """Module -> the modules of the package that it imports, anywhere in the file (in functions and for types too)."""
    modules = sources()
    return {name: set(_asked(name, ast.parse(path.read_text()), modules)) for name, path in modules.items()}


def _asked(name: str, tree: ast.AST, modules: dict[str, Path]) -> Iterator[str]:
    package = name.split(".")[:-1]
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            if isinstance(node, ast.Import):
                own = [alias.name for alias in node.names if alias.name.split(".")[0] == "pyrite"]
                assert not own, f"{name}: imports inside the package are relative: {own}"
            continue
        if not node.level:
            assert (node.module or "").split(".")[0] != "pyrite", f"{name}: imports inside the package are relative"
            continue
        base = package[: len(package) - (node.level - 1)] + (node.module.split(".") if node.module else [])
        for alias in node.names:
            for candidate in ([*base, alias.name], [*base, alias.name, "__init__"], base, [*base, "__init__"]):
                if ".".join(candidate) in modules:
                    yield ".".join(candidate)
                    break


def reached(graph: dict[str, set[str]], start: str) -> set[str]:
    """Everything that ``start`` asks, directly or through others."""
    seen, todo = set(), [start]
    while todo:
        for target in graph.get(todo.pop(), ()):
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def rooms(graph: dict[str, set[str]]) -> dict[str, dict[str, set[str]]]:
    """For every folder (dotted; empty: the top) the graph of its items, files and sub-folders alike."""
    found: dict[str, dict[str, set[str]]] = {}
    for name, targets in graph.items():
        for target in targets:
            ours, theirs = name.split("."), target.split(".")
            shared = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), None)
            if shared is None:
                continue
            items = found.setdefault(".".join(ours[:shared]), {})
            items.setdefault(ours[shared], set()).add(theirs[shared])
            items.setdefault(theirs[shared], set())
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    """One circle of the graph as its members in order, or nothing."""
    state: dict[str, int] = {}
    for root in graph:
        if root in state:
            continue
        path = [root]
        ways = [iter(sorted(graph[root]))]
        state[root] = 1
        while ways:
            step = next(ways[-1], None)
            if step is None:
                state[path.pop()] = 2
                ways.pop()
            elif state.get(step) == 1:
                return [*path[path.index(step) :], step]
            elif step not in state:
                state[step] = 1
                path.append(step)
                ways.append(iter(sorted(graph.get(step, ()))))
    return []
