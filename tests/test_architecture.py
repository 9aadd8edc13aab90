"""The house holds: floors, no circle (between files, and between the rooms of a folder), what scoring may not need."""

from __future__ import annotations

import ast

import architecture
import pytest

FLOORS = {
    "feasibility": (),
    "problems": ("feasibility",),
    "results": ("feasibility", "problems"),
    "models": ("feasibility", "problems", "results"),
    "reports": ("feasibility", "problems", "results"),
}
"""Which rooms each may ask, besides itself; the rest of the package stands above these."""

HEAVY = ("torch", "transformers", "peft", "trl", "jinja2")


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return architecture.imports()


@pytest.mark.parametrize("room", FLOORS)
def test_no_import_runs_upwards(graph: dict[str, set[str]], room: str) -> None:
    allowed = {room, *FLOORS[room], "__init__"}
    wrong = [
        f"{name} asks {target}"
        for name, targets in graph.items()
        if name.split(".")[0] == room
        for target in targets
        if target.split(".")[0] not in allowed
    ]
    assert not wrong


def test_only_the_command_line_asks_studies(graph: dict[str, set[str]]) -> None:
    askers = {name.split(".")[0] for name, targets in graph.items() if any(t.startswith("studies.") for t in targets)}
    assert askers <= {"studies", "cli"}


def test_files_make_no_circle(graph: dict[str, set[str]]) -> None:
    assert architecture.circle(graph) == []


def test_rooms_make_no_circle(graph: dict[str, set[str]]) -> None:
    """In every folder its files and sub-folders, each taken as one, ask each other in one direction only."""
    found = {
        folder: circle for folder, items in architecture.rooms(graph).items() if (circle := architecture.circle(items))
    }
    assert found == {}


def test_feasibility_needs_no_model_library() -> None:
    for name, path in architecture.sources().items():
        if name.startswith("feasibility."):
            asked = {line.split()[1].split(".")[0] for line in path.read_text().splitlines() if _imports(line)}
            assert not asked & set(HEAVY), name


def test_the_checker_shares_no_code_with_the_prover(graph: dict[str, set[str]]) -> None:
    """A mistake in the proving room cannot be repeated by the room that re-checks its proofs."""
    for name in graph:
        if name.startswith("feasibility.equivalence.checking"):
            reached = architecture.reached(graph, name)
            assert not [other for other in reached if other.startswith("feasibility.equivalence.proving")], name
            assert not [other for other in reached if other.startswith("feasibility.solver")], name


def test_the_checker_divides_exactly() -> None:
    """Its whole numbers are ints, and ``/`` of two ints is a float: all division is one function's."""
    room = architecture.ROOT / "feasibility" / "equivalence" / "checking"
    found = [
        (path.name, node.lineno)
        for path in sorted(room.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)
    ]
    assert [name for name, _ in found] == ["sides.py"], found


def test_the_checker_of_lifted_proofs_shares_no_code_with_their_prover(graph: dict[str, set[str]]) -> None:
    room = "feasibility.equivalence.lifting"
    reached = architecture.reached(graph, f"{room}.checking")
    assert not reached & {f"{room}.{name}" for name in ("proving", "families", "symbols", "lifted")}


def test_a_circle_would_be_found() -> None:
    assert architecture.circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert architecture.circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_a_circle_of_rooms_would_be_found() -> None:
    graph = {"a.b.one": {"a.c"}, "a.c": {"a.b.two"}, "a.b.two": set()}
    assert architecture.circle(graph) == []
    assert architecture.circle(architecture.rooms(graph)["a"]) == ["b", "c", "b"]


def _imports(line: str) -> bool:
    return line.strip().startswith(("import ", "from ")) and len(line.split()) > 1


LONGEST = 60
"""Lines of a function without its signature and docstring: declarations and words are no work to follow."""
LONG_FILE = 400


def test_functions_are_short() -> None:
    found = {name: length for name, length in architecture.functions() if length > LONGEST}
    assert found == {}, "too long; split it"


def test_long_files_say_why_in_their_first_line() -> None:
    for path in architecture.files():
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > LONG_FILE:
            assert ", so it is long." in text.splitlines()[0], f"{path}: split it, or say why it is one file"


def test_files_are_short_on_the_whole() -> None:
    lengths = sorted(path.read_text(encoding="utf-8").count("\n") for path in architecture.files())
    assert lengths[len(lengths) // 2] <= 200


ONE_EACH = ("_",)
"""Beginnings of names that a file keeps to itself: families have an ``_Instance``, formats a ``_Reader`` each."""


def test_a_type_has_a_name_of_its_own() -> None:
    """One meaning a word: no class, and no alias of a type, is defined by one name in two files of the package."""
    homes: dict[str, set[str]] = {}
    for path in architecture.files():
        if path.parent.name == "guest":
            continue  # stand-ins for other libraries, never loaded together
        for name in architecture.types(path):
            if not name.startswith(ONE_EACH):
                homes.setdefault(name, set()).add(str(path.relative_to(architecture.ROOT)))
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}
