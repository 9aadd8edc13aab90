"""Methods that come after others: what they wait for, what their names depend on, and weights that are not here."""

import json
import shutil
from pathlib import Path

import pytest
from study_files import write_tiny_study

from pyrite.feasibility.errors import PyriteError
from pyrite.studies import answering, beforehand
from pyrite.studies.pages import write_study
from pyrite.studies.plan import parse_study, read_study
from pyrite.studies.records import read_result
from pyrite.studies.study import StudyRun

pytestmark = pytest.mark.filterwarnings("ignore")

METHODS = """[
  {label = "further", name = "lora", options = {r = 2}, after = {model = "first"}},
  {label = "helped", name = "none", after = {expert = "first"}},
  {label = "first", name = "full"},
]"""


def study_text(folder: Path, methods: str = METHODS) -> str:
    text = write_tiny_study(folder).read_text()
    start, end = text.index("method = ["), text.index("schedule.seed")
    text = text[:start] + "method = " + methods + "\n" + text[end:]
    text = text.replace("[search]\nfactors = [1, 10]\nproblems = 2\n", "")  # one rate: half the tunings
    return text.replace('baseline = "LoRA"', 'baseline = "first"')


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("after")
    path = folder / "after.toml"
    path.write_text(study_text(folder))
    study = read_study(path)
    run = StudyRun(study, folder / "out")
    run.run()
    assert not run.failed
    write_study(study, folder / "out", run.results())
    return study, folder / "out"


def test_cells_stand_as_in_the_file_and_run_after_what_they_need(finished):
    study, out = finished
    assert [cell.labels["method"] for cell in study.cells] == ["further", "helped", "first"]
    first = study.cells[2].name
    assert study.cells[0].after == {"model": first}
    assert study.cells[0].waits_for == {first}
    order = [cell.labels["method"] for cell in StudyRun(study, out / "nowhere").missing()]
    assert order[0] == "first"


def test_a_later_cell_begins_where_the_earlier_one_ended(finished):
    study, out = finished
    further, helped, first = study.cells
    record = json.loads(next((out / "work" / further.name / "run" / "tuning").glob("*/pyrite.json")).read_text())
    assert record["base"]["source"].startswith(str(out / "work" / first.name))
    answered = json.loads((out / "work" / helped.name / "run" / "runs" / "base" / "run.json").read_text())
    [delta] = answered["answered_by"]["companions"]["deltas"]
    assert delta["expert"]["method"] == "full"
    for cell in study.cells:
        known = read_result(out / "cells", cell.name)
        assert known is not None
        assert "work" not in json.dumps(known.recipe), "a record holds no path of this machine"
    tuned = read_result(out / "cells", further.name)
    assert tuned is not None
    assert tuned.forgetting["kl_base_tuned"] >= 0
    assert tuned.held_out_loss is not None


@pytest.mark.slow
def test_weights_that_are_not_here_are_tuned_again_to_the_same_results(finished, tmp_path):
    study, out = finished
    first = study.cells[2]
    (tmp_path / "cells").mkdir()
    shutil.copy(out / "cells" / f"{first.name}.json", tmp_path / "cells")
    run = StudyRun(study, tmp_path)
    run.run()
    write_study(study, tmp_path, run.results())
    assert (tmp_path / "results.json").read_bytes() == (out / "results.json").read_bytes()


def test_a_names_hash_follows_what_comes_before(tmp_path):
    text = study_text(tmp_path)
    one = {cell.labels["method"]: cell.name for cell in parse_study(text).cells}
    two = {
        cell.labels["method"]: cell.name for cell in parse_study(text.replace('name = "full"', 'name = "dora"')).cells
    }
    assert all(one[label] != two[label] for label in one)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ('{teacher = "frist"}', "no method 'frist'"),
        ('{parent = "first"}', "names model, expert, teacher"),
        ('{model = "further"}', "comes after what comes after it"),
        ('"first"', "after of further names"),
    ],
)
def test_what_cannot_come_before_is_refused(tmp_path, after, said):
    methods = '[{label = "further", name = "lora", after = AFTER}, {label = "first", name = "full"}]'
    methods = methods.replace("AFTER", after)
    with pytest.raises(PyriteError, match=said):
        parse_study(study_text(tmp_path, methods))


