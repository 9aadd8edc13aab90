"""GRPO with the auditor as reward: advantages, the log, resuming, bad input in one line."""

import inspect
import json
import re
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from tiny_model import bakeries, make_tiny

from pyrite.cli.run import result_table
from pyrite.feasibility.errors import PyriteError, PyriteWarning
from pyrite.models.answering import Request, Settings
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.devices import choose_compute
from pyrite.models.methods.reft import ReftMethod
from pyrite.models.prompts import Prompt
from pyrite.models.recipes import parse_recipe
from pyrite.models.sections import ProblemSection
from pyrite.models.sources import load, parse_source
from pyrite.models.training.objectives import rewarded_trainer
from pyrite.models.training.objectives.rewarded import GRPO_LOSSES
from pyrite.models.training.tuning import tune
from pyrite.pipeline import Pipeline
from pyrite.problems.lines import read_lines, write_lines
from pyrite.results import rewards
from pyrite.results.rewards import Judged, Rewarder


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    make_tiny(folder / "tiny")
    write_lines(folder / "problems.jsonl", (problem.to_dict() for problem in bakeries(6)))
    return folder


def recipe(ground, options="", method='name = "lora"', **schedule):
    keys = {"steps": 3, "batch_size": 4, "learning_rate": 1e-2, "save_every": 100, **schedule}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    return parse_recipe(
        f'[model]\nsource = "{ground / "tiny"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\n{method}\n[objective]\nname = "grpo"\n[objective.options]\nnum_generations = 4\n'
        f"max_new_tokens = 12\nworkers = 1\n{options}\n"
        f'[data]\nfile = "{ground / "problems.jsonl"}"\ncount = 6\n[schedule]\n{lines}\n'
    )


class Lengths:
    """A reward that a random model gives different values to: the share of even tokens; every fifth is unknown."""

    def __init__(self, monkeypatch, unknown=False):
        self.calls = 0

        def judge(reward, problems, answers):
            self.calls += 1
            rewards = [sum(map(ord, text)) % 7 / 7 for text in answers]
            if unknown:
                rewards[0] = None
            return Judged(rewards, [])

        monkeypatch.setattr(Rewarder, "judge", judge)


def test_loss_types_are_those_of_trl():
    from trl import GRPOTrainer

    source = inspect.getsource(GRPOTrainer._compute_loss)
    written = set(re.findall(r'self\.loss_type == "(\w+)"', source))
    for names in re.findall(r"self\.loss_type in \[([^\]]+)\]", source):
        written |= set(re.findall(r'"(\w+)"', names))
    assert written == set(GRPO_LOSSES)


def test_advantages_are_rewards_less_their_groups_mean_over_its_deviation(ground, tmp_path, monkeypatch):
    """Two problems of four answers: every advantage from the rewards that were handed out, unknown ones left out."""
    Lengths(monkeypatch, unknown=True)
    seen = []
    inner = rewarded_trainer.AuditedTrainer._generate_and_score_completions
    paid = []
    called = rewarded_trainer.AuditReward.__call__

    def keep(self, inputs):
        found = inner(self, inputs)
        seen.append(found["advantages"].tolist())
        return found

    def pay(self, *arguments, **named):
        paid.append(called(self, *arguments, **named))
        return paid[-1]

    monkeypatch.setattr(rewarded_trainer.AuditedTrainer, "_generate_and_score_completions", keep)
    monkeypatch.setattr(rewarded_trainer.AuditReward, "__call__", pay)
    tune(recipe(ground, batch_size=8, steps=1), tmp_path)
    assert len(seen) == len(paid) == 1
    expected = []
    for group in (paid[0][:4], paid[0][4:]):
        known = torch.tensor([reward for reward in group if reward is not None])
        mean, deviation = known.mean(), known.std()
        expected += [0.0 if reward is None else float((reward - mean) / (deviation + 1e-4)) for reward in group]
    assert paid[0][0] is None
    assert sorted(seen[0]) == pytest.approx(sorted(expected), abs=1e-4)  # trl may shuffle a batch
    assert any(abs(advantage) > 0.1 for advantage in expected)


