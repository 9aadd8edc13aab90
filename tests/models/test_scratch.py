"""Models from scratch: the tokenizer comes back to the letter, documents follow from seeds, stops change nothing."""

import json
import random

import pytest
import torch
from typer.testing import CliRunner

from pyrite.cli.main import app
from pyrite.feasibility.errors import PyriteError
from pyrite.models.devices import choose_compute
from pyrite.models.prompts import Prompt
from pyrite.models.scratch import pretraining
from pyrite.models.scratch.corpus import documents, exercise
from pyrite.models.scratch.pretraining import ScratchPlan, pretrain
from pyrite.models.scratch.tokens import train_tokenizer
from pyrite.models.sources import SCRATCH, load, load_tokenizer, parse_source
from pyrite.problems.families import FAMILIES, draw, split_of

CPU = choose_compute("cpu", "float32", 1)
SMALL = {"layers": 1, "width": 16, "heads": 2, "vocabulary": 700, "batch_tokens": 512}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Fewer documents than a real run reads at once."""
    monkeypatch.setattr(pretraining, "_BLOCK", 8)
    monkeypatch.setattr(pretraining, "_TOKENIZER_DOCUMENTS", 60)
    monkeypatch.setattr(pretraining, "_HELD_OUT", 8)
    monkeypatch.setattr("pyrite.models.scratch.corpus._NAMES_READ", 3)


@pytest.fixture(scope="module")
def tokenizer():
    read = documents(tuple(FAMILIES), 400, 0)
    return train_tokenizer((text for item in read for text in (item.question, item.answer)), 2000)


def test_every_familys_formulation_comes_back_to_the_letter(tokenizer):
    """Also of families and seeds whose words the tokenizer has not seen, in pieces."""
    for item in documents(tuple(FAMILIES), 200, 7, exercises=0.2, split="test"):
        tokens = tokenizer(item.answer, add_special_tokens=False)["input_ids"]
        assert tokenizer.decode(tokens) == item.answer
        assert tokenizer.unk_token_id not in tokens


def test_a_name_is_the_same_tokens_in_text_and_formulation(tokenizer):
    def pieces(text):
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    assert pieces("Ice cream") == pieces("ice_cream") == pieces("ice\ncream")
    assert pieces("Making a Wardrobe takes 120") == pieces("making_a wardrobe, takes 120".replace(",", ""))
    for name in ("stock_1", "make1", "a_b_3_c", "x", "_hidden", "2_left"):
        assert tokenizer.decode(pieces(f'"{name} + 2*{name}"')) == f'"{name} + 2*{name}"'


def test_a_prompt_of_pyrite_is_what_pretraining_read(tokenizer):
    """The chat template puts a problem as documents are put; the system prompt is left out."""
    problem = draw("knapsack", 3, texts="plain")
    assert Prompt().render(problem, tokenizer) == f"<problem>{problem.text}<model>"


def test_documents_are_training_seeds_and_follow_from_their_numbers(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "pyrite.models.scratch.corpus._draft",
        lambda family, seed: seen.append(seed) or exercise(["a"], random.Random(seed)),
    )
    documents(("knapsack",), 50, 3)
    assert len(seen) == 50
    assert {split_of(seed) for seed in seen} == {"train"}
    monkeypatch.undo()
    one, two, other = (documents(("knapsack", "blending"), 12, block) for block in (1, 1, 2))
    assert one == two
    assert one != other


def test_exercises_ask_for_what_stands_there():
    """An oracle that only looks: every name and number of an answer stands in the question."""
    chance = random.Random(1)
    for _ in range(300):
        item = exercise(["oak", "tea", "silk", "copper", "linen"], chance)
        question = item.question.lower()
        answer = json.loads(item.answer)
        names = answer if isinstance(answer, list) else list(answer)
        if names == ["sum"]:
            terms = answer["sum"].split(" <= ")[0].split(" + ")
            names = [term.rpartition("*")[2] for term in terms]
            numbers = [term.rpartition("*")[0] for term in terms]
        else:
            numbers = [] if isinstance(answer, list) else [str(value) for value in answer.values()]
        for place, name in enumerate(names):
            said = name.replace("_", " ")
            assert said in question
            if numbers and numbers[place]:
                told = [part for part in question.split(". ") if part.startswith(f"{said} ")]
                assert any(numbers[place] in part.split() for part in told), (item, name)


@pytest.mark.parametrize("stop", [1, 3])
def test_a_stopped_run_ends_as_an_undisturbed_one(tmp_path, monkeypatch, stop):
    plan = ScratchPlan(families=("knapsack",), tokens=9_000, cooldown=4_000, checkpoints=(3_000,), **SMALL)
    pretrain(plan, tmp_path / "whole", CPU)
    monkeypatch.setattr(pretraining, "_BETWEEN_STATES", 0.0)
    saves = []
    save = pretraining._save

    def saving(*arguments):
        save(*arguments)
        saves.append(1)
        if len(saves) == stop:
            raise KeyboardInterrupt

    monkeypatch.setattr(pretraining, "_save", saving)
    with pytest.raises(KeyboardInterrupt):
        pretrain(plan, tmp_path / "stopped", CPU)
    record = pretrain(plan, tmp_path / "stopped", CPU)
    for name in ("model.safetensors", "tokens-3000/model.safetensors", "tokenizer.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "stopped" / name).read_bytes(), name
    assert not (tmp_path / "stopped" / "state.pt").exists()
    assert record["plan"]["families"] == ["knapsack"]
    known = json.loads((tmp_path / "whole" / SCRATCH).read_text())
    assert {key: known[key] for key in ("tokens", "steps", "held_out_loss")} == {
        key: record[key] for key in ("tokens", "steps", "held_out_loss")
    }


def test_it_learns_and_is_an_ordinary_model(tmp_path):
    plan = ScratchPlan(families=("knapsack",), tokens=30_000, learning_rate=((0, 1e-2),), checkpoints=(600,), **SMALL)
    record = pretrain(plan, tmp_path / "model", CPU)
    first = json.loads((tmp_path / "model" / "tokens-600" / SCRATCH).read_text())
    assert record["held_out_loss"] < 0.85 * first["held_out_loss"]
    loaded = load(parse_source(str(tmp_path / "model")), CPU)
    assert sum(parameter.numel() for parameter in loaded.model.parameters()) == record["parameters"]
    assert loaded.identity["scratch"]["tokens"] == record["tokens"]
    assert len(load_tokenizer(parse_source(str(tmp_path / "model")))) <= loaded.model.config.vocab_size


def test_updates_of_matrices_are_nearly_orthogonal():
    torch.manual_seed(0)
    for shape in ((16, 40), (40, 16), (24, 24)):
        values = torch.linalg.svdvals(pretraining.orthogonal(torch.randn(shape)))
        assert values.min() > 0.3
        assert values.max() < 1.3


def test_the_rate_is_constant_between_warmup_and_cooldown():
    plan = ScratchPlan(families=("knapsack",), tokens=1_000_000, cooldown=200_000, learning_rate=((0, 1e-3),))
    assert plan.rate(0) < 1e-4
    assert plan.rate(200_000) == plan.rate(800_000) == 1e-3
    assert plan.rate(900_000) == pytest.approx(5e-4)
    assert plan.rate(1_000_000) == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"families": ("knapsak",)}, "no family 'knapsak'"),
        ({"families": ()}, "no families"),
        ({"width": 30, "heads": 4}, "does not go into 4 heads"),
        ({"checkpoints": (10**9,)}, "checkpoints lie between"),
        ({"exercises": ((0, 2.0),)}, "share of exercises"),
        ({"cooldown": 10**9}, "cooldown lies within"),
        ({"vocabulary": 10}, "at least 600 tokens"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(more, said):
    with pytest.raises(PyriteError, match=said):
        ScratchPlan(**{"families": ("knapsack",), "tokens": 1000, **more})


def test_the_command_says_what_it_made_and_takes_no_foreign_folder(tmp_path):
    words = ["models", "scratch", "--tokens", "1500", "--families", "knapsack", "--layers", "1", "--width", "16"]
    words += ["--heads", "2", "--vocabulary", "700", "--device", "cpu", "--threads", "1", "--exercises", "1,500:0.2"]
    made = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "toy"), "--json"], catch_exceptions=False)
    assert json.loads(made.stdout)["tokens"] >= 1500
    again = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "toy"), "--json"], catch_exceptions=False)
    assert json.loads(again.stdout) == json.loads(made.stdout)
    other = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "toy"), "--seed", "1"])
    assert isinstance(other.exception, PyriteError)
    assert "holds another model" in other.exception.message
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    foreign = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "full")])
    assert isinstance(foreign.exception, PyriteError)
    assert "not empty" in foreign.exception.message
