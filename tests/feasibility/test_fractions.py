"""The extra ``fast`` changes no verdict: everything is the same with the standard library's fractions."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction

import pytest

from pyrite import Formulation
from pyrite.feasibility import rationals

SCRIPT = """
import hashlib, json, runpy, sys
from pyrite import Policy
from pyrite.feasibility import rationals
from pyrite.feasibility.scoring.ladder import Judge
scoring = runpy.run_path(sys.argv[1])
problems, tasks = scoring["instances"](seed=7, count=25)
judges = {p.id: Judge(p.as_reference(), Policy(time_limit=300.0, equivalence_seconds=200.0)) for p in problems}
lines = []
for name, sample, text in [*tasks, *scoring["distinct"](problems, seed=8)]:
    document = judges[name].judge(text, name, sample).to_dict()
    document.pop("seconds")
    lines.append(json.dumps(document, sort_keys=True))
print(rationals.Fraction.__module__, len(lines), hashlib.sha256("\\n".join(lines).encode()).hexdigest())
"""


def judged(root: str, **changed: str) -> list[str]:
    environment = {**os.environ, **changed}
    command = [sys.executable, "-c", SCRIPT, os.path.join(root, "benchmarks", "scoring.py")]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return done.stdout.split()


def test_verdicts_are_the_same_with_compiled_fractions(pytestconfig: pytest.Config) -> None:
    pytest.importorskip("quicktions")
    root = str(pytestconfig.rootpath)
    quick, standard = judged(root, PYRITE_FRACTIONS=""), judged(root, PYRITE_FRACTIONS="standard")
    assert (quick[0], standard[0]) == ("quicktions", "fractions")
    assert quick[1:] == standard[1:]
    assert int(quick[1]) == 500


def test_fractions_of_the_standard_library_are_numbers_whichever_are_used() -> None:
    half = Fraction(1, 2)
    assert rationals.from_json_number(half) == half
    document = {
        "variables": {"x": {"domain": "continuous", "lower": half, "upper": 3}},
        "objective": {"sense": "minimize", "expression": "x"},
        "constraints": {},
    }
    assert Formulation.from_dict(document).to_dict()["variables"]["x"]["lower"] == half
