"""Workers can be killed: a hostile output costs itself its verdict and nobody else anything.

The hostile workers are real processes: a judge is replaced, in the worker only, by one that hangs, eats memory or dies
on certain texts. The pool that watches them is the real one.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from pyrite import Policy
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.finish import Answered
from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.scoring import pool as pool_module
from pyrite.feasibility.scoring.pool import Pool
from pyrite.feasibility.scoring.reference import Reference
from pyrite.feasibility.scoring.worker import JudgeCache, Question
from pyrite.feasibility.verdict import STAGES

GOOD = json.dumps(
    {
        "variables": {"x": {"domain": "integer", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "3*x"},
        "constraints": {"cap": "2*x <= 9"},
    }
)

HOSTILE = """
import os, sys, time
sys.path[:] = {path!r}
from pyrite.feasibility.scoring import prepared
from pyrite.feasibility.scoring.stages.solved import Feasible
from pyrite.feasibility.workers.inside import main

def hostile(text):
    if text == "HANG":
        import ctypes
        while True:                       # in C, holding the interpreter's lock: no Python signal handler would run
            ctypes.PyDLL(None).usleep(1000)
    if text == "DIE":
        import os; os.abort()
    if text == "EXIT":
        import os; os._exit(3)
    if text == "EAT":
        blocks = []
        while True:
            blocks.append(bytearray(16 << 20))
    if text == "BUG":
        raise RuntimeError("a defect")

feasible = Feasible.ask
def step(self, attempt):
    hostile(next(iter(attempt.document["constraints"])))
    return feasible(self, attempt)
Feasible.ask = step

prepare = prepared.prepare
def hostile_prepare(reference, policy, solved=None):
    if reference.units.get("objective") == "HANG":
        time.sleep(1000)
    return prepare(reference, policy, solved)
