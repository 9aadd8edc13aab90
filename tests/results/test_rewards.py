"""Rewards: the numbers of ``pyrite score``, in parallel, with hostile answers among them; what is unknown has none."""

import json
import random
import re
import subprocess
import sys
import textwrap
import warnings

import pytest
from tiny_model import bakeries

import pyrite.rewards
from pyrite.feasibility.errors import PyriteError, PyriteWarning
from pyrite.feasibility.plans.rules import KINDS
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.verdict import LADDERS, StageResult, Verdict
from pyrite.problems.lines import read_lines, write_lines
from pyrite.problems.planning import ask_for_plans
from pyrite.problems.problem import Problem
from pyrite.results.outputs import Output
from pyrite.results.rewards import SHAPES, Rewarder, shape_of
from pyrite.results.run import RunFolder
from pyrite.results.scoring import score_outputs

HOSTILE = """
import os, sys, ctypes
sys.path[:] = {path!r}
from pyrite.feasibility.scoring.stages.solved import Feasible
from pyrite.feasibility.workers.inside import main
feasible = Feasible.ask
def ask(self, attempt):
    word = attempt.text.partition("|")[0]
    if word == "HANG":
        while True:
            ctypes.PyDLL(None).usleep(1000)
    if word == "DIE":
        os.abort()
    if word == "EAT":
        blocks = []
        while True:
            blocks.append(bytearray(16 << 20))
    return feasible(self, attempt)
Feasible.ask = ask
main(*{descriptors!r}, os.getppid())
"""


@pytest.fixture
def hostile_workers(monkeypatch):
    """Workers in which some answers hang in C, eat memory or abort the process."""
    popen = subprocess.Popen

    def start(command, **options):
        if "pass_fds" not in options:  # not a worker
            return popen(command, **options)
        code = HOSTILE.format(path=sys.path, descriptors=options["pass_fds"])
        return popen([sys.executable, "-c", textwrap.dedent(code)], **options)

    monkeypatch.setattr(subprocess, "Popen", start)


POLICY = Policy(time_limit=5.0, memory_limit=256 * 1024**2)


