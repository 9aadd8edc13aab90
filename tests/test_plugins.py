"""A small outside package adds one of everything, without a line of Pyrite being touched."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from tiny_model import bakeries, make_tiny
from typer.testing import CliRunner, Result

from pyrite.cli.main import app
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.plugins import Registry
from pyrite.models.methods import METHODS
from pyrite.models.recipes import parse_recipe, read_recipe
from pyrite.models.training.objectives import OBJECTIVES
from pyrite.models.training.tuning import tune
from pyrite.problems.families import FAMILIES, draw
from pyrite.problems.importers.layouts import LAYOUTS
from pyrite.problems.lines import write_lines

OUTSIDE = '''
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from pyrite.models.methods import Method, Restored
from pyrite.models.training.objectives import Lessons, TuningObjective
from pyrite.models.training.objectives.supervised import SUPERVISED
from pyrite.problems.families.product_mix import FAMILY
from pyrite.problems.importers.layouts import Layout
from pyrite.problems.importers.records import ConvertedRecord
from pyrite.problems.problem import Problem


class Norms(Method):
    """Only the last norm's weight learns."""

    name, summary, learning_rate, adds = "last-norm", "the last norm's weight learns", 1e-2, True

    def check(self, options):
        return dict(options)

    def prepare(self, model, options, helper=None):
        model.requires_grad_(False)
        model.model.norm.requires_grad_(True)
        return model

    def save(self, model, folder, state=None):
        save_file({"weight": model.model.norm.weight.detach().clone()}, folder / "norm.safetensors")

    def resume(self, model, folder):
        with torch.no_grad():
            model.model.norm.weight.copy_(load_file(Path(folder) / "norm.safetensors")["weight"])

    def restore(self, model, folder, helper=None):
        self.resume(model, folder)
        return Restored(model)


class Doubled(TuningObjective):
    """Supervised, with every example twice."""

    name, summary = "doubled", "every example twice"

    def check(self, options):
        return dict(options)

    def lessons(self, problems, prompt, tokenizer, schedule, options):
        return SUPERVISED.lessons([*problems, *problems], prompt, tokenizer, schedule, {})

    def trainer(self):
        return SUPERVISED.trainer()

    def configure(self, settings, schedule, options):
        return SUPERVISED.configure(settings, schedule, {})

    def counts(self, batch):
        return SUPERVISED.counts(batch)


class Told(Layout):
    """Rows with a column `told`."""

    name = "told"

    def recognises(self, columns):
        return "told" in columns

    def convert(self, row, options):
        return [ConvertedRecord(Problem(id=f"told-{row.number}", text=row.columns["told"]))]


norms, doubled, told, mix = Norms(), Doubled(), Told(), replace(FAMILY, name="outside-mix")
half = object()
'''

POINTS = """
[pyrite.methods]
last-norm = outside:norms

[pyrite.objectives]
doubled = outside:doubled

[pyrite.importers]
told = outside:told

[pyrite.families]
outside-mix = outside:mix
"""


BAD = """
[pyrite.methods]
half = outside:half
gone = outside_that_is_not_there:x
"""
REGISTRIES = (METHODS, OBJECTIVES, LAYOUTS, FAMILIES.registry)


def install(folder: Path, package: str, points: str) -> None:
    """As pip would leave it: a module, and beside it the record with its entry points."""
    (folder / "outside.py").write_text(OUTSIDE)
    record = folder / f"{package.replace('-', '_')}-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(points)


@pytest.fixture
def look_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Installs a package for one test, as if Pyrite were started afterwards."""

    def forget() -> None:
        for registry in REGISTRIES:
            registry.__dict__.pop("_points", None)
            registry._loaded.clear()

    def installed(points: str) -> None:
        site = tmp_path / "site"
        site.mkdir()
        install(site, "pyrite-outside", points)
        monkeypatch.syspath_prepend(str(site))
        forget()

    yield installed
    monkeypatch.undo()
    sys.modules.pop("outside", None)
    forget()


def pyrite(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_an_outside_package_adds_one_of_each(look_again: Callable[[str], None], tmp_path: Path) -> None:
    look_again(POINTS)
    assert "last-norm" in pyrite("tune", "--methods").stdout
    told = tmp_path / "told.jsonl"
    told.write_text('{"told": "A baker wants to earn most."}\n')
    imported = pyrite("problems", "import", told, "--out", tmp_path / "told-problems.jsonl")
    assert imported.exit_code == 0, imported.output
    assert json.loads((tmp_path / "told-problems.jsonl").read_text())["text"] == "A baker wants to earn most."
    assert draw("outside-mix", 3).family == "outside-mix"
    assert list(FAMILIES)[-1] == "outside-mix"

    tiny = make_tiny(tmp_path / "tiny")
    learned = tmp_path / "learned.jsonl"
    write_lines(learned, (problem.to_dict() for problem in bakeries(6)))
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'[model]\nsource = "{tiny}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        '[method]\nname = "last-norm"\n[objective]\nname = "doubled"\n'
        f'[data]\nfile = "{learned}"\n[schedule]\nepochs = 1\nbatch_size = 3\n'
    )
    record = tune(read_recipe(recipe), tmp_path / "tuning").record
    assert record["step"] == 4  # 6 examples twice, 3 a step
    assert record["objective"] == {"name": "doubled", "options": {}}
    assert record["parameters"]["trainable"] == 48
    checkpoint = tmp_path / "tuning" / "checkpoint-4"
    answered = pyrite(
        "answer", "--model", checkpoint, "--problems", learned, "--out", tmp_path / "run", "--max-new-tokens", 4,
        "--threads", 1,
    )  # fmt: skip
    assert answered.exit_code == 0, answered.output
    assert len((tmp_path / "run" / "outputs.jsonl").read_text().splitlines()) == 6


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("half", r"method 'half' of the package pyrite-outside \(outside:half\) is none: it lacks adds, blends, check"),
        ("gone", "method 'gone' of the package pyrite-outside cannot be loaded: ModuleNotFoundError"),
        ("halv", "did you mean 'half'?"),
    ],
)
def test_a_bad_plug_in_is_said(look_again: Callable[[str], None], name: str, said: str) -> None:
    look_again(BAD)
    with pytest.raises(PyriteError, match=said):
        parse_recipe(f'[method]\nname = "{name}"\n[data]\nfamilies = ["knapsack"]\n')


def test_a_name_that_pyrite_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Outside:
        name = "outside"

    point = metadata.EntryPoint("full", "outside:full", "pyrite.methods")
    object.__setattr__(point, "dist", Outside())
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point])
    with pytest.raises(PyriteError, match=r"the package outside offers a method 'full', and there is one"):
        Registry("pyrite.methods", "method", object).names()


def test_everything_that_comes_with_pyrite_loads() -> None:
    for registry in (METHODS, OBJECTIVES, LAYOUTS):
        for name in registry:
            assert registry.get(name).name == name
    for name in FAMILIES:
        assert FAMILIES[name].name == name
