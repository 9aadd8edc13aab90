"""Where tuning changes a model: what moved is found, what is exchanged is put back, a study says it by layer."""

import json
from types import SimpleNamespace

import pytest
import torch
from study_files import write_tiny_study
from tiny_model import make_tiny

from pyrite.models.devices import choose_compute
from pyrite.models.methods.reft import decoder_layers
from pyrite.models.prompts import Prompt
from pyrite.models.sources import load, parse_source
from pyrite.problems.families import draw
from pyrite.studies import layer_tables
from pyrite.studies.by_layer import changed_states, changed_weights, differing, exchange, thirds
from pyrite.studies.pages import write_study
from pyrite.studies.plan import read_study
from pyrite.studies.records import read_result
from pyrite.studies.study import StudyRun

pytestmark = pytest.mark.filterwarnings("ignore")
CPU = choose_compute("cpu", "float32", 1)


@pytest.mark.parametrize("count", range(1, 31))
def test_thirds_are_every_layer_once_and_outer_ones_are_equal(count):
    parts = thirds(count)
    assert [number for part in parts.values() for number in part] == list(range(count))
    assert len(parts["lower"]) == len(parts["upper"])
    assert parts["middle"] or not count


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A model, and the same with its third layer doubled."""
    folder = make_tiny(tmp_path_factory.mktemp("layers") / "model", layers=4)
    base, other = (load(parse_source(str(folder)), CPU) for _ in range(2))
    with torch.no_grad():
        for parameter in decoder_layers(other.model)[2].parameters():
            parameter.mul_(2)
    return base, other


def test_the_layer_that_was_moved_is_found(models):
    base, other = models
    found = changed_weights(base.model, other.model)
    assert found["layers"] == [0, 0, 1, 0]
    assert found["embeddings"] == 0
    states = changed_states(base, other, Prompt(), [draw("knapsack", 3, texts="plain")])
    assert states[:2] == [0, 0]
    assert states[2] > 1e-4


def test_states_of_bfloat16_that_are_the_same_have_not_turned(tmp_path):
    folder = make_tiny(tmp_path / "model", layers=2)
    base, other = (load(parse_source(str(folder)), choose_compute("cpu", "bfloat16", 1)) for _ in range(2))
    assert changed_states(base, other, Prompt(), [draw("knapsack", 3, texts="plain")]) == [0, 0]


def test_many_layers_stand_below_one_another(monkeypatch):
    cell = SimpleNamespace(
        layers={
            "weights": {"layers": [0.1] * 11 + [0.2, -0.00001], "embeddings": 0.0},
            "states": [0.3] * 13,
            "exchanges": [],
        }
    )
    monkeypatch.setattr(layer_tables, "_known", lambda study, results: [("one", [cell]), ("two", [cell])])
    moved = layer_tables.layer_tables(None, {})[0]
    assert [column.title for column in moved.columns] == [
        "",
        "one: weights",
        "one: states",
        "two: weights",
        "two: states",
    ]
    assert len(moved.rows) == 14
    assert moved.rows[11] == ["layer 12", "0.2000", "0.3000", "0.2000", "0.3000"]
    assert moved.rows[12][1] == "0.0000"
    assert moved.rows[13] == ["embeddings", "0.0000", "–", "0.0000", "–"]


def test_exchanged_layers_make_one_model_the_other_and_come_back(models):
    base, other = models
    ids = torch.arange(5, 25)[None]
    before, wanted = base.model(input_ids=ids).logits, other.model(input_ids=ids).logits
    assert not torch.equal(before, wanted)
    kept = exchange(base.model, other.model, [2])
    assert torch.equal(base.model(input_ids=ids).logits, wanted)
    for number, weights in kept.items():
        decoder_layers(base.model)[number].load_state_dict(weights)
    assert torch.equal(base.model(input_ids=ids).logits, before)


def test_layers_that_differ_are_told_and_what_is_outside_them_is_last(models):
    base, other = models
    assert differing(base.model, other.model) == [False, False, True, False, False]
    with torch.no_grad():
        other.model.get_input_embeddings().weight[5, 0] += 1
    try:
        assert differing(base.model, other.model) == [False, False, True, False, True]
    finally:
        with torch.no_grad():
            other.model.get_input_embeddings().weight.copy_(base.model.get_input_embeddings().weight)
    assert differing(base.model, base.model) == [False] * 5


@pytest.mark.slow
def test_a_study_of_layers_says_where_and_what_exchanges_do(tmp_path):
    text = write_tiny_study(tmp_path).read_text()
    text = text.replace("r = 4", 'r = 4, layers_to_transform = [0], target_modules = ["q_proj", "up_proj"]')
    text = text.replace("[search]\nfactors = [1, 10]\nproblems = 2\n", "")
    text = text.replace("[analysis]", '[analysis]\nkind = "layers"\nexchange_problems = 1')
    path = tmp_path / "layers.toml"
    path.write_text(text)
    study = read_study(path)
    run = StudyRun(study, tmp_path / "out")
    run.run()
    assert not run.failed
    tables = {table.name: table for table in write_study(study, tmp_path / "out", run.results())}
    found = read_result(tmp_path / "out" / "cells", study.cells[0].name)
    assert found is not None
    moved = found.layers["weights"]["layers"]
    assert moved[0] > 0
    assert set(moved[1:]) == {0}
    assert {(item["what"].split()[0], item["third"]) for item in found.layers["exchanges"]} >= {
        ("tuned", "middle"),
        ("base", "middle"),
    }
    assert tables["layers"].rows
    assert tables["exchanges"].rows
    assert json.loads((tmp_path / "out" / "results.json").read_text())["layers"]
    assert not list((tmp_path / "out").rglob("layers/*/model")), "models of exchanges are not kept"
