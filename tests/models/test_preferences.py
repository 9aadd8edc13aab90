"""Learning from judged answers: the losses by hand, the reference of every method, resuming, bad input in one line."""

import inspect
import json
import math
import re

import pytest
import torch
from safetensors.torch import load_file
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.devices import choose_compute
from pyrite.models.prompts import Prompt
from pyrite.models.recipes import parse_recipe
from pyrite.models.sources import load, parse_source
from pyrite.models.training.objectives import get_objective
from pyrite.models.training.objectives.preferences import DPO_LOSSES
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import read_lines, write_lines

PAIRS = 7


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    make_tiny(folder / "tiny")
    lines = []
    for number, problem in enumerate(bakeries(PAIRS)):
        right = problem.reference.to_json()
        line = {"problem": {**problem.to_dict(), "split": "train"}, "kind": "right-wrong", "chosen": right}
        line["rejected"] = right.replace("<=", ">=") if number % 2 else right[: len(right) // 2]
        line["rejected_from"] = {"run": "r", "sample": 1, "finish": "stop" if number % 2 else "length"}
        lines.append(line)
    write_lines(folder / "pairs.jsonl", lines)
    write_lines(folder / "problems.jsonl", (problem.to_dict() for problem in bakeries(PAIRS)))
    return folder


def recipe(ground, objective="dpo", options="", method='name = "lora"', pairs="pairs.jsonl", **schedule):
    keys = {"steps": 4, "batch_size": 2, "learning_rate": 1e-2, "save_every": 100, **schedule}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    answers = "" if objective == "dft" else f'answers = "{ground / pairs}"\n'
    data = f'[data]\nfile = "{ground / "problems.jsonl"}"\ncount = {PAIRS}\n' if objective == "dft" else ""
    return parse_recipe(
        f'[model]\nsource = "{ground / "tiny"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\n{method}\n[objective]\nname = "{objective}"\n[objective.options]\n{answers}{options}\n'
        f"{data}[schedule]\n{lines}\n"
    )


def logged(folder):
    return list(read_lines(folder / "training.jsonl"))


def likelihood(loaded, model, line, side):
    """log p(answer | prompt), one answer at a time and without padding."""
    from pyrite.problems.problem import Problem

    asked = Prompt().tokens(Problem.from_dict(line["problem"]), loaded.tokenizer)
    answer = loaded.tokenizer(line[side], add_special_tokens=False)["input_ids"]
    if line.get(f"{side}_from", {}).get("finish") != "length":
        answer = [*answer, loaded.tokenizer.eos_token_id]
    with torch.no_grad():
        logits = model(torch.tensor([[*asked, *answer]])).logits[0, len(asked) - 1 : -1]
    return torch.log_softmax(logits.double(), -1)[range(len(answer)), answer].sum().item()


def base(ground):
    return load(parse_source(str(ground / "tiny")), choose_compute("cpu", "float32", 1))


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_dpo_loss_by_hand_after_the_policy_has_moved(ground, tmp_path):
    """Full tuning with all pairs in each batch: step 2's loss from the weights after step 1 and from the base's."""
    chosen = recipe(ground, method='name = "full"', options="beta = 0.3", steps=2, batch_size=PAIRS, checkpoints=[1])
    tuned = tune(chosen, tmp_path)
    reference, policy = base(ground), load(parse_source(str(tuned.checkpoints[1])), choose_compute("cpu", "float32", 1))
    expected, likely = [], []
    for line in read_lines(ground / "pairs.jsonl"):
        ratios = [
            likelihood(policy, policy.model, line, side) - likelihood(reference, reference.model, line, side)
            for side in ("chosen", "rejected")
        ]
        expected.append(-math.log(sigmoid(0.3 * (ratios[0] - ratios[1]))))
        likely.append(likelihood(policy, policy.model, line, "chosen"))
    first, second = logged(tmp_path)
    assert first["loss"] == pytest.approx(math.log(2), abs=1e-4), "the policy begins at its reference"
    assert second["loss"] == pytest.approx(sum(expected) / PAIRS, rel=1e-3)
    assert abs(second["loss"] - math.log(2)) > 0.01
    assert second["logps/chosen"] == pytest.approx(sum(likely) / PAIRS, rel=1e-3)


@pytest.mark.parametrize(
    "method",
    ['name = "lora"', 'name = "loreft"\n[method.options]\nrank = 2\nidentity_start = true', 'name = "ia3"'],
    ids=["lora", "loreft", "ia3"],
)
def test_any_method_begins_at_its_reference_and_learns_to_prefer(method, ground, tmp_path):
    chosen = recipe(ground, method=method, steps=5, batch_size=PAIRS, learning_rate=2e-3)
    tuned = tune(chosen, tmp_path)
    lines = logged(tmp_path)
    assert lines[0]["loss"] == pytest.approx(math.log(2), abs=1e-5)
    assert lines[-1]["loss"] < lines[0]["loss"]
    assert lines[-1]["rewards/margins"] > 0
    assert {"logps/chosen", "logps/rejected", "rewards/accuracies"} <= lines[-1].keys()
    assert tuned.record["lessons"]["rows"] == PAIRS
    files = [path.name for path in tuned.checkpoints[5].iterdir()]
    assert "ref" not in files
    load(parse_source(str(tuned.checkpoints[5])), choose_compute("cpu", "float32", 1))


def test_a_method_that_begins_elsewhere_is_measured_from_the_base(ground, tmp_path):
    """LoReFT's random edits: the first loss is no log 2, for the reference is the model without them."""
    tune(recipe(ground, method='name = "loreft"', steps=1, batch_size=PAIRS), tmp_path)
    assert abs(logged(tmp_path)[0]["loss"] - math.log(2)) > 1e-4


@pytest.mark.slow
def test_with_sft_in_the_loss_the_chosen_likelihood_is_kept_up(ground, tmp_path):
    found = {}
    for name, losses in (("plain", '"sigmoid"'), ("mixed", '["sigmoid", "sft"]')):
        tune(
            recipe(ground, options=f"loss_type = {losses}", steps=8, batch_size=PAIRS, learning_rate=5e-2),
            tmp_path / name,
        )
        found[name] = logged(tmp_path / name)[-1]["logps/chosen"]
    assert found["mixed"] > found["plain"]


def test_loss_types_are_those_of_trl():
    from trl import DPOTrainer

    written = set(re.findall(r'loss_type == "(\w+)"', inspect.getsource(DPOTrainer._compute_loss)))
    assert written == set(DPO_LOSSES)


def test_kto_loss_by_hand(ground, tmp_path):
    """Full tuning, all answers in each batch: step 2's loss and KL from step 1's weights and from the base's."""
    size = 2 * PAIRS
    chosen = recipe(
        ground, "kto", method='name = "full"', steps=2, batch_size=size, checkpoints=[1], learning_rate=3e-3
    )
    tuned = tune(chosen, tmp_path)
    reference, policy = base(ground), load(parse_source(str(tuned.checkpoints[1])), choose_compute("cpu", "float32", 1))
    objective = get_objective("kto")
    options = objective.check(chosen.objective.options)
    rows = objective.lessons((), Prompt(), reference.tokenizer, chosen.schedule, options).dataset.to_list()
    assert len(rows) == size

    def ratio(row, ids):
        asked, answer = row["prompt_ids"], row[ids]
        found = []
        for model in (policy.model, reference.model):
            with torch.no_grad():
                logits = model(torch.tensor([[*asked, *answer]])).logits[0, len(asked) - 1 : -1]
            found.append(torch.log_softmax(logits.double(), -1)[range(len(answer)), answer].sum().item())
        return found[0] - found[1]

    kl = max(0.0, sum(ratio(row, "KL_completion_ids") for row in rows) / size)
    losses = [1 - sigmoid(0.1 * (ratio(row, "completion_ids") - kl) * (1 if row["label"] else -1)) for row in rows]
    first, second = logged(tmp_path)
    assert first["loss"] == pytest.approx(0.5, abs=1e-4)
    assert second["loss"] == pytest.approx(sum(losses) / size, rel=1e-3)
    assert abs(second["loss"] - 0.5) > 1e-3
    assert second["kl"] == pytest.approx(kl, rel=1e-2, abs=1e-3)


def test_dft_is_the_loss_times_the_probability(ground, tmp_path):
    tune(recipe(ground, "dft", steps=1, batch_size=PAIRS), tmp_path)
    loaded, total, count = base(ground), 0.0, 0
    from pyrite.models.data import encode

    for problem in bakeries(PAIRS):
        example = encode(problem, Prompt(), loaded.tokenizer)
        with torch.no_grad():
            logits = loaded.model(torch.tensor([example.tokens])).logits[0, example.prompt - 1 : -1]
        answer = torch.tensor(example.tokens[example.prompt :])
        logp = torch.log_softmax(logits, -1)[range(len(answer)), answer]
        total += (-logp * logp.exp()).sum().item()
        count += len(answer)
    assert logged(tmp_path)[0]["loss"] == pytest.approx(total / count, rel=1e-3)


def test_chosen_imitates_each_chosen_answer_once(ground, tmp_path):
    doubled = [line for line in read_lines(ground / "pairs.jsonl") for _ in range(3)]
    write_lines(ground / "doubled.jsonl", doubled)
    tuned = tune(recipe(ground, "chosen", pairs="doubled.jsonl", steps=6, batch_size=PAIRS), tmp_path)
    assert tuned.record["lessons"]["rows"] == PAIRS
    lines = logged(tmp_path)
    assert lines[-1]["loss"] < lines[0]["loss"]


class StoppedError(Exception):
    """As if killed."""


@pytest.mark.parametrize(
    ("objective", "method"),
    [
        ("dpo", 'name = "lora"'),
        pytest.param("dpo", 'name = "full"', marks=pytest.mark.slow),
        pytest.param("dpo", 'name = "loreft"', marks=pytest.mark.slow),
        pytest.param("kto", 'name = "lora"', marks=pytest.mark.slow),
    ],
)
def test_a_stopped_run_goes_on_to_the_same_bits(objective, method, ground, tmp_path):
    chosen = recipe(ground, objective, method=method, steps=6, save_every=1)
    whole = tune(chosen, tmp_path / "whole")

    def stopping(step, steps, loss):
        if step >= 4:  # in the second epoch
            raise StoppedError

    with pytest.raises(StoppedError):
        tune(chosen, tmp_path / "stopped", progress=stopping)
    again = tune(chosen, tmp_path / "stopped")
    kept = [
        {k: v for file in sorted(t.checkpoints[6].glob("*.safetensors")) for k, v in load_file(file).items()}
        for t in (whole, again)
    ]
    assert kept[0].keys() == kept[1].keys()
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[0])
    losses = [[line["loss"] for line in logged(tmp_path / name)] for name in ("whole", "stopped")]
    assert losses[0] == losses[1]