def answers(problems, count, seed=0):
    """Answers of every kind: right, another problem's, a changed number, a broken rule, a cut, prose."""
    stream = random.Random(seed)
    for place in range(count):
        problem, other = problems[place % len(problems)], stream.choice(problems)
        right = problem.reference.to_json()
        kinds = [right, other.reference.to_json(), right.replace("<=", ">="), right[: len(right) // 2], "Sure!", "{}"]
        yield problem, stream.choice([*kinds, right.replace("*bread", "*bred"), right.replace("integer", "continuous")])


def independent(line):
    """The five rewards from a stored verdict, written again without the shapes."""
    stages, task = line["stages"], line.get("task", "formulation")
    passed = sum(stage["status"] == "pass" for stage in stages.values())
    asked = sum(stage.get("code") != "no-reference" for stage in stages.values())
    unknown = any(stage["status"] == "unknown" for stage in stages.values())
    tri = {True: 1.0, False: 0.0, None: None}
    found = {"surface": float(line["surface"]), "substance": tri[line["substance"]]}
    found["ladder"] = None if unknown else passed / asked
    if task == "formulation" and not unknown:
        a, b = line.get("optimum"), line.get("reference_optimum")
        reached = stages["bounded"]["status"] == "pass"
        found["value"] = float(reached and a is not None and abs(a - b) <= 1e-6 * max(1, abs(b)))
        found["feasible"] = float(stages["feasible"]["status"] == "pass")
    return found


def compare_with_score(tmp_path, count, words):
    problems = bakeries(20)
    asked = list(answers(problems, count))
    hostile = [(count * part // 6, word) for part, word in enumerate(words, 1)]
    for place, word in hostile:
        problem = asked[place][0]
        # No document that was judged before: of such the verdict is known, and nothing of it is asked again.
        document = problem.reference.to_dict()
        document["constraints"][f"of_its_own_{place}"] = f"{next(iter(document['variables']))} <= 1000000"
        asked[place] = (problem, f"{word}|{json.dumps(document)}")
    folder = RunFolder(tmp_path)
    folder.create()
    outputs = [Output(problem.id, place, text) for place, (problem, text) in enumerate(asked)]
    write_lines(folder.outputs, (output.to_dict() for output in outputs))
    score_outputs(problems, outputs, POLICY, folder=folder, workers=2)
    lines = {line["sample"]: independent(line) for line in read_lines(folder.verdicts)}
    # One pass of the judge, every shape of it.
    with Rewarder("ladder", POLICY, workers=2) as rewarder:
        found = rewarder.judge([problem for problem, _ in asked], [text for _, text in asked])
    assert {place for place, reward in enumerate(found.rewards) if reward is None} == {place for place, _ in hostile}
    for name, shape in SHAPES.items():
        rewards = [shape(verdict, POLICY) for verdict in found.verdicts]
        for place, reward in enumerate(rewards):
            if name in lines[place]:
                assert reward == lines[place][name], (name, asked[place][1])
        assert len(set(rewards) - {None}) > 1


@pytest.mark.usefixtures("hostile_workers")
def test_rewards_are_the_numbers_of_score(tmp_path):
    compare_with_score(tmp_path, 40, ("HANG", "DIE"))


@pytest.mark.slow
@pytest.mark.usefixtures("hostile_workers")
def test_rewards_are_the_numbers_of_score_on_a_thousand(tmp_path):
    compare_with_score(tmp_path, 1000, ("HANG", "DIE", "EAT", "HANG", "DIE"))


def test_shapes_of_a_plan():
    formulated = bakeries(1)[0]
    asked = next(iter(ask_for_plans([Problem.from_dict(formulated.to_dict())])))
    right = json.dumps(asked.extra["plan"])
    judge = Judge(asked.as_reference())
    best = judge.judge(right)
    nothing, much = (judge.judge(re.sub(r"-?\d+", number, right)) for number in ("0", "10000"))
    rows = {
        name: [shape(verdict, Policy()) for verdict in (best, nothing, much, judge.judge("Sure!"))]
        for name, shape in SHAPES.items()
    }
    assert rows["substance"] == rows["value"] == [1, 0, 0, 0]
    assert rows["surface"] == [1, 1, 1, 0]
    feasible = 0 if "promise" in str(formulated.reference.to_dict()) else 1
    assert rows["feasible"] == [1, feasible, 0, 0]
    assert rows["kept"][0] == 1 > rows["kept"][2] > 0 == rows["kept"][3]
    details = [much.result(kind).details for kind in KINDS]
    kept, rules = (sum(table[name] for table in details) for name in ("kept", "rules"))
    assert rows["kept"][2] == kept / rules
    assert rows["ladder"][0] == 1 > rows["ladder"][1] > rows["ladder"][3] == 0


def test_value_pays_for_the_number_and_substance_for_the_rules():
    """A plan that breaks a rule and happens to be worth the right number: what execution accuracy cannot see."""
    document = {
        "id": "p",
        "text": "...",
        "reference": {
            "variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}},
            "objective": {"sense": "maximize", "expression": "bread + cake"},
            "constraints": {"flour": "bread <= 3", "sugar": "cake <= 4"},
        },
    }
    cheat = json.loads(json.dumps(document["reference"]))
    cheat["constraints"] = {"flour": "bread <= 7", "sugar": "cake <= 0"}
    verdict = Judge(Problem.from_dict(document).as_reference()).judge(json.dumps(cheat))
    assert verdict.first_failure == "sound"
    assert SHAPES["value"](verdict, Policy()) == 1.0
    assert SHAPES["substance"](verdict, Policy()) == 0.0


@pytest.mark.parametrize("task", ["formulation", "plan"])
def test_what_is_unknown_is_no_reward(task):
    ladder = LADDERS[task]
    for place, unknown in enumerate(ladder.stages):
        stages = {
            stage: StageResult("pass" if number < place else "unknown") for number, stage in enumerate(ladder.stages)
        }
        verdict = Verdict(stages, ladder.stages[-1], ladder=ladder)
        assert SHAPES["substance"](verdict, Policy()) is None, unknown
        assert SHAPES["ladder"](verdict, Policy()) is None
        expected = None if unknown in ladder.surface else 1.0
        assert SHAPES["surface"](verdict, Policy()) == expected


def test_a_constant_reward_is_warned_of_once_after_twenty_steps():
    problems = bakeries(2)
    right = problems[0].reference.to_json()
    with Rewarder("substance", workers=0) as rewarder, warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(19):
            rewarder.judge([problems[0]] * 2, ["Sure!", "No."])
        with pytest.raises(PyriteWarning, match=r"'substance' has been 0 for 20 steps \(40 answers\)"):
            rewarder.judge([problems[0]] * 2, ["Sure!", "No."])
        rewarder.judge([problems[0]] * 2, ["Sure!", "No."])
    with Rewarder("substance", workers=0) as rewarder, warnings.catch_warnings():
        warnings.simplefilter("error")
        for step in range(40):  # a difference now and then is something to learn from
            rewarder.judge([problems[0]] * 2, ["Sure!", right if step % 15 == 0 else "No."])


def test_trls_function_takes_both_columns_and_says_what_is_wrong():
    problem = bakeries(1)[0]
    right = problem.reference.to_json()
    logged = {}
    reward = pyrite.rewards.trl("surface", [problem], workers=0, eos_token_id=7)
    texts, turns = [right, "Sure!"], [[{"role": "assistant", "content": right}], []]
    told = {"log_metric": logged.__setitem__, "trainer_state": None, "log_extra": print}
    assert reward(prompts=["", ""], completions=texts, problem_id=[problem.id] * 2, **told) == [1.0, 0.0]
    assert logged == {"surface": 0.5, "value": 0.5, "substance": 0.5, "unknown": 0.0}
    document = json.dumps(problem.to_dict())
    assert reward(prompts=["", ""], completions=turns, problem=[document] * 2) == [1.0, 0.0]
    ended = reward(prompts=["", ""], completions=[right] * 2, problem=[document] * 2, completion_ids=[[1, 7], [1, 2]])
    assert ended == [1.0, 0.0], "an answer that did not end is cut"
    with pytest.raises(PyriteError, match="'nobody', which is not among"):
        reward(prompts=[""], completions=["x"], problem_id=["nobody"])
    with pytest.raises(PyriteError, match="needs a column"):
        reward(prompts=[""], completions=["x"])
    with pytest.raises(PyriteError, match="no reward 'substanse'; did you mean"):
        shape_of("substanse")
