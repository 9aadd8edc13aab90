"""A run that is stopped anywhere goes on to the same bits, whatever the order of its examples."""

import json
import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_model import bakeries, make_tiny

from pyrite.models.recipes import parse_recipe
from pyrite.models.training.order import EpochOrder
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import read_lines, write_lines

EXAMPLES, BATCH, STEPS = 11, 2, 15  # epochs end at steps 6 and 12, with a batch that is not full


class StoppedError(Exception):
    """As if killed: raised from the progress function, which nothing in the trainer expects."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    make_tiny(folder / "tiny")
    write_lines(folder / "problems.jsonl", (problem.to_dict() for problem in bakeries(EXAMPLES)))
    return folder


def recipe(ground, method='name = "lora"\n[method.options]\nlora_dropout = 0.2', **schedule):
    keys = {"steps": STEPS, "batch_size": BATCH, "learning_rate": 1e-2, "save_every": 1, **schedule}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    return parse_recipe(
        f'[model]\nsource = "{ground / "tiny"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\n{method}\n[data]\nfile = "{ground / "problems.jsonl"}"\ncount = {EXAMPLES}\n[schedule]\n{lines}\n'
    )


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return {name: tensor for file in sorted(folder.glob("*.safetensors")) for name, tensor in load_file(file).items()}


def stopped_and_gone_on(chosen, folder, stops):
    """Tune, stopped right after each of these steps was taken and before its checkpoint was written."""
    for stop in stops:

        def stopping(step, steps, loss, stop=stop):
            if step >= stop:
                raise StoppedError

        with pytest.raises(StoppedError):
            tune(chosen, folder, progress=stopping)
    return tune(chosen, folder)


@pytest.mark.parametrize(
    "schedule",
    [
        {"group_by_length": True},
        pytest.param({"group_by_length": False}, marks=pytest.mark.slow),
        pytest.param({"group_by_length": True, "accumulation": 2, "steps": 9}, marks=pytest.mark.slow),
        pytest.param({"packing": True, "max_length": 700}, marks=pytest.mark.slow),
    ],
    ids=["grouped", "random", "accumulated", "packed"],
)
def test_stops_at_random_steps_of_several_epochs(schedule, ground, tmp_path):
    chosen = recipe(ground, **schedule)
    whole = tune(chosen, tmp_path / "whole")
    steps = whole.record["step"]
    stops = sorted(random.Random(repr(schedule)).sample(range(2, steps), 3))
    again = stopped_and_gone_on(chosen, tmp_path / "stopped", stops)
    before, after = weights(whole.checkpoints[steps]), weights(again.checkpoints[steps])
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before), stops
    lines = [[line["loss"] for line in read_lines(tmp_path / name / "training.jsonl")] for name in ("whole", "stopped")]
    assert lines[0] == lines[1]
    assert whole.record["tokens"] == again.record["tokens"]


@pytest.mark.parametrize("lengths", [None, [3, 9, 4, 4, 7, 1, 8]])
def test_an_order_depends_on_seed_and_epoch_alone(lengths):
    def order(seed, epoch):
        made = EpochOrder(7, seed, lengths, 2)
        made.epoch = epoch
        torch.manual_seed(random.randrange(1 << 30))
        found = list(made)
        assert sorted(found) == list(range(7))
        return tuple(found)

    assert order(0, 3) == order(0, 3)
    assert len({order(seed, epoch) for seed in range(3) for epoch in range(4)}) > 8


def test_the_order_of_an_epoch_is_the_same_for_every_method(ground, tmp_path):
    """What a method draws to begin with does not change what is learned first."""
    seen = []
    for number, method in enumerate(('name = "lora"', 'name = "full"')):
        tune(recipe(ground, method, steps=6, learning_rate=0.0), tmp_path / str(number))
        seen.append([line["tokens"] for line in read_lines(tmp_path / str(number) / "training.jsonl")])
    assert seen[0] == seen[1]