def test_pairs_need_a_model_that_answers(tmp_path):
    methods = '[{label = "dpo", name = "lora", pairs = {cap = 2} }, {label = "first", name = "full"}]'
    with pytest.raises(PyriteError, match="pairs are of the answers of a cell"):
        parse_study(study_text(tmp_path, methods))


@pytest.mark.slow
def test_pairs_are_drawn_once_from_the_earlier_cells_answers(finished, tmp_path, monkeypatch):
    """What the judge says is not asked here: the random model is never right, so the pairs are made up."""
    study, out = finished
    methods = METHODS.replace(
        'label = "further", name = "lora", options = {r = 2}, after = {model = "first"}',
        'label = "further", name = "lora", options = {r = 2}, after = {model = "first"}, '
        'pairs = {problems = 2, samples = 2}, recipe = {objective = {name = "dpo"}}',
    )
    path = tmp_path / "pairs.toml"
    text = study_text(tmp_path, methods).replace(str(tmp_path / "model"), str(out.parent / "model"))
    path.write_text(text)
    shutil.copytree(out / "cells", tmp_path / "out" / "cells")
    shutil.copytree(out / "work", tmp_path / "out" / "work")
    asked = []

    class Made:
        def __init__(self, runs):
            self.lines = []
            for line in map(json.loads, (runs[0] / "outputs.jsonl").read_text().splitlines()):
                asked.append(line["problem_id"])
                problem = next(item for item in problems(runs[0]) if item["id"] == line["problem_id"])
                self.lines.append({"problem": problem, "chosen": "{}", "rejected": line["output"]})

        def to_dict(self):
            return {"pairs": len(self.lines)}

    def problems(run):
        return map(json.loads, (run / "problems.jsonl").read_text().splitlines())

    monkeypatch.setattr("pyrite.results.pairs.draw_pairs", lambda runs, *rest, **more: Made(runs))
    chosen = read_study(path)
    assert chosen.cells[2].name == study.cells[2].name
    run = StudyRun(chosen, tmp_path / "out")
    run.run()
    assert not run.failed
    known = read_result(tmp_path / "out" / "cells", chosen.cells[0].name)
    assert known is not None
    assert known.pairs == {"pairs": 4}
    assert len(asked) == 4
    assert beforehand.pairs_account(tmp_path / "out" / "work" / chosen.cells[0].name) == {"pairs": 4}


@pytest.mark.slow
def test_answers_are_sampled_once_for_all_cells_that_learn_from_the_same(finished, tmp_path, monkeypatch):
    _, out = finished
    further = (
        '{label = "LABEL", name = "lora", options = {r = 2}, after = {model = "first"}, '
        'pairs = {problems = PROBLEMS, samples = 2, kind = "KIND"}, recipe = {objective = {name = "dpo"}}},\n'
    )
    kinds = (("a", "2", "right-wrong"), ("b", "2", "surface-matched"), ("c", "3", "right-wrong"))
    methods = "[\n"
    for label, count, kind in kinds:
        methods += further.replace("LABEL", label).replace("PROBLEMS", count).replace("KIND", kind)
    methods += '{label = "first", name = "full"},\n]'
    text = study_text(tmp_path, methods).replace(str(tmp_path / "model"), str(out.parent / "model"))
    shutil.copytree(out / "cells", tmp_path / "out" / "cells")
    shutil.copytree(out / "work", tmp_path / "out" / "work")
    asked: list[str] = []

    def counted(recipe, checkpoint, problems, prompt, run):
        if not (run / "outputs.jsonl").exists():
            asked.extend(problem.id for problem in problems)
        answering.answer(recipe, checkpoint, problems, prompt, run)

    monkeypatch.setattr(beforehand, "answer", counted)
    run = StudyRun(parse_study(text), tmp_path / "out")
    run.run()
    # A random model is never right: each cell says so, in one line, with what was drawn.
    assert len(run.failed) == 3
    assert all("samples (" in said and "all are wrong" in said for said in run.failed.values()), run.failed
    assert len(asked) == 5, "two problems for two cells, three for the third"
    assert len([path for path in (tmp_path / "out" / "work" / "sampled").iterdir() if path.is_dir()]) == 2
