"""Run folders: resumable, never mixed, and a summary that is the same for the same verdicts."""

import json
import random
import subprocess

import pytest

from pyrite import Policy, Problem, Verdict, score
from pyrite.feasibility.errors import PyriteError
from pyrite.results import run as runs
from pyrite.results.outputs import Output
from pyrite.results.run import RunFolder, environment, git_commit, write_json
from pyrite.results.scoring import score_outputs
from pyrite.results.summary import summarize

PROBLEMS = [
    Problem.from_dict({"id": "a", "text": "A.", "optimum": 12, "family": "one"}),
    Problem.from_dict({"id": "b", "text": "B.", "optimum": 9, "family": "two"}),
    Problem.from_dict({"id": "c", "text": "C."}),
]
GOOD = (
    '{"variables": {"x": {"domain": "integer", "lower": 0}}, "objective": {"sense": "maximize", "expression": "3*x"},'
    ' "constraints": {"cap": "2*x <= 9"}}'
)
TEXTS = [GOOD, GOOD.replace("9", "7"), "prose", GOOD.replace("3*x", "3*y"), GOOD.replace("2*x", "x*x")]
OUTPUTS = [Output(problem.id, sample, text) for problem in PROBLEMS for sample, text in enumerate(TEXTS)]


@pytest.fixture(scope="module")
def verdicts():
    return score(PROBLEMS, OUTPUTS, workers=0)


def scored(folder, verdicts, policy=None, outputs=OUTPUTS):
    """Score into the folder what it asks for; gives the keys that it asked for."""
    todo = folder.begin(policy or Policy(), PROBLEMS, outputs)
    found = {(verdict.problem_id, verdict.sample): verdict for verdict in verdicts}
    with folder.verdict_writer() as writer:
        for output in todo:
            writer.write(found[output.key].to_dict())
    return [output.key for output in todo]


def test_a_run_folder_holds_what_a_report_needs(tmp_path, verdicts):
    folder = RunFolder(tmp_path / "deep" / "run")
    assert not folder.path.exists(), "nothing is made before something is written"
    assert scored(folder, verdicts) == [output.key for output in OUTPUTS]
    assert sorted(path.name for path in folder.path.iterdir()) == [
        "outputs.jsonl",
        "problems.jsonl",
        "run.json",
        "verdicts.jsonl",
    ]
    assert [problem.to_dict() for problem in folder.read_problems()] == [problem.to_dict() for problem in PROBLEMS]
    assert list(folder.read_outputs()) == OUTPUTS
    assert [v.to_dict() for v in folder.read_verdicts()] == [v.to_dict() for v in verdicts]
    assert folder.read_policy() == Policy()
    run = folder.read_run()
    assert run["policy_digest"] == Policy().digest
    assert set(run) >= {"policy", "versions", "git_commit", "problem_set_hash", "python", "platform"}
    assert run["versions"]["pyrite"] == "0.1.0"


@pytest.mark.parametrize("kept", [0, 1, 7, 14, 15])
@pytest.mark.parametrize("half", ["", '{"problem_id": "a", "sam', '{"problem_id"'])
def test_a_stopped_run_goes_on_where_it_stopped(tmp_path, verdicts, kept, half):
    folder = RunFolder(tmp_path / "run")
    scored(folder, verdicts)
    whole = folder.verdicts.read_text().splitlines(keepends=True)
    folder.verdicts.write_text("".join(whole[:kept]) + half)
    assert scored(folder, verdicts) == [output.key for output in OUTPUTS[kept:]]
    assert folder.verdicts.read_text() == "".join(whole)


def test_more_outputs_may_come_later(tmp_path, verdicts):
    folder = RunFolder(tmp_path / "run")
    scored(folder, verdicts, outputs=OUTPUTS[:4])
    assert scored(folder, verdicts) == [output.key for output in OUTPUTS[4:]]
    assert list(folder.read_outputs()) == OUTPUTS


def test_what_an_answering_model_noted_is_kept(tmp_path, verdicts):
    folder = RunFolder(tmp_path / "run")
    folder.create()
    folder.update_run({"model": "smol", "seeds": [1]})
    scored(folder, verdicts)
    assert folder.read_run()["model"] == "smol"
    assert folder.read_run()["seeds"] == [1]


def test_policies_are_never_mixed_and_the_setting_is_named(tmp_path, verdicts):
    folder = RunFolder(tmp_path / "run")
    scored(folder, verdicts)
    with pytest.raises(
        PyriteError, match=r"another policy: row_tolerance was 1e-06 and is now 0.001; score into another"
    ):
        folder.begin(Policy(row_tolerance=1e-3), PROBLEMS, OUTPUTS)
    assert folder.read_policy() == Policy(), "a refusal changes nothing"


def test_a_folder_without_verdicts_takes_any_policy(tmp_path, verdicts):
    folder = RunFolder(tmp_path / "run")
    folder.begin(Policy(row_tolerance=1e-3), PROBLEMS, OUTPUTS)
    scored(folder, verdicts)
    assert folder.read_policy() == Policy()