prepared.prepare = hostile_prepare
main(*{descriptors!r}, os.getppid())
"""


@pytest.fixture
def hostile_workers(monkeypatch):
    """Workers of this pool run the code above instead of the plain start."""
    popen = subprocess.Popen

    def start(command, **options):
        code = HOSTILE.format(path=sys.path, descriptors=options["pass_fds"])
        return popen([sys.executable, "-c", textwrap.dedent(code)], **options)

    monkeypatch.setattr(subprocess, "Popen", start)


POLICY = Policy(time_limit=1.0, memory_limit=128 * 1024**2)


def texts(*words):
    """Tasks of one problem: a word that the hostile judge knows names the row of a good formulation."""
    return [("p", number, GOOD.replace("cap", word) if word else GOOD) for number, word in enumerate(words)]


def judged(words, workers=2, policy=POLICY, references=None):
    with Pool(policy, workers) as pool:
        verdicts = list(pool.judge(texts(*words), references or {"p": Reference(optimum=12)}))
    return verdicts, pool


def test_results_come_in_input_order_with_any_number_of_workers():
    tasks = [(f"p{number % 3}", number, GOOD if number % 2 else "prose") for number in range(60)]
    references = {f"p{number}": Reference(optimum=12 + number) for number in range(3)}
    found = {}
    for workers in (0, 1, 3):
        with Pool(Policy(), workers) as pool:
            verdicts = list(pool.judge(tasks, references))
        assert [(v.problem_id, v.sample) for v in verdicts] == [(p, s) for p, s, _ in tasks]
        found[workers] = [{**v.to_dict(), "seconds": 0} for v in verdicts]
        assert pool.finished == 60
        assert pool.killed == 0
    assert found[0] == found[1] == found[3]


def test_a_pool_serves_twice_and_nothing_is_left_running():
    with Pool(Policy(), 2) as pool:
        for _ in range(2):
            assert len(list(pool.judge(texts("", ""), {"p": Reference()}))) == 2
        processes = [worker.process for worker in pool.staff]
    assert processes
    assert all(process.poll() is not None for process in processes)


def test_an_unknown_problem_is_named_before_anything_runs():
    with Pool(Policy(), 1) as pool, pytest.raises(KeyError, match="nobody"):
        next(iter(pool.judge([("nobody", 0, GOOD)], {"p": Reference()})))


@pytest.mark.usefixtures("hostile_workers")
@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_hostile_outputs_take_nobody_with_them(workers):
    words = ["", "HANG", "", "", "DIE", "", "EAT", "", "BUG", "", "EXIT", "", ""]
    started = time.monotonic()
    verdicts, pool = judged(words, workers)
    assert time.monotonic() - started < 60  # a busy machine takes its time
    assert [v.sample for v in verdicts] == list(range(len(words)))
    codes = {
        "HANG": "time-limit",
        "DIE": "worker-died",
        "EAT": "memory-limit",
        "BUG": "internal-error",
        "EXIT": "worker-died",
    }
    for word, verdict in zip(words, verdicts, strict=True):
        if not word:
            assert verdict.substance is True
            continue
        assert verdict.stages["feasible"].status == "unknown"
        assert verdict.stages["feasible"].code == codes[word]
        assert verdict.surface is True, "the stages before the one that hung keep their verdict"
        assert verdict.substance is None
        assert all(verdict.stages[stage].status == "pass" for stage in STAGES[:4])
        assert all(verdict.stages[stage].status in ("unknown", "skipped") for stage in STAGES[5:])
    assert pool.killed == 3, "HANG is killed, DIE and EXIT end themselves; EAT and BUG are caught"
    assert "SIGABRT" in verdicts[4].stages["feasible"].message
    assert "exit status 3" in verdicts[10].stages["feasible"].message
    assert "RuntimeError: a defect" in verdicts[8].stages["feasible"].message


@pytest.mark.usefixtures("hostile_workers")
def test_the_limit_is_kept():
    started = time.monotonic()
    verdicts, _ = judged(["HANG"] * 4, workers=2)
    seconds = time.monotonic() - started
    assert all(v.stages["feasible"].code == "time-limit" for v in verdicts)
    # two rounds of (limit + grace + a start)
    assert seconds < 2 * (POLICY.time_limit + pool_module.GRACE + 4)


@pytest.mark.usefixtures("hostile_workers")
def test_a_reference_that_hangs_is_the_problems_fault():
    formulation = Formulation.from_dict(json.loads(GOOD))
    references = {"p": Reference(formulation, units={"objective": "HANG"}), "q": Reference(formulation)}
    tasks = [("p", 0, GOOD), ("q", 0, GOOD), ("p", 1, GOOD), ("p", 2, "prose")]
    with Pool(POLICY, 1) as pool:
        verdicts = list(pool.judge(tasks, references))
    assert [v.stages["value"].code for v in verdicts[:3]] == ["reference-unsolved", None, "reference-unsolved"]
    assert [v.stages["feasible"].status for v in verdicts[:3]] == ["pass"] * 3
    assert verdicts[3].first_failure == "parses"


def test_leaving_early_ends_the_workers():
    with Pool(Policy(), 2) as pool:
        verdicts = pool.judge(texts(*[""] * 50), {"p": Reference()})
        next(verdicts)
        processes = [worker.process for worker in pool.staff]
        verdicts.close()  # type: ignore[attr-defined] # a generator
        assert all(process.wait(5) is not None for process in processes)
        assert len(list(pool.judge(texts(""), {"p": Reference()}))) == 1, (
            "and the pool starts new ones when asked again"
        )


def test_workers_that_cannot_start_are_one_clear_line(monkeypatch):
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda command, **options: popen([sys.executable, "-c", "raise OSError('no')"], **options),
    )
    with Pool(Policy(), 1) as pool, pytest.raises(PyriteError, match="do not start: OSError: no"):
        list(pool.judge(texts(""), {"p": Reference()}))


def test_a_worker_killed_from_outside_is_replaced():
    with Pool(Policy(), 1) as pool:
        verdicts = pool.judge(texts(*[""] * 300), {"p": Reference()})
        found = [next(verdicts)]
        os.kill(pool.staff[0].process.pid, signal.SIGKILL)
        found.extend(verdicts)
    assert [v.sample for v in found] == list(range(300))
    died = [v for v in found if v.substance is not True]
    assert len(died) <= 1, "at most the one in hand"
    assert all("worker-died" in {result.code for result in v.stages.values()} for v in died)


def test_big_texts_do_not_block_anybody():
    """More than a socket holds, to busy workers, between small ones."""
    tasks = [("p", number, "x" * 900_000 if number % 3 else GOOD) for number in range(12)]
    with Pool(Policy(), 2) as pool:
        verdicts = list(pool.judge(tasks, {"p": Reference()}))
    assert [v.substance for v in verdicts] == [number % 3 == 0 for number in range(12)]


def test_judges_are_forgotten_by_weight_and_come_back():
    large = {
        "sets": {"I": list(range(400))},
        "variables": {"x": {"index": ["I"], "domain": "continuous", "lower": 0, "upper": 1}},
        "objective": {"sense": "maximize", "expression": "sum(x[i] for i in I)"},
        "constraints": {},
    }
    references = {f"p{n}": Question(Reference(Formulation.from_dict(large))) for n in range(4)}
    cache = JudgeCache(Policy(), capacity=12)  # each weighs 5 once it is prepared
    first = cache.judge("p0", references)
    for name in references:
        assert cache.judge(name, references).judge(json.dumps(large)).substance is True
        cache.weigh(name)
    assert len(cache._judges) == 2
    assert cache._weight == 10
    assert cache.judge("p3", references).is_prepared
    assert cache.judge("p0", references) is not first


def test_an_orphaned_worker_ends():
    """When the pool's process is killed outright, its workers see the closed connection and leave."""
    code = (
        "from pyrite import Policy\nfrom pyrite.feasibility.scoring.pool import Pool\n"
        "from pyrite.feasibility.scoring.reference import Reference\n"
        "import time\n"
        "pool = Pool(Policy(), 1); list(pool.judge([('p', 0, '{}')], {'p': Reference()}))\n"
        "print(pool.staff[0].process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    until = time.monotonic() + 10
    while time.monotonic() < until and os.path.exists(f"/proc/{worker}/stat"):
        with open(f"/proc/{worker}/stat") as file:
            if file.read().split()[2] == "Z":
                break
        time.sleep(0.05)
    else:
        assert not os.path.exists(f"/proc/{worker}/stat")


def test_verdicts_are_the_same_bytes_with_any_number_of_workers_and_in_any_company():
    """What a verdict says depends on the output, the problem and the policy: not on who was judged before it, or where.

    The stated optimum is missing, so the reference's is known only to a worker that prepared it; outputs that never
    come to the reference stand between outputs that do.
    """
    formulation = Formulation.from_dict(json.loads(GOOD))
    references = {f"p{n}": Reference(formulation) for n in range(4)}
    kinds = (GOOD, "prose", GOOD.replace("3*x", "4*x"), "{}", GOOD.replace("3*x", "3*y"))
    tasks = [(f"p{n % 4}", n, kinds[(n * 7) % 5]) for n in range(120)]
    found = set()
    for workers, given in ((0, tasks), (1, tasks), (3, tasks), (2, tasks[::-1])):
        with Pool(Policy(time_limit=100.0, equivalence_seconds=90.0), workers) as pool:  # a busy machine too
            verdicts = sorted(pool.judge(given, references), key=lambda verdict: verdict.sample)
        found.add(json.dumps([{**verdict.to_dict(), "seconds": 0} for verdict in verdicts]))
    assert len(found) == 1
    early = {v.reference_optimum for v in verdicts if v.first_failure in ("parses", "schema", "names")}
    assert early == {None}, "an output that is never compared does not profit from another's reference"


@pytest.mark.parametrize("task", [None, "code"])
@pytest.mark.parametrize("finish", ["stop", "length", "refusal"])
def test_texts_beyond_the_limit_are_not_sent_whole_and_are_judged_the_same(monkeypatch, task, finish):
    policy = Policy(max_output_chars=200)
    texts = [GOOD, GOOD + " " * (200 - len(GOOD)), "x" * 201, "x" * 202, "{" * 5_000, "import pulp\n" * 900]
    tasks = [("p", n, Answered(text, finish)) for n, text in enumerate(texts)]
    sent = []
    made = Pool._job

    def watched(pool, item, questions):
        sent.append(len(pickle.dumps(item)))
        return made(pool, item, questions)

    monkeypatch.setattr(Pool, "_job", watched)
    with Pool(policy, 0, task) as here, Pool(policy, 1, task) as there:
        one = [v.to_dict() for v in here.judge(tasks, {"p": Reference()})]
        two = [v.to_dict() for v in there.judge(tasks, {"p": Reference()})]
    for verdict in (*one, *two):
        verdict.pop("seconds")
    assert one == two
    assert len(sent) == len(texts)
    assert max(sent) < 700
    if finish == "stop":
        assert one[4]["stages"]["parses"]["code"] == "output-too-long"
        assert "5,000 characters" in one[4]["stages"]["parses"]["message"]
