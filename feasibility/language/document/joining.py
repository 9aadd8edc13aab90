"""Programs that go on from block to block: which of an answer's blocks belong to the last one.

A block that uses names which only earlier blocks define does not run alone: the reader of a notebook runs what stands
above it too. Names are told from the syntax tree; nothing is run.
"""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Sequence
from typing import Final

_MOST_BLOCKS: Final = 30
_MOST_CHARACTERS: Final = 100_000
_STAR: Final = "*"
_BUILT_IN: Final = frozenset(dir(builtins)) | {"__name__", "__file__"}


def belonging(blocks: Sequence[str]) -> list[int]:
    """The places of the blocks that run together with the last one, in order: only its own when it stands alone.

    >>> belonging(["m = Model()", "import pulp", "m.solve()"]), belonging(["m = 1", "m = 2\\nprint(m)"])
    ([0, 1, 2], [1])
    """
    last = len(blocks) - 1
    chosen = [last]
    names = _names(blocks[last])
    if names is None or _STAR in names[0]:
        return chosen
    between: list[tuple[int, set[str], set[str]]] = []
    needed, size = names[1], len(blocks[last])
    for place in range(last - 1, max(-1, last - _MOST_BLOCKS), -1):
        size += len(blocks[place])
        if not needed or size > _MOST_CHARACTERS:
            break
        above = _names(blocks[place])
        if above is None:
            continue
        between.append((place, *above))
        if needed & above[0] or _STAR in above[0]:
            # What stands in between was written to be run in between.
            for number, defined, used in between:
                chosen.append(number)
                needed = (needed - defined) | used
            between.clear()
    return sorted(chosen)


def is_python(text: str) -> bool:
    """Whether a text of not too many characters is Python."""
    return len(text) <= _MOST_CHARACTERS and _parsed(text) is not None


def _parsed(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # doubtful escapes are the program's matter
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _names(block: str) -> tuple[set[str], set[str]] | None:
    """The names that a block defines and those that it uses without defining them; None where that cannot be told."""
    tree = _parsed(block) if len(block) <= _MOST_CHARACTERS else None
    if tree is None:
        return None
    defined: set[str] = set()
    used: set[str] = set()
    # 'prob += x' asks for what prob is already.
    changed = {id(node.target) for node in ast.walk(tree) if isinstance(node, ast.AugAssign)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) or id(node) in changed else defined).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            defined.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            defined |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
    return defined, used - defined - _BUILT_IN
