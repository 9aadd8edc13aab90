"""Programs recorded in the sandbox: the real libraries' optima, names and numbers kept, hostile input.

The optima in ``tests/recorded/optima.json`` are those of the real libraries (gurobipy 13.0.3, coptpy 8.0.7, PuLP 3.3.2
with CBC, Pyomo 6.10.1 with HiGHS, OR-tools 9.15, python-mip 2.0 with CBC, SciPy 1.17), which solved the same files.
"""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path

import pytest

from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.recording import SandboxLimits, record
from pyrite.feasibility.scoring.ladder import Judge

pytest.importorskip("pydantic_monty")

FOLDER = Path(__file__).parent.parent / "recorded"
OPTIMA: dict[str, float | str] = json.loads((FOLDER / "optima.json").read_text())
GUROBI = "import gurobipy as gp\nfrom gurobipy import GRB\nm = gp.Model()\n"


def test_every_program_has_an_optimum() -> None:
    assert {path.name for path in FOLDER.glob("*.program")} == set(OPTIMA)


@pytest.mark.parametrize("name", OPTIMA)
def test_the_model_has_the_optimum_of_the_real_library(name: str) -> None:
    recording = record((FOLDER / name).read_text())
    assert recording.formulation is not None, recording.trouble
    verdict = Judge().judge_formulation(recording.formulation)
    expected = OPTIMA[name]
    if isinstance(expected, str):
        assert verdict.first_failure == {"infeasible": "feasible", "unbounded": "bounded"}[expected]
    else:
        assert verdict.optimum == pytest.approx(expected, rel=1e-6)


def test_names_and_indices_are_kept() -> None:
    program = GUROBI + (
        "make = m.addVars(['bread', 'cake'], range(2), vtype=GRB.INTEGER, ub=9, name='make')\n"
        "open = {k: m.addVar(vtype='B', name=f'open_{k}') for k in ['north', 'south']}\n"
        "y1 = m.addVar(name='sugar')\n"
        "z = m.addVar()\n"
        "pairs = [m.addVar(name='first'), m.addVar(name='second')]\n"
        "m.addConstr(make.sum() + y1 <= 4 * open['north'], 'oven')\n"
        "m.addConstrs((make[k, 0] >= i for i, k in enumerate(['bread', 'cake'])), name='least')\n"
        "m.optimize()\n"
    )
    formulation = record(program).formulation
    assert formulation is not None
    assert list(formulation.variables) == ["make", "open", "sugar", "z", "first", "second"]
    assert formulation.variables["make"].index == ("S1", "S2")
    assert formulation.sets == {"S1": ("bread", "cake"), "S2": (0, 1), "S3": ("north", "south")}
    # A row without any variable that is always true says nothing and is left away.
    assert list(formulation.constraints) == ["oven", "least[0,bread]", "least[1,cake]"]
    assert formulation.objective.sense == "feasibility"


def test_numbers_are_what_the_program_means() -> None:
    program = GUROBI + (
        "x = m.addVar(name='x')\n"
        "m.addConstr(0.1 * 3 * x + (1 / 3) * x >= 0.1 + 0.2, 'a')\n"
        "m.addConstr(0.123456789012345678 * x <= 1e-7, 'b')\n"
        "m.addConstr((0.85 - 0.9) * x + (0.95 - 0.9) * x + x >= 1 - 0.9, 'c')\n"
        "m.addConstr(x <= (0.85 - 0.9) * x + 4 * x, 'd')\n"
        "m.addConstr(0.3 * x - 0.2 * x - 0.1 * x >= 1, 'e')\n"
        "m.optimize()\n"
    )
    formulation = record(program).formulation
    assert formulation is not None
    rows = build(formulation).rows
    assert rows[0].body.linear[0] == Fraction(3, 10) + Fraction(1, 3)
    assert rows[0].lower == Fraction(3, 10)
    assert rows[1].body.linear[0] == Fraction("0.12345678901234568")
    assert rows[1].upper == Fraction(1, 10**7)
    # What a subtraction loses is no part of the model: (0.85 - 0.9) * x is -0.05 x.
    assert (rows[2].body.linear[0], rows[2].lower) == (1, Fraction(1, 10))
    assert rows[3].body.linear[0] == Fraction(-59, 20)
    assert not rows[4].body.linear


def test_a_program_cannot_take_back_that_it_was_refused() -> None:
    program = (
        GUROBI + "x = m.addVar()\ntry:\n    m.setObjective(x ** 3)\nexcept BaseException:\n    pass\nm.optimize()\n"
    )
    trouble = record(program).trouble
    assert trouble is not None
    assert (trouble.code, trouble.certain) == ("not-recorded", False)


def test_an_error_that_the_program_catches_is_told() -> None:
    program = GUROBI + "try:\n    m.addVariable()\n    m.optimize()\nexcept AttributeError as e:\n    print(e)\n"
    trouble = record(program).trouble
    assert trouble is not None
    assert trouble.code == "never-solved"
    assert "gurobipy.Model has no attribute 'addVariable'" in trouble.message


def test_the_line_is_the_programs_own() -> None:
    program = (
        GUROBI
        + "\n# a comment\nx = m.addVars(3,\n              name='x')\ntotal = sum(x[i]\n            for i in range(9))\n"
    )
    trouble = record(program).trouble
    assert trouble is not None
    assert trouble.line == 8
    assert trouble.message == "line 8: KeyError: 3"


