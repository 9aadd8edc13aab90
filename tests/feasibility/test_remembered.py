"""Verdicts that are remembered are the verdicts that would be found: in any order, with any number of workers."""

from __future__ import annotations

import json
import random

import pytest

from pyrite.feasibility.finish import Answered
from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.pool import Pool
from pyrite.feasibility.scoring.reference import Reference
from pyrite.feasibility.scoring.remembered import LONGEST, Remembered
from pyrite.feasibility.scoring.worker import SAME, Question, Receiving, Sending

BREAD = {
    "variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
    "constraints": {"oven": "2*bread + 4*cake <= 120", "contract": "bread >= 10"},
}
TEXT = json.dumps(BREAD)
PATIENT = Policy(time_limit=300.0, equivalence_seconds=200.0)
"""A busy machine decides the same."""


def variants(reference: dict) -> list[str]:
    """Texts that are alike in part: one document in several layouts, and near ones that are not the same."""
    text = json.dumps(reference)
    as_float = text.replace('"lower": 0', '"lower": 0.0')
    other = text.replace("<= 120", "<= 121")
    return [
        text,
        json.dumps(reference, indent=1),
        f"Model:\n```json\n{text}\n```",
        as_float,
        other,
        text.replace('"integer"', '"continuous"', 1),
        text.replace('"lower": 0', '"lower": false'),
        text.replace('"lower": 0', '"lower": "0"'),
        text.replace("maximize", "minimize"),
        text.replace("bread >= 10", "bread >= 1e99"),
        text.replace("cake", "pie"),
        text[:-9],
        "prose",
    ]


def plain(verdict) -> dict:
    document = verdict.to_dict()
    document.pop("seconds")
    return document


def tasks_and_references() -> tuple[list[tuple[str, int, str]], dict[str, Reference]]:
    """Three problems whose outputs are partly the same texts; what is right for one is wrong for another."""
    looser = {**BREAD, "constraints": {"oven": "2*bread + 4*cake <= 121", "contract": "bread >= 10"}}
    references = {
        "a": Reference(Formulation.from_dict(BREAD)),
        "b": Reference(Formulation.from_dict(looser)),
        "c": Reference(optimum=165),
    }
    tasks = [
        (name, sample, text)
        for name in references
        for sample, text in enumerate([*variants(BREAD), *variants(looser), *variants(BREAD)])
    ]
    tasks += [("a", 1000, Answered(TEXT, "length")), ("a", 1001, TEXT), ("a", 1002, Answered(TEXT, "refusal"))]
    return tasks, references


def test_what_is_remembered_is_what_would_be_found() -> None:
    tasks, references = tasks_and_references()
    truth = {
        (name, sample): plain(Judge(references[name], PATIENT).judge(text, name, sample))
        for name, sample, text in tasks
    }
    for seed in range(3):
        kept = Remembered()
        judges = {name: Judge(reference, PATIENT, remembered=kept) for name, reference in references.items()}
        shuffled = random.Random(seed).sample(tasks, len(tasks))
        for name, sample, text in shuffled:
            assert plain(judges[name].judge(text, name, sample)) == truth[name, sample], (name, text[:80])
        assert len(kept) > 20


@pytest.mark.parametrize("workers", [1, 2])
def test_pools_say_the_same_twice_and_in_any_order(workers: int) -> None:
    tasks, references = tasks_and_references()
    with Pool(PATIENT, 0) as here:
        truth = {(v.problem_id, v.sample): plain(v) for v in here.judge(tasks, references)}
    with Pool(PATIENT, workers) as pool:
        for seed in range(2):
            shuffled = random.Random(seed).sample(tasks, len(tasks))
            verdicts = list(pool.judge(shuffled, references))
            assert [(v.problem_id, v.sample) for v in verdicts] == [(p, s) for p, s, _ in shuffled]
            assert all(plain(v) == truth[v.problem_id, v.sample] for v in verdicts)


def test_nothing_undecided_long_or_slow_is_kept() -> None:
    kept = Remembered()
    judge = Judge(Reference(Formulation.from_dict(BREAD)), remembered=kept)
    unknown = TEXT.replace("cake <= 120", "cake*cake <= 120")
    verdict = judge.judge(unknown)
    assert any(result.status == "unknown" for result in verdict.stages.values())
    assert not len(kept)
    judge.judge(TEXT + " " * LONGEST)
    assert len(kept) == 1, "the document, not the long text"
    hurried = Remembered()
    Judge(Reference(), Policy(time_limit=1e-9), remembered=hurried).judge("{}")
    assert not len(hurried)


