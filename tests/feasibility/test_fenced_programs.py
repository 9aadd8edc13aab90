"""Which text is the program: printed output, blocks that go on, lists, tags, and programs without a fence."""

from __future__ import annotations

import time

import pytest

from pyrite.feasibility.language.document.fences import last_program
from pyrite.feasibility.language.document.joining import belonging
from pyrite.feasibility.scoring.languages import task_of

HEAD = "import pulp\nmodel = pulp.LpProblem('boats')\nboats = pulp.LpVariable('boats', 0)\n"
REST = "model += 7 * boats\nmodel += 4 * boats >= 30\nmodel.solve()\n"
SHOW = "for v in model.variables():\n    print(v.name, v.value())\n"
WHOLE = HEAD + REST


def fence(program: str, label: str = "python") -> str:
    return f"```{label}\n{program}```\n"


def codes(text: str) -> list[str]:
    return [finding.code for finding in last_program(text).findings]


@pytest.mark.parametrize(
    ("text", "program"),
    [
        # What a program prints is no program, a whole one without a label is.
        (fence(WHOLE) + "Output:\n" + fence("boats = 8\n", ""), WHOLE),
        (fence(HEAD) + "Better:\n" + fence(WHOLE, ""), WHOLE),
        (fence(WHOLE, "code"), WHOLE),
        (fence(WHOLE, "") + fence("nothing here\n", ""), WHOLE),
        (fence(WHOLE, "") + "It prints\n" + fence("boats = 8\n", "") + fence("cost = 56\n", ""), WHOLE),
        # Blocks that go on.
        (fence(HEAD, "") + fence(REST, ""), WHOLE),
        (fence(HEAD) + "Then\n" + fence(REST), WHOLE),
        (fence(WHOLE) + "To see them:\n" + fence(SHOW), WHOLE + SHOW),
        (fence(HEAD) + fence(REST) + fence(SHOW), WHOLE + SHOW),
        (fence("x = 1\n") + fence(WHOLE) + fence(SHOW), WHOLE + SHOW),
        (fence("from pulp import *\n") + fence("m = LpProblem()\n"), "from pulp import *\nm = LpProblem()\n"),
        # Blocks that do not.
        (fence(WHOLE) + "or\n" + fence(WHOLE.replace("30", "31")), WHOLE.replace("30", "31")),
        (fence(WHOLE) + fence("print('8 boats')\n"), "print('8 boats')\n"),
        (fence(WHOLE) + fence("undeclared.solve()\n"), "undeclared.solve()\n"),
        (fence(WHOLE) + fence("from pulp import *\nmodel.solve()\n"), "from pulp import *\nmodel.solve()\n"),
        (fence(WHOLE) + fence("model.solve(\n"), "model.solve(\n"),
        # In lists: the indentation of the fence is not the program's.
        ("1. Code:\n\n   ```python\n   if 1:\n       x = 1\n   ```\n", "if 1:\n    x = 1\n"),
        ("10. Code:\n\n      ```python\n      x = 1\n\n      y = 2\n      ```\nDone.", "x = 1\n\ny = 2\n"),
        # Without a fence.
        (f"\ufeff{WHOLE}", WHOLE),
        (f"\ufeff```python\n{WHOLE}```", WHOLE),
        (f"<code>\n{WHOLE}</code>", WHOLE),
        (f"Here:\n<pre><code class='x'>\n{WHOLE}</code></pre>\nDone.", WHOLE),
        (f"Here is the program:\n{WHOLE}", WHOLE),
        (f"Here is the program:\n\n{WHOLE}\nIt prints, as asked, the boats.\n\nDone.", WHOLE),
        (f"Here is the program:\n{HEAD}model +=\n", f"{HEAD}model +=\n"),
        (
            f"{HEAD}'''\n    ```python\n    x = 1\n    ```\n'''\n",
            f"{HEAD}'''\n    ```python\n    x = 1\n    ```\n'''\n",
        ),
    ],
)
def test_the_program_of_an_answer(text: str, program: str) -> None:
    found = last_program(text)
    assert not found.findings
    assert found.text.strip() == program.strip()
    assert text[found.start : found.end].strip("\ufeff \n").endswith(program.strip().splitlines()[-1])
    if "import" in text:
        assert task_of(text) == "code"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"```python\n{WHOLE}", "truncated"),
        (fence(HEAD) + f"```python\n{REST}", "truncated"),
        (f"```python\n{HEAD}" + fence(REST), "truncated"),
        (f"<code>\n{WHOLE}", "truncated"),
        (fence(WHOLE, "") + "```\nboats = 8\n", "truncated"),
        ("I would import 30 boats.", "no-program"),
        ("Let us import\nboats from abroad.", "no-program"),
        ("<code>boats</code> is the only name.", "no-program"),
        ("word " * 100 + f"\n{WHOLE}", "no-program"),
    ],
)
def test_no_program_is_credited(text: str, code: str) -> None:
    assert codes(text) == [code]


def test_blocks_between_belong_too_and_broken_ones_do_not() -> None:
    assert belonging(["m = 1", "n = m", "!pip install x", "n.f(m)"]) == [0, 1, 3]
    assert belonging(["m = 1", "m += 1", "print(m)"]) == [0, 1, 2]
    assert belonging(["print(1)", "def f(x):\n    return [y for y in x]\nf(1)"]) == [1]
    assert belonging(["m = 1"] * 100 + ["print(m)"]) == [99, 100]


@pytest.mark.parametrize(
    "piece",
    ["<code>", "<code>\nx = 1\n", "import x\n\n(", "```python\nx = m\n```\n", "      ```python\n", "x" * 30 + "\n"],
)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    clock = time.process_time()
    last_program("Sure:\nimport x\n" + piece * (60_000 // len(piece)))
    last_program(piece * (60_000 // len(piece)))
    assert time.process_time() - clock < 10