CERTAIN = {
    "empty-output": "   \n",
    "program-too-long": "x = 1\n" * 200_000,
    "syntax-error": "import pulp\nx = (1",
    "python-two": "import pulp\nprint 'done'",
    "notebook": '{"cells": [{"cell_type": "code", "source": ["import pulp"]}], "nbformat": 4}',
    "shell-command": "!pip install pulp\nimport pulp",
    "program-too-deep": "x = " + "(" * 5000 + "1" + ")" * 5000,
    "program-error": GUROBI + "m.addVariable()",
    "never-solved": GUROBI + "x = m.addVar()",
    "empty-model": GUROBI + "m.optimize()",
}
UNCERTAIN = {
    "sandbox-lacks": "import pandas as pd\nimport pulp\npd.read_csv('data.csv')",
    "outside-world": "import pulp\nopen('/etc/passwd').read()",
    "recursion-limit": "import pulp\ndef f(n):\n    return f(n + 1)\nf(0)",
    "infinite-number": GUROBI + "x = m.addVar()\nm.addConstr(float('nan') * x <= 1)\nm.optimize()",
    "not-recorded": GUROBI + "x = m.addVar()\nm.addSOS(1, [x])\nm.optimize()",
    "time-limit": "while True:\n    pass",
    "memory-limit": "import pulp\nx = [0] * 10**10",
}


@pytest.mark.parametrize("code", [*CERTAIN, *UNCERTAIN])
def test_what_is_no_model_has_one_code_and_one_line(code: str) -> None:
    recording = record({**CERTAIN, **UNCERTAIN}[code], SandboxLimits(seconds=1.0))
    assert recording.formulation is None
    assert recording.trouble is not None
    assert (recording.trouble.code, recording.trouble.certain) == (code, code in CERTAIN)
    assert "\n" not in recording.trouble.message
    assert len(recording.trouble.message) < 300


@pytest.mark.parametrize(
    "program",
    [
        GUROBI + "x = m.addVars(10**9)\nm.optimize()",
        "x = 10 ** 10 ** 8",
        "a = [0]\nwhile True:\n    a = a + a",
        "while True:\n    print('x' * 1000)",
        "x = 10\nx = x ** (x ** 8)",
    ],
)
def test_limits_hold(program: str) -> None:
    started = time.monotonic()
    trouble = record(program, SandboxLimits(seconds=1.0, memory=100_000_000)).trouble
    assert trouble is not None
    assert trouble.code in ("time-limit", "memory-limit", "worker-died", "model-too-large")
    assert time.monotonic() - started < 30  # a busy machine; the sandbox itself is killed after two seconds


HOSTILE = [
    "import os\nos.remove({canary!r})",
    "import os\nos.system('rm ' + {canary!r})",
    "from os import unlink\nunlink({canary!r})",
    "open({canary!r}, 'w').write('gone')",
    "with open({canary!r}, 'a') as f:\n    f.write('gone')",
    "from pathlib import Path\nPath({canary!r}).write_text('gone')",
    "import shutil\nshutil.rmtree({folder!r})",
    "import subprocess\nsubprocess.run(['rm', {canary!r}])",
    "eval('__import__(\"os\").remove(' + repr({canary!r}) + ')')",
    "exec('import os\\nos.remove(' + repr({canary!r}) + ')')",
    "__builtins__.__import__('os').remove({canary!r})",
    "().__class__.__bases__[0].__subclasses__()",
    "import socket\nsocket.create_connection(('127.0.0.1', {port}))",
    "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:{port}')",
    "import ctypes\nctypes.CDLL(None).system(b'rm')",
    "_pyrite_ended('solved', '[]', '')",
    GUROBI + "m.write({canary!r})\nm.addVar()\nm.optimize()",
    "import pulp\np = pulp.LpProblem()\np += pulp.LpVariable('x')\np.writeLP({canary!r})\np.solve()",
    "import pulp\nlist = open = sum = type = isinstance = dict = str = None\nx = pulp.LpVariable('x')",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_nothing_on_the_machine_changes(number: int, tmp_path: Path) -> None:
    import socket

    canary = tmp_path / "canary"
    canary.write_text("alive")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        port = listening.getsockname()[1]
        record(HOSTILE[number].format(canary=str(canary), folder=str(tmp_path), port=port))
        with pytest.raises(TimeoutError):
            listening.accept()
    assert canary.read_text() == "alive"
    assert [path.name for path in tmp_path.iterdir()] == ["canary"]


def test_the_recorded_text_is_not_believed() -> None:
    """A program that reaches into the recorder gets no defect of ours."""
    for attack in (
        "m.recorder.columns = 'abc'",
        "m.recorder.rows.append(7)",
        "m.recorder.sense = 'sideways'",
        "m.recorder.columns[0].domain = 'quantum'",
        "m.recorder.columns[0].terms = {5: 1e300}\nm.setObjective(x)",
        "m.recorder.document = lambda *a: '[]'",
        "m.recorder.document = lambda *a: '[' * 100000",
        'm.recorder.document = lambda *a: \'{"columns": [], "rows": []}\'',
    ):
        recording = record(GUROBI + f"x = m.addVar()\n{attack}\nm.optimize()")
        assert recording.trouble is not None or recording.formulation is not None
        if recording.formulation is not None:
            build(recording.formulation, policy=Policy())