def test_what_is_kept_is_bounded_by_bytes() -> None:
    kept = Remembered(limit=200_000)
    judge = Judge(Reference(optimum=1), remembered=kept)
    for number in range(300):
        judge.judge(f'{{"variables": {number}}}')
        assert kept.bytes <= kept.limit
    assert 0 < len(kept) < 300


def test_repairs_and_readings_see_the_text_and_not_the_document_alone() -> None:
    broken = TEXT.replace('"lower": 0', '"lower": "0"')
    kept = Remembered()
    policy = Policy(repair="form", time_limit=300.0, equivalence_seconds=200.0)
    judge = Judge(Reference(Formulation.from_dict(BREAD)), policy, remembered=kept)
    for text in (broken, f"```json\n{broken}\n```", json.dumps(json.loads(broken), indent=2), broken):
        fresh = Judge(Reference(Formulation.from_dict(BREAD)), policy)
        assert plain(judge.judge(text)) == plain(fresh.judge(text))


def test_repeated_verdicts_cross_the_line_as_numbers() -> None:
    kept = Remembered()
    judge = Judge(Reference(optimum=1), remembered=kept)
    sending, receiving = Sending(Remembered()), Receiving()
    whole = 0
    for number in range(2000):
        verdict = judge.judge(f"prose {number % (SAME + 40) if number % 3 else 7}", "p", number)
        sent = sending.sent(verdict)
        whole += sent.pickled is not None
        assert receiving.received(sent)[0] == verdict
    assert whole < 1600
    receiving.only([])
    with pytest.raises(KeyError):
        receiving.received(sending.sent(judge.judge("prose 7", "p", 1)))


def test_texts_that_are_cut_to_the_same_beginning_are_told_apart() -> None:
    """What is too long is judged by its first characters and by how long it was."""
    policy = Policy(max_output_chars=200)
    texts = ["x" * 201, "x" * 5_000, "x" * 6_000, "x" * 5_000]
    said = ["201 characters", "5,000 characters", "6,000 characters", "5,000 characters"]
    for workers in (0, 1, 2):
        with Pool(policy, workers) as pool:
            for _ in range(2):
                tasks = [("p", number, text) for number, text in enumerate(texts)]
                verdicts = list(pool.judge(tasks, {"p": Reference()}))
                for verdict, words in zip(verdicts, said, strict=True):
                    assert words in verdict.result("parses").message


def test_a_pool_asks_its_workers_once_for_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    tasks, references = tasks_and_references()
    read = []
    taken = Pool._read

    def counted(pool, task, sent, questions):
        read.append(task)
        return taken(pool, task, sent, questions)

    monkeypatch.setattr(Pool, "_read", counted)
    rng = random.Random(5)
    drawn = [(name, number, text) for number, (name, _, text) in enumerate(rng.choices(tasks, k=1500))]
    texts = {(name, text, getattr(text, "finish", "")) for name, _, text in drawn}
    with Pool(PATIENT, 2) as pool:
        first = list(pool.judge(drawn, references))
        assert len(read) <= len(texts)
        again = list(pool.judge(drawn, references))
        assert len(read) <= len(texts), "nor in another call, for the same references"
        assert pool.finished == 2 * len(drawn)
        others = {name: Reference(reference.formulation) for name, reference in references.items()}
        list(pool.judge(drawn[:50], others))
        assert len(read) > len(texts), "another reference of the same name is another question"
    assert [verdict.sample for verdict in first] == list(range(1500))
    assert [plain(verdict) for verdict in first] == [plain(verdict) for verdict in again]


def test_programs_are_run_each_time() -> None:
    """A program may come to something else the next time: none is taken for another's repetition."""
    with Pool(Policy(), 1, task="code") as pool:
        question = Question(pool._asked(Reference()))
        assert pool._job(("p", 0, "import pulp"), {"p": question}).same is None
    with Pool(Policy(), 1) as pool:
        assert pool._job(("p", 0, "import pulp"), {"p": Question(Reference())}).same is not None
        assert pool._job(("p", 0, " " * (LONGEST + 1)), {"p": Question(Reference())}).same is None
        assert pool._job(("p", 0, "prose"), {"p": Question(Reference(), "no time")}).same is None
