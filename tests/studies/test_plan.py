"""Study files: cells, names that hold, the same effort for every method, complaints that name the key."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from study_files import TEXT

from pyrite.feasibility.errors import PyriteError
from pyrite.studies.estimating import estimate, seen_examples, work_of
from pyrite.studies.plan import parse_study, read_study, study_names
from pyrite.studies.running import best_candidate

BASE = TEXT.format(model="nowhere", seeds="[0, 1]")


def with_axes(axes: str, search: str = "") -> str:
    body = BASE[BASE.index("[model]") :]
    return f'name = "s"\n[axes]\n{axes}\n[search]\n{search}\n{body}'


def test_cells_are_the_product_of_the_axes() -> None:
    study = parse_study(with_axes('method = ["lora", "full"]\ndata.count = [10, 20]\nschedule.seed = [0, 1, 2]'))
    assert len(study.cells) == 12
    assert len({cell.name for cell in study.cells}) == 12
    assert {(c.recipe.method.name, c.recipe.data.count, c.recipe.schedule.seed) for c in study.cells} == {
        (m, n, s) for m in ("lora", "full") for n in (10, 20) for s in (0, 1, 2)
    }
    assert len({cell.setting for cell in study.cells}) == 4


def test_a_name_is_of_what_decides_the_result_and_of_nothing_else() -> None:
    """Growing an axis keeps what is there; another recipe, search or set of problems is another cell."""
    small = {c.name for c in parse_study(with_axes("schedule.seed = [0, 1]", "learning_rates = [1e-3]")).cells}
    grown = {c.name for c in parse_study(with_axes("schedule.seed = [0, 1, 2]", "learning_rates = [1e-3]")).cells}
    assert small < grown
    analysed = with_axes("schedule.seed = [0, 1]", "learning_rates = [1e-3]") + "[estimate]\ntokens_per_second = 9.0\n"
    assert {c.name for c in parse_study(analysed).cells} == small
    for other in (
        with_axes("schedule.seed = [0, 1]", "learning_rates = [1e-4]"),
        with_axes("schedule.seed = [0, 1]", "learning_rates = [1e-3]\nproblems = 7"),
        with_axes("schedule.seed = [0, 1]", "learning_rates = [1e-3]").replace("steps = 2", "steps = 3"),
        with_axes("schedule.seed = [0, 1]", "learning_rates = [1e-3]") + '[also.far]\nfamilies = ["blending"]\n',
    ):
        assert not {c.name for c in parse_study(other).cells} & small


def test_every_method_gets_the_same_effort() -> None:
    study = parse_study(with_axes('method = ["lora", "prompt_tuning", "full"]', "factors = [0.3, 1, 3]"))
    assert {len(cell.rates) for cell in study.cells} == {3}
    assert len({cell.rates for cell in study.cells}) == 3  # each around its own
    own = 'method = ["lora", {name = "full", learning_rates = [1e-5, 1e-4]}]'
    with pytest.raises(PyriteError, match="same effort"):
        parse_study(with_axes(own, "factors = [0.3, 1, 3]"))
    assert parse_study(with_axes(own, "factors = [1, 3]")).cells[1].rates == (1e-5, 1e-4)


def test_the_untuned_model_is_asked_once_and_searches_nothing() -> None:
    study = parse_study(with_axes('method = ["none", "lora"]\nschedule.seed = [0, 1, 2]', "factors = [1, 3]"))
    none = [cell for cell in study.cells if cell.recipe.method.name == "none"]
    assert len(none) == 1
    assert none[0].rates == ()


def test_other_seeds_may_take_the_first_ones_rate() -> None:
    study = parse_study(with_axes("schedule.seed = [0, 1, 2]", 'factors = [1, 3]\nseeds = "first"'))
    first, *others = study.cells
    assert first.rate_from is None
    assert {cell.rate_from for cell in others} == {first.name}


def test_a_method_may_bring_other_tables() -> None:
    more = "{prompt = {examples = 1}, schedule = {steps = 9}}"
    entry = f'{{label = "short", name = "lora", options = {{r = 2}}, recipe = {more}}}'
    plain, other = parse_study(with_axes(f'method = ["lora", {entry}]')).cells
    assert (plain.recipe.schedule.steps, other.recipe.schedule.steps) == (2, 9)
    assert other.recipe.prompt.examples == 1
    assert other.recipe.method.options["r"] == 2
    families = "families = ['product-mix', 'knapsack']"
    tasks = "{plan = 'isolated', probe_steps = 3}"
    entry = f'{{label = "CPI-FT", name = "full", recipe = {{tasks = {tasks}, data = {{{families}}}}}}}'
    plain, apart = parse_study(with_axes(f'method = ["full", {entry}]')).cells
    assert "tasks" not in plain.recipe.to_dict(), "names of cells from before there were tasks hold"
    assert apart.recipe.tasks.plan == "isolated"
    per_step = apart.recipe.schedule.batch_size * apart.recipe.schedule.accumulation
    assert seen_examples(apart.recipe) == seen_examples(plain.recipe) + 2 * 3 * per_step


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda t: t.replace("[axes]", "[axis]"), "needs \\[axes\\]"),
        (lambda t: t.replace("schedule.seed = [0, 1]", "schedule.seed = 3"), "axes.schedule.seed is a list"),
        (lambda t: t.replace("schedule.seed = [0, 1]", "schedule.seed = [1, 1]"), "same value twice"),
        (lambda t: t.replace("schedule.seed", "schedule.sed"), "no key 'sed'"),
        (lambda t: t.replace("factors = [1, 10]", "factors = [1, 1]"), "stands twice"),
        (lambda t: t.replace("factors = [1, 10]", "factors = [0]"), "above 0"),
        (lambda t: t.replace("factors =", "rates ="), "no key 'rates'"),
        (lambda t: t.replace('baseline = "LoRA"', 'baseline = "LoRa"'), "did you mean 'LoRA'"),
        (lambda t: t.replace('name = "lora"', 'nam = "lora"'), "with a name"),
        (lambda t: t.replace('name = "lora"', 'name = "lorra"'), "lorra"),
        (lambda t: t + '[also."../x"]\nfamilies = ["knapsack"]\n', "folder's name"),
        (lambda t: t + '[also.v]\nfamilies = ["knapsack"]\nsplit = "validation"\n', "validation problems choose"),
        (lambda t: t.replace("[axes]", "[axes"), "is no TOML"),
    ],
)
def test_what_is_wrong_is_said_before_any_work(change: Callable[[str], str], part: str) -> None:
    with pytest.raises(PyriteError, match=part):
        parse_study(change(BASE))


def test_the_best_candidate_is_chosen_by_substance_then_surface_then_loss() -> None:
    def candidate(substance: int, surface: int, loss: float | None) -> dict[str, object]:
        return {"substance": substance, "surface": surface, "loss": loss}

    assert best_candidate([candidate(0, 9, 0.1), candidate(1, 2, 0.9)]) == 1
    assert best_candidate([candidate(1, 2, 0.9), candidate(1, 3, 2.0)]) == 1
    assert best_candidate([candidate(1, 2, 0.9), candidate(1, 2, 0.4)]) == 1
    assert best_candidate([candidate(0, 0, float("nan")), candidate(0, 0, 5.0)]) == 1
    assert best_candidate([candidate(0, 0, 1.0), candidate(0, 0, 1.0)]) == 0


def test_the_estimate_counts_the_search_and_every_asking() -> None:
    study = parse_study(BASE)
    lora = study.cells[0]
    tokens, answers = work_of(study, lora)
    assert tokens == 2 * 2 * study.estimate.tokens_per_example  # two candidates of two examples, one of them kept
    assert answers == 2 * 2 + 2 * 2  # two problems at two checkpoints, two validation problems for two candidates
    assert estimate(study, lora) == pytest.approx(tokens / 410 + answers * 1.06)


@pytest.mark.parametrize("name", study_names())
def test_committed_studies_are_read(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    study = read_study(name)
    assert study.name == name
    assert re.search(r"hours|minutes", study.text)
