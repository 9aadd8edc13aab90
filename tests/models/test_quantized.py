"""An adapter tuned on a base in 4 bits: refused in one line where it cannot be, and plain adapters where it can."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models import quantized
from pyrite.models.devices import choose_compute
from pyrite.models.recipes import parse_recipe
from pyrite.models.sources import load, parse_source, read_record
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import write_lines


def recipe(folder: Path, method: str = "lora") -> str:
    make_tiny(folder / "model", width=64)
    write_lines(folder / "learned.jsonl", (problem.to_dict() for problem in bakeries(4)))
    return (
        f'[model]\nsource = "{folder / "model"}"\nload = "4bit"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\nname = "{method}"\n[data]\nfile = "{folder / "learned.jsonl"}"\n'
        "[schedule]\nsteps = 2\nbatch_size = 2\nlearning_rate = 0.01\n"
    )


def test_what_it_cannot_do_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = recipe(tmp_path)
    monkeypatch.setattr(quantized, "find_spec", lambda name: None)
    with pytest.raises(PyriteError, match=r"pip install 'pyrite\[qlora\]'"):
        tune(parse_recipe(text), tmp_path / "out")
    with pytest.raises(PyriteError, match="goes with lora, dora, rslora, not with method 'full'"):
        tune(parse_recipe(text.replace('"lora"', '"full"')), tmp_path / "out")
    with pytest.raises(PyriteError, match="8bit"):
        parse_recipe(text.replace("4bit", "8bit"))
    assert parse_recipe(text).digest != parse_recipe(text.replace('load = "4bit"\n', "")).digest


def test_the_checkpoint_is_an_adapter_on_whole_weights(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    tuned = tune(parse_recipe(recipe(tmp_path)), tmp_path / "out")
    record = read_record(tuned.checkpoints[2])
    assert record["recipe"]["model"]["load"] == "4bit"
    assert record["loss"] > 0
    compute = choose_compute("cpu", "float32", 1)
    whole, answering = (load(parse_source(str(place)), compute) for place in (tmp_path / "model", tuned.checkpoints[2]))
    before, after = (dict(item.language_model.named_parameters()) for item in (whole, answering))
    assert before.keys() == after.keys()
    assert any((before[name] != after[name]).any() for name in before)
    assert {parameter.dtype for parameter in after.values()} == {compute.torch_dtype}