def test_other_problems_texts_and_versions_are_refused(tmp_path, verdicts, monkeypatch):
    folder = RunFolder(tmp_path / "run")
    scored(folder, verdicts)
    with pytest.raises(PyriteError, match="other problems"):
        folder.begin(Policy(), PROBLEMS[:2], OUTPUTS)
    changed = [Output("a", 0, "another text"), *OUTPUTS[1:]]
    with pytest.raises(PyriteError, match="another text for problem 'a' sample 0"):
        folder.begin(Policy(), PROBLEMS, changed)
    facts = environment()
    facts["versions"]["highspy"] = "0.0.1"
    monkeypatch.setattr(runs, "environment", lambda: facts)
    with pytest.raises(PyriteError, match=r"scored with highspy .*, this is highspy 0\.0\.1"):
        folder.begin(Policy(), PROBLEMS, OUTPUTS)


def test_broken_run_files_are_one_clear_line(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.create()
    with pytest.raises(PyriteError, match="has not been scored yet"):
        folder.read_policy()
    folder.run.write_text("{")
    with pytest.raises(PyriteError, match=r"run\.json cannot be read"):
        folder.read_run()
    folder.run.write_text("[]")
    with pytest.raises(PyriteError, match="does not hold a JSON object"):
        folder.read_run()
    (tmp_path / "file").write_text("")
    with pytest.raises(PyriteError, match="is a file"):
        RunFolder(tmp_path / "file").create()


def test_two_processes_cannot_score_into_one_folder(tmp_path):
    folder = RunFolder(tmp_path)
    with folder.verdict_writer(), pytest.raises(PyriteError, match="another process is writing"):
        folder.verdict_writer()


def test_the_last_verdict_of_an_output_counts(tmp_path, verdicts):
    folder = RunFolder(tmp_path)
    with folder.verdict_writer() as writer:
        writer.write(verdicts[2].to_dict())
        writer.write({**verdicts[0].to_dict(), "sample": 2})
    (found,) = folder.read_verdicts()
    assert found.surface is True


def test_the_git_commit_of_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert git_commit() is None
    for command in (
        ["init", "-q"],
        ["-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "m"],
    ):
        subprocess.run(["git", *command], check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert git_commit() == head
    (tmp_path / "f").write_text("x")
    subprocess.run(["git", "add", "f"], check=True)
    assert git_commit() == f"{head}-dirty"


# Summary ----------------------------------------------------------------------------------------------------------


def test_the_summary_counts_what_the_verdicts_say(verdicts):
    found = summarize(verdicts, {problem.id: problem.family for problem in PROBLEMS})
    surface = [v.surface for v in verdicts]
    substance = [v.substance for v in verdicts]
    assert found["outputs"] == 15
    assert found["problems"] == 3
    assert found["surface"]["passed"] == surface.count(True)
    for name, outcome in (("passed", True), ("failed", False), ("unknown", None)):
        assert found["substance"][name] == substance.count(outcome)
    given = [b for a, b in zip(surface, substance, strict=True) if a]
    assert found["substance_given_surface"]["passed"] == given.count(True)
    assert found["substance_given_surface"]["failed"] == given.count(False)
    for stage in ("parses", "schema", "names", "builds", "feasible", "bounded"):
        entry = found["stages"][stage]
        assert entry["passed"] == sum(v.stages[stage].status == "pass" for v in verdicts)
        assert entry["unknown"] == sum(v.stages[stage].status == "unknown" for v in verdicts)
    assert found["codes"]["fail"]["no-json"] == 3
    assert found["codes"]["unknown"] == {"nonlinear": 3}
    assert found["strongest"] == {"bounded": 5, "value": 10}
    assert set(found["families"]) == {"one", "two"}
    assert found["families"]["one"]["outputs"] == 5
    assert found["substance"]["low"] <= found["substance"]["rate"] <= found["substance"]["high"]


def test_the_summary_has_the_same_bytes_in_any_order_and_after_reading_back(tmp_path, verdicts):
    families = {problem.id: problem.family for problem in PROBLEMS}
    write_json(tmp_path / "one.json", summarize(verdicts, families))
    again = [Verdict.from_dict({**json.loads(json.dumps(v.to_dict())), "seconds": random.random()}) for v in verdicts]
    random.Random(1).shuffle(again)
    write_json(tmp_path / "two.json", summarize(again, dict(reversed(families.items()))))
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_nothing_has_a_summary_too():
    found = summarize([])
    assert found["outputs"] == 0
    assert found["substance"]["rate"] is None
    json.dumps(found, allow_nan=False)


def test_the_lock_is_taken_before_what_is_done_is_read(tmp_path, monkeypatch):
    folder = RunFolder(tmp_path / "run")
    begin, seen = RunFolder.begin, []

    def watched(self, *arguments):
        with pytest.raises(PyriteError, match="another process is writing"):
            self.verdict_writer()
        seen.append(True)
        return begin(self, *arguments)

    monkeypatch.setattr(RunFolder, "begin", watched)
    assert len(score_outputs(PROBLEMS, OUTPUTS[:2], folder=folder, workers=0).verdicts) == 2
    again = score_outputs(PROBLEMS, OUTPUTS[:3], folder=folder, workers=0)
    assert (again.judged, len(again.verdicts), len(seen)) == (1, 3, 2)