def test_the_log_has_all_scores_beside_the_reward(ground, tmp_path):
    tuned = tune(recipe(ground, 'reward = "surface"', steps=2), tmp_path)
    lines = list(read_lines(tmp_path / "training.jsonl"))
    assert len(lines) == 2
    for line in lines:
        assert {"reward", "surface", "value", "substance", "unknown", "frac_reward_zero_std"} <= line.keys()
        assert line["reward"] == line["surface"] == 0, "a random model writes no formulation"
    assert tuned.record["objective"]["options"]["reward"] == "surface"
    assert tuned.record["tokens"]["learned"] > 0


GSPO = 'loss_type = "grpo"\nimportance_sampling_level = "sequence"\nbeta = 0.1'


class StoppedError(Exception):
    """As if killed."""


@pytest.mark.parametrize(
    "options",
    [
        "",
        pytest.param('loss_type = "grpo"\nimportance_sampling_level = "sequence"\nbeta = 0.1', marks=pytest.mark.slow),
    ],
    ids=["dapo", "gspo-with-kl"],
)
def test_a_stopped_run_goes_on_to_the_same_bits(options, ground, tmp_path, monkeypatch):
    Lengths(monkeypatch)
    chosen = recipe(ground, options, steps=8, save_every=1)  # six problems: the second epoch begins at step 7
    whole = tune(chosen, tmp_path / "whole")

    def stopping(step, steps, loss):
        if step >= 8:
            raise StoppedError

    with pytest.raises(StoppedError):
        tune(chosen, tmp_path / "stopped", progress=stopping)
    again = tune(chosen, tmp_path / "stopped")
    kept = [load_file(found.checkpoints[8] / "adapter_model.safetensors") for found in (whole, again)]
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[0])
    assert {name: tensor for name, tensor in kept[0].items() if "lora_B" in name and tensor.any()}, "something learned"
    assert "ref" not in [path.name for path in again.checkpoints[8].iterdir()]


@pytest.mark.parametrize(
    ("options", "schedule", "said"),
    [
        ('reward = "substanse"', {}, "reward is one of surface, value"),
        ("", {"batch_size": 3}, "is no multiple of num_generations"),
        ("", {"batch_size": 28}, "a step asks 7 problems, and there are 6"),
        ("", {"max_length": 40}, "new tokens fit schedule.max_length"),
        ('importance_sampling_level = "sequence"', {}, "by sequence go grpo, sapo, luspo"),
    ],
)
def test_bad_input_is_one_line(options, schedule, said, ground, tmp_path):
    with pytest.raises(PyriteError, match=said) as caught:
        tune(recipe(ground, options, **schedule), tmp_path)
    assert "\n" not in caught.value.message


AIMED = {
    "loreft": 'name = "loreft"\n[method.options]\nrank = 4\nprefix = 3\nsuffix = 5',
    "softcot": 'name = "softcot"\n[method.options]\nthoughts = 3',
}


