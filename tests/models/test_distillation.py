"""On-policy distillation: nothing to learn from oneself, something from another, resuming, bad input in one line."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.recipes import parse_recipe
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import read_lines, write_lines


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    make_tiny(folder / "tiny")
    make_tiny(folder / "teacher", seed=5, layers=3, width=64)
    write_lines(folder / "problems.jsonl", (problem.to_dict() for problem in bakeries(6)))
    return folder


def recipe(ground, teacher="teacher", method="lora", **schedule):
    keys = {"steps": 4, "batch_size": 2, "learning_rate": 2e-2, "save_every": 1, **schedule}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    return parse_recipe(
        f'[model]\nsource = "{ground / "tiny"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\nname = "{method}"\n[objective]\nname = "distillation"\n[objective.options]\n'
        f'teacher = "{ground / teacher}"\nmax_new_tokens = 12\n'
        f'[data]\nfile = "{ground / "problems.jsonl"}"\ncount = 6\n[schedule]\n{lines}\n'
    )


def losses(folder):
    return [line["loss"] for line in read_lines(folder / "training.jsonl")]


def test_there_is_nothing_to_learn_from_oneself(ground, tmp_path):
    tune(recipe(ground, "tiny", steps=1), tmp_path)
    assert losses(tmp_path)[0] == pytest.approx(0, abs=1e-6)


class StoppedError(Exception):
    """As if killed."""


def test_a_stopped_run_goes_on_to_the_same_bits(ground, tmp_path):
    chosen = recipe(ground)  # three steps an epoch
    whole = tune(chosen, tmp_path / "whole")

    def stopping(step, steps, loss):
        if step >= 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        tune(chosen, tmp_path / "stopped", progress=stopping)
    again = tune(chosen, tmp_path / "stopped")
    kept = [load_file(found.checkpoints[4] / "adapter_model.safetensors") for found in (whole, again)]
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[0])
    found = losses(tmp_path / "whole")
    assert found == losses(tmp_path / "stopped")
    assert found[0] > 0
    assert any(tensor.any() for name, tensor in kept[0].items() if "lora_B" in name)


def test_bad_input_is_one_line(ground, tmp_path):
    make_tiny(ground / "other", vocabulary=400)
    with pytest.raises(PyriteError, match="has another vocabulary"):
        tune(recipe(ground, "other"), tmp_path / "a")
    with pytest.raises(PyriteError, match="a step asks 7 problems, and there are 6"):
        tune(recipe(ground, batch_size=7), tmp_path / "b")
    with pytest.raises(PyriteError, match="needs teacher"):
        parse_recipe('[data]\nfamilies = ["knapsack"]\n[objective]\nname = "distillation"\n')


def test_a_method_that_aims_at_prompts_learns_from_its_own_base(ground, tmp_path):
    """Edits that change nothing leave nothing to learn, others do: the loss is taken with the edits on."""
    found = []
    for identity in (True, False):
        chosen = recipe(ground, "tiny", "loreft", steps=1)
        options = {"rank": 4, "prefix": 3, "suffix": 3, "identity_start": identity}
        tune(replace(chosen, method=replace(chosen.method, options=options)), tmp_path / str(identity))
        found += losses(tmp_path / str(identity))
    assert found[0] == pytest.approx(0, abs=1e-6)
    assert found[1] > 1e-3
