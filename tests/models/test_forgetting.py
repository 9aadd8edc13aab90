"""KL(base || tuned): nothing for the base itself, the definition for others, with a method's own prompts and edits."""

import json

import pytest
import torch
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.devices import choose_compute
from pyrite.models.forgetting import kl_from_base
from pyrite.models.prompts import Prompt
from pyrite.models.recipes import parse_recipe
from pyrite.models.sources import load, parse_source
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import write_lines


def loaded(path):
    return load(parse_source(str(path)), choose_compute("cpu", "float32", 1))


TEXTS = [(problem, problem.reference.to_json()) for problem in bakeries(3)]


def test_a_model_has_not_moved_from_itself_and_another_has_by_the_definition(tmp_path):
    one, other = loaded(make_tiny(tmp_path / "one")), loaded(make_tiny(tmp_path / "other", seed=1))
    assert kl_from_base(one, one, Prompt(), TEXTS).kl == 0
    moved = kl_from_base(one, other, Prompt(), TEXTS)
    total, count = 0.0, 0
    for problem, text in TEXTS:
        asked = Prompt().tokens(problem, one.tokenizer)
        answer = one.tokenizer(text, add_special_tokens=False)["input_ids"]
        for place in range(len(answer)):  # token by token, without teacher forcing's one pass
            ids = torch.tensor([[*asked, *answer[:place]]])
            p, q = (torch.softmax(m.model(ids).logits[0, -1].double(), -1) for m in (one, other))
            total += torch.nn.functional.kl_div(q.log(), p, reduction="sum").item()
            count += 1
    assert moved.positions == count
    assert moved.kl == pytest.approx(total / count, rel=1e-4)
    assert moved.worst >= moved.kl > 0


@pytest.mark.parametrize("method", ["loreft", "prompt_tuning"])
def test_edits_and_virtual_tokens_are_part_of_the_tuned_model(method, tmp_path):
    make_tiny(tmp_path / "tiny")
    write_lines(tmp_path / "p.jsonl", (problem.to_dict() for problem in bakeries(4)))
    recipe = parse_recipe(
        f'[model]\nsource = "{tmp_path / "tiny"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\nname = "{method}"\n[data]\nfile = "{tmp_path / "p.jsonl"}"\ncount = 4\n'
        "[schedule]\nsteps = 1\nlearning_rate = 0.01\n"
    )
    tuned = tune(recipe, tmp_path / "out")
    moved = kl_from_base(loaded(tmp_path / "tiny"), loaded(tuned.checkpoints[1]), Prompt(), TEXTS)
    assert moved.kl > 1e-7
    json.dumps(moved.to_dict())


def test_other_vocabularies_and_no_texts_are_refused(tmp_path):
    one, other = loaded(make_tiny(tmp_path / "one")), loaded(make_tiny(tmp_path / "other", vocabulary=400))
    with pytest.raises(PyriteError, match="token"):
        kl_from_base(one, other, Prompt(), TEXTS)
    with pytest.raises(PyriteError, match="no text"):
        kl_from_base(one, one, Prompt(), [(TEXTS[0][0], "")])


def test_trained_families_are_no_measure_of_forgetting():
    text = '[data]\nfamilies = ["knapsack"]\n[forgetting]\nfamilies = ["knapsack"]\n'
    with pytest.raises(PyriteError, match="families that are not trained, and 'knapsack' is"):
        parse_recipe(text)


@pytest.mark.slow
def test_untrained_families_are_asked_before_and_after(tmp_path):
    from pyrite.pipeline import Pipeline

    make_tiny(tmp_path / "tiny")
    write_lines(tmp_path / "p.jsonl", (problem.to_dict() for problem in bakeries(6)))
    write_lines(tmp_path / "ask.jsonl", [{"id": "a", "text": "How many loaves?", "optimum": 3}])
    text = (
        f'[model]\nsource = "{tmp_path / "tiny"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[data]\nfile = "{tmp_path / "p.jsonl"}"\ncount = 6\n[schedule]\nsteps = 2\n'
        f'[answers]\nmax_new_tokens = 6\nbase = false\n[answers.problems]\nfile = "{tmp_path / "ask.jsonl"}"\n'
        '[forgetting]\nfamilies = ["knapsack", "assignment"]\ncount = 3\n'
    )
    result = Pipeline(parse_recipe(text), tmp_path / "out", text).run()
    cost = result["runs"][0]["forgetting"]
    assert cost["untrained"].keys() == {"surface", "substance", "base"}
    assert cost["kl_base_tuned"] is None, "no answer of the base was asked for, and there is no reference"
    assert len((tmp_path / "out/forgetting/step-2/outputs.jsonl").read_text().splitlines()) == 3