def test_another_file_under_the_same_name_is_refused(ground, tmp_path):
    lines = list(read_lines(ground / "pairs.jsonl"))
    write_lines(ground / "moving.jsonl", lines)
    chosen = recipe(ground, pairs="moving.jsonl", steps=4, save_every=1)

    def stopping(step, steps, loss):
        if step >= 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        tune(chosen, tmp_path, progress=stopping)
    write_lines(ground / "moving.jsonl", lines[:-1])
    with pytest.raises(PyriteError, match="tuned on another file of answers"):
        tune(chosen, tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("betta = 1", "no option 'betta'; did you mean 'beta'"),
        ("beta = 0", "beta is a number above 0"),
        ('loss_type = "sigmoidal"', "loss_type is one of"),
        ('loss_type = ["sigmoid", "sft"]\nloss_weights = [1.0]', "loss_weights do not go with"),
        ('loss_type = "exo_pair"', "exo_pair needs label_smoothing"),
    ],
)
def test_bad_options_are_one_line(options, said, ground):
    with pytest.raises(PyriteError, match=said) as caught:
        recipe(ground, options=options)
    assert "\n" not in caught.value.message


def test_bad_files_are_one_line(ground, tmp_path):
    lines = list(read_lines(ground / "pairs.jsonl"))
    cases = {
        "none.jsonl": (None, "there is no file"),
        "held.jsonl": ([{**lines[0], "problem": {**lines[0]["problem"], "split": "test"}}], "is held out"),
        "single.jsonl": ([{k: v for k, v in lines[0].items() if k != "rejected"}], "none of its 1 lines has a chosen"),
        "odd.jsonl": ([{"text": 1}], "line 1: a line needs a 'problem'"),
    }
    for name, (content, said) in cases.items():
        if content is not None:
            write_lines(ground / name, content)
        with pytest.raises(PyriteError, match=said):
            tune(recipe(ground, pairs=name), tmp_path / name)
    with pytest.raises(PyriteError, match="needs answers = a file"):
        parse_recipe('[objective]\nname = "dpo"\n')
    with pytest.raises(PyriteError, match="fits schedule"):
        tune(recipe(ground, max_length=40), tmp_path / "short")