@pytest.mark.parametrize("method", [*AIMED, pytest.param("softcot, words", marks=pytest.mark.slow)])
def test_methods_that_aim_at_prompts_aim_while_answers_are_sampled(method, ground, tmp_path, monkeypatch):
    """With the likeliest token alone in the draw, step 2 samples what the checkpoint of step 1 answers by itself."""
    Lengths(monkeypatch)
    sampled = {}
    inner = rewarded_trainer.AuditedTrainer._generate_single_turn

    def keep(self, prompt_ids, *rest, **more):
        found = inner(self, prompt_ids, *rest, **more)
        for asked, answer in zip(prompt_ids, found[0], strict=True):
            sampled.setdefault(self.state.global_step, {})[tuple(asked)] = answer
        return found

    monkeypatch.setattr(rewarded_trainer.AuditedTrainer, "_generate_single_turn", keep)
    how = AIMED[method.partition(",")[0]] + ('\nsource = "words"' if "words" in method else "")
    # Four problems a step, of different lengths, so that there is padding.
    chosen = recipe(ground, "top_p = 1e-9", method=how, steps=2, batch_size=16, checkpoints=[1], learning_rate=0.05)
    tuned = tune(chosen, tmp_path)
    loaded = load(parse_source(str(tuned.checkpoints[1])), choose_compute("cpu", "float32", 1))
    ending = loaded.restored.ending
    one = LocalAnswerer(loaded, Prompt(), Settings(max_new_tokens=12, drafts=0))
    outputs = [o for batch in one.plan([Request(p, 0) for p in bakeries(6)]) for o in one.answer(batch)]
    texts = {output.problem_id: output.output for output in outputs}
    asked = {(*Prompt().tokens(p, loaded.tokenizer), *ending): p.id for p in bakeries(6)}
    assert len(sampled[1]) == 4
    for tokens, answer in sampled[1].items():
        assert loaded.tokenizer.decode(answer, skip_special_tokens=True) == texts[asked[tokens]]
    base = load(parse_source(str(ground / "tiny")), choose_compute("cpu", "float32", 1))
    plain = LocalAnswerer(base, Prompt(), Settings(max_new_tokens=12, drafts=0))
    without = [o.output for batch in plain.plan([Request(p, 0) for p in bakeries(6)]) for o in plain.answer(batch)]
    assert sorted(without) != sorted(texts.values())


def test_a_method_that_does_not_say_how_it_aims_is_refused(ground, monkeypatch):
    monkeypatch.delattr(ReftMethod, "prefill")
    with pytest.raises(PyriteError, match="does not go with method 'loreft', which aims"):
        recipe(ground, method='name = "loreft"')


@pytest.mark.slow
def test_a_run_shows_what_the_reward_bought_at_every_checkpoint(ground, tmp_path):
    """Beside the reward all scores, of what was sampled since the checkpoint before and of the held-out problems."""
    write_lines(ground / "asked.jsonl", (problem.to_dict() for problem in bakeries(2, 40)))
    chosen = recipe(ground, 'reward = "value"', steps=3, checkpoints=[1])
    asked = ProblemSection(file=str(ground / "asked.jsonl"), count=2)
    chosen = replace(
        chosen,
        answers=replace(chosen.answers, problems=asked, max_new_tokens=6),
        forgetting=replace(chosen.forgetting, prompts=0),
    )
    result = Pipeline(chosen, tmp_path / "out", "").run()
    lines = list(read_lines(tmp_path / "out" / "tuning" / "training.jsonl"))
    rows = {row["run"]: row for row in result["runs"]}
    assert "sampled" not in rows["base"]
    for name, part in (("step-1", lines[:1]), ("step-3", lines[1:])):
        paid = rows[name]["sampled"]
        for score in ("reward", "surface", "value", "substance", "unknown"):
            assert paid[score] == pytest.approx(sum(line[score] for line in part) / len(part))
        assert paid["steps"] == [part[0]["step"], part[-1]["step"]]
        assert {"surface", "value", "substance"} <= rows[name].keys()
        assert json.loads((tmp_path / "out" / "runs" / name / "run.json").read_text())["sampled"] == paid
    shown = result_table(result)
    assert "held-out surface" in shown
    assert "sampled surface" in shown


def test_a_constant_reward_is_warned_of_through_the_whole_run(ground, tmp_path, monkeypatch):
    """The libraries are silenced while training; this is not theirs."""
    monkeypatch.setattr(rewards, "CONSTANT_STEPS", 2)
    with pytest.warns(PyriteWarning, match=r"the reward 'surface' has been 0 for 2 steps"):
        tune(recipe(ground, 'reward = "surface"', steps=3), tmp_path)


def test_a_kl_term_needs_a_base_beside_the_adapter(ground, tmp_path):
    with pytest.raises(PyriteError, match="needs a method of peft's"):
        tune(recipe(ground, "beta = 0.1", method='name = "full"'), tmp_path)
