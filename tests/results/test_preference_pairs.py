"""Pairs from verdicts: what each kind holds, what is left out and counted, and one line when nothing can be drawn."""

import json
from collections import Counter

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.problems.lines import write_lines
from pyrite.problems.problem import Problem
from pyrite.results.outputs import Output
from pyrite.results.pairs import KINDS, draw_pairs
from pyrite.results.run import RunFolder
from pyrite.results.scoring import score_outputs


def formulation(price, pad=""):
    return json.dumps(
        {
            "variables": {"x": {"domain": "integer", "lower": 0}},
            "objective": {"sense": "maximize", "expression": f"{price}*x"},
            "constraints": {"cap" + pad: "2*x <= 9"},
        }
    )


def problem(name, split="train"):
    document = {"id": name, "text": f"What earns most in {name}?", "optimum": 12}
    return Problem.from_dict(document | ({"split": split} if split else {}))


RIGHT, WRONG, PROSE = formulation(3), formulation(4), "Sure, here it is!"


def run(folder, answers, splits=None, finishes=None):
    """A scored run: problem -> texts."""
    problems = [problem(name, (splits or {}).get(name, "train")) for name in answers]
    outputs = [
        Output(name, number, text, (finishes or {}).get((name, number)))
        for name, texts in answers.items()
        for number, text in enumerate(texts)
    ]
    target = RunFolder(folder)
    target.create()
    write_lines(target.problems, (item.to_dict() for item in problems))
    write_lines(target.outputs, (output.to_dict() for output in outputs))
    score_outputs(problems, outputs, folder=target, workers=0)
    return folder


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    return run(
        tmp_path_factory.mktemp("mixed") / "run",
        {
            "both": [RIGHT, formulation(3, "acity"), WRONG, formulation(5), PROSE, PROSE],
            "right": [RIGHT, formulation(3, " of nine")],
            "wrong": [WRONG, PROSE, "No."],
            "held": [RIGHT, WRONG],
            "bare": [RIGHT, WRONG],
        },
        {"held": "test", "bare": None},
    )


def sides(drawn):
    return {(line["chosen"], line["rejected"]) for line in drawn.lines}


def test_each_kind_holds_what_it_says(mixed):
    right = {RIGHT, formulation(3, "acity")}
    formed = {WRONG, formulation(5)}
    drawn = {kind: draw_pairs([mixed], kind, cap=0) for kind in KINDS}
    assert sides(drawn["right-wrong"]) == {(a, b) for a in right for b in formed | {PROSE}}
    assert sides(drawn["surface-matched"]) == {(a, b) for a in right for b in formed}
    assert sides(drawn["form-only"]) == {(a, PROSE) for a in formed} | {(WRONG, PROSE), (WRONG, "No.")}
    assert {line["chosen"] for line in drawn["right"].lines} == right | {formulation(3, " of nine")}
    assert {"chosen" in line for line in drawn["labels"].lines} == {True, False}
    for found in drawn.values():
        assert {line["problem"]["id"] for line in found.lines} <= {"both", "right", "wrong"}


def test_everything_that_was_read_is_accounted_for(mixed):
    drawn = draw_pairs([mixed], "surface-matched")
    assert drawn.samples.total() == 15
    assert drawn.samples["of held-out problems"] == 2
    assert drawn.samples["of problems that name no split"] == 2
    assert drawn.samples["drawn before, to the letter"] == 1
    assert drawn.problems == {"with pairs": 1, "all right": 1, "all wrong": 1}
    assert drawn.pairs == {"drawn": 4}
    assert draw_pairs([mixed], "surface-matched", allow_unsplit=True).used == 2
    assert draw_pairs([mixed], "right-wrong", cap=2).pairs == {"drawn": 2, "above the cap": 4}


