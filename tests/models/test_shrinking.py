"""Smaller siblings: what is taken out, that healing heals, and that every record says so."""

import json
from types import SimpleNamespace

import pytest
import torch
from tiny_model import bakeries, make_tiny
from typer.testing import CliRunner

from pyrite.cli.main import app
from pyrite.feasibility.errors import PyriteError
from pyrite.models import shrinking
from pyrite.models.answering import Request, Settings
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.devices import choose_compute
from pyrite.models.prompts import Prompt
from pyrite.models.shrinking import shrink
from pyrite.models.sources import load, parse_source

CPU = choose_compute("cpu", "float32", 1)


@pytest.fixture(autouse=True)
def short_texts(monkeypatch):
    """Bakeries where the families' problems would stand, which are five times as long."""

    def drawn(section, split):
        return SimpleNamespace(problems=bakeries(section.count, 0 if split == "train" else 200))

    monkeypatch.setattr(shrinking, "draw_problems", drawn)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny"), layers=5)


def test_a_sibling_is_the_model_without_some_layers(tiny, tmp_path):
    record = shrink(parse_source(str(tiny)), 3, tmp_path / "small", CPU, steps=0)
    whole, small = (load(parse_source(str(folder)), CPU) for folder in (tiny, tmp_path / "small"))
    first, last = record.removed
    assert last == first + 1
    assert first >= 1
    assert last <= 3, "the first and the last layer stay"
    assert record.parameters == sum(parameter.numel() for parameter in small.model.parameters())
    kept = [number for number in range(5) if number not in record.removed]
    for place, number in enumerate(kept):
        there, here = whole.model.model.layers[number], small.model.model.layers[place]
        assert torch.allclose(there.mlp.up_proj.weight, here.mlp.up_proj.weight, atol=1e-2)  # written in bfloat16
    assert small.tokenizer.get_vocab() == whole.tokenizer.get_vocab()
    assert small.identity["shrunk"]["removed"] == record.removed
    assert small.identity["shrunk"]["source_weights"] == whole.identity["weights"]
    one = LocalAnswerer(small, Prompt(), Settings(max_new_tokens=4))
    assert one.identity()["shrunk"]["source"] == str(tiny)
    requests = [Request(problem, 0) for problem in bakeries(3)]
    assert len([output for batch in one.plan(requests) for output in one.answer(batch)]) == 3


def test_the_layers_that_do_nothing_go(tiny, tmp_path):
    """Two layers in the middle are made to add nothing: they are the ones that turn least."""
    loaded = load(parse_source(str(tiny)), CPU)
    with torch.no_grad():
        for number in (2, 3):
            loaded.model.model.layers[number].self_attn.o_proj.weight.zero_()
            loaded.model.model.layers[number].mlp.down_proj.weight.zero_()
    loaded.model.save_pretrained(tmp_path / "idle")
    loaded.tokenizer.save_pretrained(tmp_path / "idle")
    record = shrink(parse_source(str(tmp_path / "idle")), 3, tmp_path / "small", CPU, steps=0)
    assert record.removed == [2, 3]
    assert record.loss_cut == pytest.approx(record.loss_before, rel=1e-5)


def test_healing_brings_the_sibling_towards_the_model(tiny, tmp_path):
    """By the command; the divergence on held-out texts falls, and the same seed gives the same weights."""
    given = ["models", "shrink", "--model", str(tiny), "--layers", "2", "--learning-rate", "0.01", "--threads", "1"]
    for name, steps in (("cut", 0), ("healed", 8), ("again", 8)):
        done = CliRunner().invoke(app, [*given, "--steps", str(steps), "--out", str(tmp_path / name), "--json"])
        assert done.exit_code == 0, done.output
    models = {name: load(parse_source(str(tmp_path / name)), CPU).model for name in ("cut", "healed", "again")}
    whole = load(parse_source(str(tiny)), CPU)
    ids = torch.tensor([Prompt().tokens(bakeries(1)[0], whole.tokenizer)])
    with torch.no_grad():
        wanted = whole.model(ids).logits.log_softmax(-1)
        far = {
            name: torch.nn.functional.kl_div(model(ids).logits.log_softmax(-1), wanted, log_target=True).item()
            for name, model in models.items()
        }
    assert far["healed"] < 0.9 * far["cut"]
    assert far["healed"] == far["again"]
    record = json.loads((tmp_path / "healed" / "pyrite-shrunk.json").read_text())
    assert (record["steps"], len(record["removed"])) == (8, 3)


@pytest.mark.parametrize("layers", [0, 5, 9])
def test_layers_that_do_not_exist(tiny, tmp_path, layers):
    with pytest.raises(PyriteError, match=f"has 5 layers; a sibling has 1 to 4, not {layers}"):
        shrink(parse_source(str(tiny)), layers, tmp_path / "small", CPU, steps=0)


def test_the_first_layer_that_goes_can_be_chosen(tiny, tmp_path):
    record = shrink(parse_source(str(tiny)), 3, tmp_path / "small", CPU, steps=0, first=0)
    assert record.removed == list(range(record.layers_before - 3))
    with pytest.raises(PyriteError, match=r"are not all there: 0 to 3 can be first"):
        shrink(parse_source(str(tiny)), 3, tmp_path / "other", CPU, steps=0, first=4)


def test_a_folder_that_is_there_is_not_overwritten(tiny, tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(PyriteError, match="is not empty; give another folder"):
        shrink(parse_source(str(tiny)), 3, tmp_path, CPU, steps=0)
