"""Scoring by streams: the folder, verdicts and summary that scoring lists gives, after kills too, in little memory."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.verdict import FORMULATION, StageResult, Verdict
from pyrite.problems.lines import LineWriter, line_of
from pyrite.problems.parquet import write_parquet
from pyrite.problems.problem import Problem
from pyrite.results import streaming
from pyrite.results.exchange import OUTPUT_COLUMNS, output_to_row
from pyrite.results.lines import VerdictLines
from pyrite.results.observing import observe
from pyrite.results.outputs import read_outputs
from pyrite.results.run import RunFolder
from pyrite.results.scoring import score_outputs, summary_of
from pyrite.results.shards import are_outputs, count_rows, shards
from pyrite.results.streaming import score_lines
from pyrite.results.tally import SampleIndex, Tally
from pyrite.results.tally_file import TallyFile

PATIENT = Policy(time_limit=300.0, equivalence_seconds=200.0)
"""A busy machine decides the same."""

REFERENCE = {
    "variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
    "constraints": {"oven": "2*bread + 4*cake <= 120", "contract": "bread >= 10"},
}


def problems() -> list[Problem]:
    broken = {**REFERENCE, "constraints": {"oven": "2*bread + 4*cake <= 120", "contract": "bread >= 100"}}
    described = [
        {"id": "p1", "text": "Bread and cake.", "reference": REFERENCE, "family": "mix"},
        {"id": "p2", "text": "Bread and cake.", "optimum": 175},
        {"id": "p3", "text": "Bread and cake.", "reference": broken, "family": "mix"},
    ]
    return [Problem.from_dict(problem) for problem in described]


def texts() -> list[str]:
    text = json.dumps(REFERENCE)
    return [
        text,
        json.dumps(REFERENCE, indent=2),
        text.replace("<= 120", "<= 121"),
        text.replace("maximize", "minimize"),
        text[:50],
        "prose, and \ud800 a lone surrogate",
        text.replace("cake", "pie", 1),
    ]


def outputs_file(path, count: int = 60, seed: int = 0):
    """Lines as people have them: repeated keys, no samples, strangers, broken ones, unknown problems."""
    chance = random.Random(seed)
    lines = []
    for number in range(count):
        line: dict[str, object] = {"problem_id": chance.choice(["p1", "p2", "p3"]), "output": chance.choice(texts())}
        if chance.random() < 0.5:
            line["sample"] = chance.choice([number, number + 1, 10**9 + number])
        if chance.random() < 0.1:
            line["finish"] = chance.choice(["length", "refusal"])
        lines.append(line_of(line))
    lines[3:3] = ["not json\n", "\n", '{"problem_id": "p1"}\n', '["a list"]\n']
    path.write_text("".join(lines), encoding="utf-8")
    return path


def plain(path) -> list[dict]:
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for line in found:
        line.pop("seconds", None)
    return found


@pytest.fixture(scope="module")
def truth(tmp_path_factory):
    """The same outputs scored as a list."""
    home = tmp_path_factory.mktemp("truth")
    path = outputs_file(home / "outputs.jsonl")
    folder = RunFolder(home / "run")
    answers = read_outputs(path)
    scored = score_outputs(problems(), list(answers), PATIENT, folder=folder, workers=0)
    summary_of(scored.verdicts, problems(), PATIENT, folder, workers=0)
    return path, folder, len(answers.complaints)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stream_writes_the_same_folder(truth, tmp_path, workers) -> None:
    path, folder, complaints = truth
    streamed = RunFolder(tmp_path / "run")
    assert are_outputs(path) is False, "its third line is broken, so its first lines do not tell"
    found = score_lines(problems(), path, PATIENT, folder=streamed, workers=workers)
    assert found.judged == found.read == len(found.tally) == len(plain(folder.verdicts))
    assert len(found.remarks) == complaints
    assert plain(streamed.verdicts) == plain(folder.verdicts)
    assert plain(streamed.outputs) == plain(folder.outputs)
    summary_of(found.tally, problems(), PATIENT, streamed, workers=0)
    assert streamed.summary.read_bytes() == folder.summary.read_bytes()


def test_a_stream_goes_on_where_it_ended(truth, tmp_path) -> None:
    path, folder, _ = truth
    streamed = RunFolder(tmp_path / "run")
    score_lines(problems(), path, PATIENT, folder=streamed, workers=0)
    for share in (0.2, 0.7):
        # What a kill leaves: whole lines and half a line.
        for file in (streamed.verdicts, streamed.outputs):
            raw = file.read_bytes()
            file.write_bytes(raw[: int(len(raw) * share)])
        again = score_lines(problems(), path, PATIENT, folder=streamed, workers=0)
        assert 0 < again.judged < again.read
        assert sorted(map(json.dumps, plain(streamed.verdicts))) == sorted(map(json.dumps, plain(folder.verdicts)))
        summary_of(again.tally, problems(), PATIENT, streamed, workers=0)
        assert streamed.summary.read_bytes() == folder.summary.read_bytes()
    assert score_lines(problems(), streamed.outputs, PATIENT, folder=streamed, workers=0).judged == 0, (
        "the folder's own file"
    )


def test_a_stream_refuses_what_scoring_refuses(truth, tmp_path) -> None:
    path, _, _ = truth
    streamed = RunFolder(tmp_path / "run")
    score_lines(problems(), path, PATIENT, folder=streamed, workers=0)
    with pytest.raises(PyriteError, match="another policy"):
        score_lines(problems(), path, Policy(value_tolerance=0.5), folder=streamed, workers=0)
    other = tmp_path / "other.jsonl"
    first = json.loads(streamed.outputs.read_text(encoding="utf-8").splitlines()[0])
    other.write_text(json.dumps({**first, "output": "another text"}) + "\n")
    with pytest.raises(PyriteError, match="holds another text"):
        score_lines(problems(), other, PATIENT, folder=streamed, workers=0)
    with pytest.raises(PyriteError, match="not JSON"):
        score_lines(problems(), path, PATIENT, folder=RunFolder(tmp_path / "strict"), workers=0, strict=True)
    nobody = tmp_path / "nobody.jsonl"
    nobody.write_text('{"problem_id": "q", "output": ""}\n')
    with pytest.raises(PyriteError, match=r"no usable output in it; .*'q' is not among"):
        score_lines(problems(), nobody, folder=RunFolder(tmp_path / "nobody"), workers=0)


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_shards_are_one_file_after_the_other(truth, tmp_path, kind) -> None:
    path, folder, _ = truth
    answers = [output.to_dict() for output in read_outputs(path)]
    source = tmp_path / "shards"
    source.mkdir()
    for number in range(3):
        part = answers[number * 20 : (number + 1) * 20 if number < 2 else None]
        if kind == "parquet":
            pytest.importorskip("pyarrow")
            rows = (output_to_row(line) for line in part)
            write_parquet(source / f"part-{number}.parquet", OUTPUT_COLUMNS, rows)
        else:
            (source / f"part-{number}.jsonl").write_text("".join(map(line_of, part)), encoding="utf-8")
    assert are_outputs(source)
    assert (len(shards(source)), count_rows(source)) == (3, len(answers))
    streamed = RunFolder(tmp_path / "run")
    found = score_lines(problems(), source, PATIENT, folder=streamed, workers=0)
    assert (found.read, found.remarks) == (len(answers), [])
    if kind == "jsonl":  # a lone surrogate cannot be in parquet, and is another text there
        assert plain(streamed.verdicts) == plain(folder.verdicts)
        assert plain(streamed.outputs) == plain(folder.outputs)
    summary_of(found.tally, problems(), PATIENT, streamed, workers=0)
    assert streamed.summary.read_bytes() == folder.summary.read_bytes()
    assert shards(streamed.path) == [streamed.outputs]


def test_going_on_reads_only_what_was_written_since(truth, tmp_path, monkeypatch) -> None:
    path, folder, _ = truth
    monkeypatch.setattr(streaming, "_WORTH", 10)
    streamed = RunFolder(tmp_path / "run")
    score_lines(problems(), path, PATIENT, folder=streamed, workers=0)
    counted = TallyFile(streamed.tally, streamed.verdicts)
    tally, reached = counted.load()
    assert reached == streamed.verdicts.stat().st_size
    whole = Tally()
    for verdict in streamed.read_verdicts():
        whole.put(verdict)
    for families in (None, {"p1": "mix"}):
        kept, fresh = tally.observe(families), whole.observe(families)
        assert (kept.problems, kept.samples) == (fresh.problems, fresh.samples)
        assert np.array_equal(kept.states, fresh.states)
    assert [kind.to_dict() for kind, _ in tally.groups()] == [kind.to_dict() for kind, _ in whole.groups()]
    raw = streamed.tally.read_bytes()
    lines = streamed.verdicts.read_bytes().splitlines(keepends=True)
    # A verdict of the counted part, put in order by hand: the file is another one, and all of it is read.
    streamed.verdicts.write_bytes(b"".join([*lines[:-2], lines[-1], lines[-2]]))
    assert counted.load()[1] == 0
    streamed.verdicts.write_bytes(b"".join(lines[:-3]))
    assert counted.load()[1] == 0, "less than was counted is there"
    streamed.verdicts.write_bytes(b"".join(lines))
    for broken in (raw[:-1], raw[:-20] + b"x" + raw[-19:], b"", b"{}\n", b"[" * 100_000, raw + b"x"):
        streamed.tally.write_bytes(broken)
        assert counted.load()[1] == 0
    streamed.tally.write_bytes(raw)
    again = score_lines(problems(), path, PATIENT, folder=streamed, workers=0)
    assert again.judged == 0
    summary_of(again.tally, problems(), PATIENT, streamed, workers=0)
    assert streamed.summary.read_bytes() == folder.summary.read_bytes()


def test_which_files_are_streamed(tmp_path) -> None:
    path = tmp_path / "a.jsonl"
    assert not are_outputs("-")
    assert not are_outputs(path)
    for text, expected in (
        ('{"problem_id": "p", "output": ""}\n', True),
        ('{"id": "p", "output": ""}\n', False),
        ("[]\n", False),
        ("", False),
        ("{" * 5000, False),
    ):
        path.write_text(text)
        assert are_outputs(path) is expected


def drawn(seed: int) -> list[Verdict]:
    """Verdicts of every shape, several of a kind."""
    chance = random.Random(seed)
    found = []
    for number in range(200):
        stages, failed = {}, False
        for stage in FORMULATION.stages:
            status = "skipped" if failed else chance.choice(["pass"] * 8 + ["fail", "unknown"])
            failed |= status == "fail"
            stages[stage] = StageResult(status, None if status == "pass" else chance.choice(["a", "refused"]))
        repaired = {"repairs": ["x"], "substance": chance.choice([True, False, None])} if number % 9 == 0 else None
        reading = {"name": chance.choice("ab"), "first": chance.random() < 0.5} if number % 7 == 0 else None
        problem = f"p{chance.randrange(12)}"
        strongest = chance.choice(["equivalent", "value", "bounded"])
        found.append(Verdict(stages, strongest, problem_id=problem, sample=number, repaired=repaired, reading=reading))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_a_tally_observes_what_verdicts_say(seed: int) -> None:
    verdicts = drawn(seed)
    families = {f"p{n}": ["x", "y", None][n % 3] for n in range(12)}
    tally, direct = Tally(verdicts), observe(verdicts, families)
    counted = tally.observe(families)
    assert counted.problems == direct.problems
    assert counted.families == direct.families
    assert counted.samples == direct.samples
    for name in ("problem", "family", "states"):
        assert np.array_equal(getattr(counted, name), getattr(direct, name)), name
    groups = tally.groups()
    assert sum(count for _, count in groups) == len(verdicts)
    pairs, numbers = tally.pairs()
    ordered = sorted(verdicts, key=lambda v: (v.problem_id, v.sample))
    for verdict, number in zip(ordered, numbers.tolist(), strict=True):
        assert pairs[number].verdict.problem_id == verdict.problem_id
        assert pairs[number].verdict.substance == verdict.substance
    assert np.bincount(numbers).tolist() == [pair.count for pair in pairs]


def test_of_two_verdicts_that_are_put_the_last_counts() -> None:
    first, second = drawn(1)[:2]
    tally = Tally()
    for verdict in (first, second, Verdict(second.stages, problem_id=first.problem_id, sample=first.sample)):
        tally.put(verdict)
    assert len(tally) == 2


def test_samples_are_indexed_whatever_their_numbers() -> None:
    chance = random.Random(3)
    index, truth = SampleIndex(), {}
    for number in range(1, 4000):
        key = chance.choice("ab"), chance.choice([number // 2, chance.randrange(500), 10**12 + number, 70 * number])
        index[key] = truth[key] = number
    assert len(index) == len(truth)
    assert all(index[key] == number for key, number in truth.items())
    assert not index["a", 10**15]
    assert not index["c", 0]


def test_lines_of_repeated_verdicts_are_what_they_would_be(tmp_path) -> None:
    verdicts = drawn(2)
    chance = random.Random(0)
    with LineWriter(tmp_path / "v.jsonl") as file:
        lines = VerdictLines(file)
        for number in range(600):
            base = chance.choice(verdicts)
            again = Verdict(
                base.stages, base.strongest, problem_id=base.problem_id, sample=number, seconds=chance.random() / 1000,
                repaired=base.repaired, reading=base.reading, extra=base.extra,
            )  # fmt: skip
            assert lines.line(again) == line_of(again.to_dict())