def test_the_cap_uses_every_text_before_it_uses_one_again(tmp_path):
    folder = run(
        tmp_path, {"p": [formulation(3, str(n)) for n in range(5)] + [formulation(4, str(n)) for n in range(5)]}
    )
    for seed in range(8):
        drawn = draw_pairs([folder], "surface-matched", cap=5, seed=seed)
        assert len({line["chosen"] for line in drawn.lines}) == len({line["rejected"] for line in drawn.lines}) == 5
        assert drawn.lines == draw_pairs([folder], "surface-matched", cap=5, seed=seed).lines
    labels = draw_pairs([folder], "labels", cap=6).lines
    assert Counter("chosen" in line for line in labels) == {True: 3, False: 3}


def test_length_matched_pairs_are_of_about_one_length(tmp_path):
    folder = run(tmp_path, {"p": [RIGHT, WRONG, formulation(4, "x" * 60)]})
    drawn = draw_pairs([folder], "right-wrong", length_matched=True)
    assert sides(drawn) == {(RIGHT, WRONG)}
    assert drawn.pairs["of other lengths"] == 1
    with pytest.raises(PyriteError, match="widen --length-tolerance"):
        draw_pairs([run(tmp_path / "far", {"p": [RIGHT, PROSE]})], "right-wrong", length_matched=True)


def test_a_cut_answer_is_never_chosen_and_is_marked_where_it_is_rejected(tmp_path):
    folder = run(
        tmp_path, {"p": [RIGHT, formulation(3, "s"), WRONG[:-9]]}, finishes={("p", 1): "length", ("p", 2): "length"}
    )
    drawn = draw_pairs([folder], "right-wrong")
    assert sides(drawn) == {(RIGHT, WRONG[:-9])}
    assert drawn.lines[0]["rejected_from"]["finish"] == "length"
    assert drawn.samples["cut after a whole object"] == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"p": [RIGHT, RIGHT + " "]}, r"no right-wrong pairs from 2 samples \(2 right; .*all are right"),
        ({"p": [WRONG, PROSE], "q": [PROSE]}, r"from 3 samples .*all are wrong: tune longer"),
        ({"p": [RIGHT], "q": [WRONG]}, r"from 2 samples .*no problem has both sides"),
    ],
)
def test_nothing_to_draw_is_one_line_that_says_how_many_samples(answers, said, tmp_path):
    with pytest.raises(PyriteError, match=said) as caught:
        draw_pairs([run(tmp_path, answers)], "right-wrong")
    assert "\n" not in caught.value.message
    assert caught.value.exit_code == 2


def test_held_out_problems_alone_are_refused(tmp_path):
    folder = run(tmp_path, {"p": [RIGHT, WRONG]}, {"p": "test"})
    with pytest.raises(PyriteError, match="2 of held-out problems"):
        draw_pairs([folder], "right-wrong", allow_unsplit=True)


def test_runs_join_and_must_agree(tmp_path):
    one, other = run(tmp_path / "one", {"p": [RIGHT]}), run(tmp_path / "other", {"p": [WRONG]})
    assert sides(draw_pairs([one, other], "surface-matched")) == {(RIGHT, WRONG)}
    document = json.loads((other / "run.json").read_text())
    document["policy"]["time_limit"] = 3.0
    (other / "run.json").write_text(json.dumps(document))
    with pytest.raises(PyriteError, match="another policy"):
        draw_pairs([one, other], "surface-matched")
    with pytest.raises(PyriteError, match="does not exist"):
        draw_pairs([tmp_path / "none"], "surface-matched")


def test_the_command(mixed, tmp_path):
    from typer.testing import CliRunner

    from pyrite.cli.main import app

    out = tmp_path / "pairs.jsonl"
    done = CliRunner().invoke(app, ["pairs", str(mixed), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    assert len(out.read_text().splitlines()) == 4
    assert json.loads(done.stdout)["problems"] == {"with pairs": 1, "all right": 1, "all wrong": 1}
    assert "4 surface-matched pairs from 1 problems" in done.stderr
