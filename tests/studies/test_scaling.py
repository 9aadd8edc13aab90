"""The law's parameters come back from data made by it, with and without noise; predictions and crossings are honest."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from study_files import TEXT

from pyrite.feasibility.errors import PyriteError
from pyrite.results.observing import OUTCOMES
from pyrite.studies.plan import Study, parse_study
from pyrite.studies.records import Asked, CellResult
from pyrite.studies.scaling.analysis import Fitted, analyse, crossings, held_out, log_odds
from pyrite.studies.scaling.law import Law, Points, _joint, _loss, fit, fit_shared
from pyrite.studies.scaling.report import (
    Factor,
    crossing_table,
    factors_of,
    points_of,
    scaling_document,
    scaling_of,
    scaling_table,
)

SIZES, COUNTS = [1.0, 2, 4, 8, 16, 32], [100.0, 200, 400, 800, 1600]


def points(law: Law, noise: float = 0.0, seed: int = 0) -> Points:
    x, d = (axis.ravel() for axis in np.meshgrid(SIZES, COUNTS))
    chance = np.random.default_rng(seed).normal(0, 1, len(x))
    return Points(x, d, law.predict(x, d) + noise * chance)


@pytest.mark.parametrize(
    ("a", "alpha", "beta", "e"), [(4.0, 0.2, 0.15, 0.75), (30.0, 0.05, 0.5, 0.1), (2.0, 0.0, 0.3, -0.5)]
)
def test_a_multiplicative_law_comes_back_from_its_own_data(a: float, alpha: float, beta: float, e: float) -> None:
    law = Law("multiplicative", math.log(a), alpha, 0.0, beta, e)
    found = fit(points(law))
    assert (found.alpha, found.beta, found.e) == pytest.approx((alpha, beta, e), abs=2e-3)
    far_x, far_d = np.array([128.0]), np.array([20_000.0])
    assert found.predict(far_x, far_d) == pytest.approx(law.predict(far_x, far_d), abs=2e-3)


def test_an_additive_law_comes_back_from_its_own_data() -> None:
    law = Law("additive", math.log(0.5), 0.3, math.log(3.0), 0.35, 0.4)
    found = fit(points(law), "additive")
    far_x, far_d = np.array([128.0]), np.array([20_000.0])
    assert found.predict(far_x, far_d) == pytest.approx(law.predict(far_x, far_d), abs=5e-3)


def test_with_noise_predictions_hold_and_the_right_form_is_told_by_the_points_kept_out() -> None:
    """A may be far off; what is predicted is not. Held-out error favours the form that made the data."""
    law = Law("multiplicative", math.log(4.0), 0.2, 0.0, 0.3, 0.75)
    made = points(law, 0.003, seed=1)
    right, wrong = (analyse(made, form, draws=20) for form in ("multiplicative", "additive"))
    assert right.held_out_error is not None
    assert wrong.held_out_error is not None
    assert right.held_out_error < 0.008 < wrong.held_out_error
    assert right.fit_error < 0.004
    assert len(right.predictions) == int(held_out(made).sum()) == len(SIZES) + len(COUNTS) - 1
    truth = [law.predict(np.array([p.x]), np.array([p.d]))[0] for p in right.predictions]
    assert all(abs(p.predicted - value) < 0.01 for p, value in zip(right.predictions, truth, strict=True))
    assert all(p.low <= p.high for p in right.predictions)


@pytest.mark.slow
def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    law = Law("multiplicative", math.log(4.0), 0.2, 0.0, 0.3, 0.75)
    inside = []
    for seed in range(12):
        fitted = analyse(points(law, 0.01, seed), "multiplicative", draws=60)
        truth = [law.predict(np.array([p.x]), np.array([p.d]))[0] for p in fitted.predictions]
        inside += [p.low <= value <= p.high for p, value in zip(fitted.predictions, truth, strict=True)]
    assert np.mean(inside) > 0.75


def test_two_stages_find_what_factors_share() -> None:
    beta, e = 0.25, 0.6
    laws = {
        "size": Law("multiplicative", 1.5, 0.4, 0.0, beta, e),
        "rank": Law("multiplicative", 0.9, 0.02, 0.0, beta, e),
    }
    found = fit_shared({name: points(law) for name, law in laws.items()})
    for name, law in laws.items():
        assert (found[name].alpha, found[name].beta, found[name].e) == pytest.approx((law.alpha, beta, e), abs=5e-3)
    assert found["size"].beta == found["rank"].beta


@pytest.mark.parametrize("form", ["multiplicative", "additive"])
def test_gradients_are_those_of_the_loss(form: str) -> None:
    made = points(Law("multiplicative", 1.0, 0.2, 0.0, 0.3, 0.7), 0.01)
    inner = np.array([0.3, 0.15, 0.1, 0.2, 0.5])
    _, slope = _loss(inner, made, form)
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-6
        ahead, behind = (_loss(inner + sign * step, made, form)[0] for sign in (1, -1))
        assert slope[k] == pytest.approx((ahead - behind) / 2e-6, rel=1e-3, abs=1e-3)
    joint = np.array([0.2, 0.5, 0.3, 0.15, 0.4, 0.1])
    _, slope = _joint(joint, [made, made])
    for k in range(6):
        step = np.zeros(6)
        step[k] = 1e-6
        ahead, behind = (_joint(joint + sign * step, [made, made])[0] for sign in (1, -1))
        assert slope[k] == pytest.approx((ahead - behind) / 2e-6, rel=1e-3, abs=1e-3)


def as_fitted(law: Law) -> Fitted:
    return Fitted(law, 0.0, 0.0, (), {}, [law])


def test_crossings_are_where_the_closed_form_has_them_or_nowhere() -> None:
    """With one E, D = H X^gamma (equation 3)."""
    one = Law("multiplicative", math.log(5.0), 0.2, 0.0, 0.4, 0.7)
    two = Law("multiplicative", math.log(2.0), 0.1, 0.0, 0.2, 0.7)
    h, gamma = (5.0 / 2.0) ** (1 / 0.2), (0.1 - 0.2) / 0.2
    for x in (1.0, 8.0):
        found = crossings(as_fitted(one), as_fitted(two), (x, x), 1, 1e6)
        assert found.at == pytest.approx((h * x**gamma,), rel=1e-6)
        assert found.crossed == 1.0
    above = dataclasses.replace(one, e=9.0)
    none = crossings(as_fitted(above), as_fitted(two), (1.0, 1.0), 1, 1e6)
    assert (none.at, none.crossed, none.interval) == ((), 0.0, None)


def test_what_cannot_be_fitted_is_said() -> None:
    law = Law("multiplicative", 1.0, 0.2, 0.0, 0.3, 0.7)
    with pytest.raises(PyriteError, match="4 parameters"):
        fit(points(law).only(np.arange(4)))
    with pytest.raises(PyriteError, match="above 0"):
        Points(np.array([0.0]), np.array([1.0]), np.array([1.0]))
    assert log_odds(0, 10) < -2.9
    assert log_odds(5, 10) == 0


def scaling_study() -> Study:
    text = TEXT.format(model="nowhere", seeds="[0, 1]")
    body = text[text.index("[model]") :]
    axes = 'method = ["lora", {label = "dora", name = "dora"}]\n'
    axes += '"method.options.r" = [1, 2, 4, 8]\n'
    axes += "data.count = [100, 200, 400, 800]\nschedule.seed = [0, 1]\n"
    return parse_study(f'name = "laws"\n[axes]\n{axes}[analysis]\nkind = "scaling"\ndraws = 2\n{body}')


def made_answers(examples: int, passed: int) -> Asked:
    """Forty problems' answers, so many of which are right."""
    states = "1" * passed + "0" * (40 - passed)
    return Asked(
        run="runs/step-2", examples=examples, problems=tuple(f"p{k:02}" for k in range(40)), families=("knapsack",),
        samples=(0,) * 40, problem=tuple(range(40)), family=(0,) * 40,
        states={name: states for name in OUTCOMES if name in ("surface", "substance")}, cut=0,
    )  # fmt: skip


def made_result(study: Study, number: int, laws: dict[str, Law]) -> CellResult:
    cell = study.cells[number]
    x, d = float(cell.values["method.options.r"]), float(cell.values["data.count"])
    loss = float(laws[cell.labels["method"]].predict(np.array([x]), np.array([d]))[0])
    asked = made_answers(int(d), round(40 * (1 - loss / 4)))
    return CellResult(
        cell=cell.name, labels=cell.labels, learning_rate=1e-3, candidates=(), recipe={}, weights="w",
        parameters={"total": 10, "trainable": 1}, tokens={"seen": 1, "learned": 1}, flops=1, examples=int(d),
        left_out=0,         loss=loss, held_out_loss=loss, asked=[asked], also={}, seconds={}, made_by={},
    )  # fmt: skip


@pytest.mark.slow
def test_cells_become_laws_by_method_for_loss_surface_and_substance() -> None:
    study = scaling_study()
    laws = {
        "lora": Law("multiplicative", math.log(6.0), 0.05, 0.0, 0.3, 0.5),
        "dora": Law("multiplicative", math.log(3.0), 0.05, 0.0, 0.15, 0.5),
    }
    results = {cell.name: made_result(study, number, laws) for number, cell in enumerate(study.cells)}
    scaling = scaling_of(study, results)
    assert not scaling.refused
    axis = "method.options.r"
    found = scaling.laws["lora", axis, "loss", "multiplicative"]
    assert found.held_out_error == pytest.approx(0, abs=2e-3)
    assert {key[2] for key in scaling.laws} == {"loss", "surface", "substance"}
    expected = 2 ** (1 / 0.15)
    assert {round(root) for item in scaling.crossings["lora", "dora", axis] for root in item.at} == {round(expected)}
    assert len(scaling_table(scaling).rows) == 2 * 3 * 2
    assert "no crossing" not in str(crossing_table(scaling).rows)
    assert len(scaling_document(scaling)["scaling"]["laws"]) == 12
    half = {name: result for name, result in results.items() if result.labels["data.count"] == "100"}
    short = scaling_of(study, half)
    assert not short.laws
    assert "points cannot say" in next(iter(short.refused.values()))
    with pytest.raises(PyriteError, match="no finished cell"):
        points_of(study, {}, "lora", Factor(axis), "loss")


MODELS = {"w32": (32, 90), "w64": (64, 90), "w96": (96, 90), "w96/early": (96, 20), "w96/later": (96, 50)}
"""Parameters and pretraining tokens: a ladder of sizes, and the largest as it was on the way."""


def ladder_study(models: dict[str, tuple[int, int]], sizes: str = '["parameters", "pretraining tokens"]') -> Study:
    text = TEXT.format(model="nowhere", seeds="[0]")
    body = text[text.index("[model]") :]
    axes = f"model.source = {json.dumps(list(models))}\ndata.count = [100, 200, 400, 800]\n"
    analysis = f'kind = "scaling"\ndraws = 2\nsize_axes = ["model.source"]\nsizes = {sizes}\n'
    return parse_study(f'name = "ladder"\n[axes]\n{axes}[analysis]\n{analysis}{body}')


def ladder_results(study: Study, models: dict[str, tuple[int, int]], *, adapter: bool = False) -> dict[str, CellResult]:
    """The law of the paper's equation 1 with one beta and one E for both factors."""
    results = {}
    for cell in study.cells:
        size, read = models[cell.labels["model.source"]]
        d = float(cell.values["data.count"])
        loss = 0.3 + 40 * (size / 96) ** -0.5 * ((read or 90) / 90) ** -0.2 * d**-0.6
        results[cell.name] = CellResult(
            cell=cell.name, labels=cell.labels, learning_rate=1e-3, candidates=(),
            recipe={"model": {"source": cell.labels["model.source"]}}, weights="w",
            parameters={"total": size + 5 * adapter, "trainable": 5 if adapter else size},
            tokens={"seen": 1, "learned": 1} | ({"pretraining": read} if read else {}), flops=1, examples=int(d),
            left_out=0, loss=loss, held_out_loss=loss, asked=[made_answers(int(d), int(40 / (1 + loss)))], also={},
            seconds={}, made_by={},
        )  # fmt: skip
    return results


@pytest.mark.parametrize("adapter", [False, True])
def test_models_are_points_of_what_they_differ_in(adapter) -> None:
    study = ladder_study(MODELS)
    results = ladder_results(study, MODELS, adapter=adapter)
    sizes, read = factors_of(study)
    assert [factor.name for factor in (sizes, read)] == ["parameters", "pretraining tokens"]
    found = points_of(study, results, "ladder", sizes, "loss")
    assert sorted(set(found.x.tolist())) == [32, 64, 96], "an adapter is no part of the model's size"
    assert len(found) == 3 * 4, "the largest as it was on the way is no point of its size"
    found = points_of(study, results, "ladder", read, "loss")
    assert sorted(set(found.x.tolist())) == [20, 50, 90]
    assert len(found) == 3 * 4


def test_models_of_one_size_are_points_of_their_own_if_they_have_read_equally_much() -> None:
    twins = {"a": (32, 90_010), "b": (32, 90_040), "c": (64, 90_020), "a/early": (32, 20_000)}
    study = ladder_study(twins)
    found = points_of(study, ladder_results(study, twins), "ladder", factors_of(study)[0], "loss")
    assert sorted(found.x.tolist()) == [32] * 8 + [64] * 4
    assert len(set(found.value.tolist())) == 12
    (only,) = factors_of(study := ladder_study(twins, '["parameters"]'))
    with pytest.raises(PyriteError, match="a and a/early are of one size and have not read equally much"):
        points_of(study, ladder_results(study, twins), "ladder", only, "loss")


def test_models_without_a_record_are_no_points_of_what_they_have_read() -> None:
    unknown = {"a": (32, 0), "b": (64, 0)}
    study = ladder_study(unknown)
    with pytest.raises(PyriteError, match="pretraining tokens of a are in no record"):
        points_of(study, ladder_results(study, unknown), "ladder", factors_of(study)[1], "loss")
    (only,) = factors_of(study := ladder_study(unknown, '["parameters"]'))
    assert len(points_of(study, ladder_results(study, unknown), "ladder", only, "loss")) == 8
    with pytest.raises(PyriteError, match="sizes are parameters and pretraining tokens"):
        ladder_study(MODELS, '["layers"]')


@pytest.mark.slow
def test_a_ladder_gives_the_law_of_both_factors_back() -> None:
    models = {f"w{size}": (size, 90) for size in (24, 32, 48, 64, 96)}
    models |= {f"w96/{read}": (96, read) for read in (10, 20, 40, 60)}
    study = ladder_study(models)
    scaling = scaling_of(study, ladder_results(study, models))
    found = scaling.laws["ladder", "parameters", "loss", "multiplicative"].law
    assert (found.alpha, found.beta, found.e) == pytest.approx((0.5, 0.6, 0.3), abs=2e-3)
    found = scaling.laws["ladder", "pretraining tokens", "loss", "multiplicative"].law
    assert (found.alpha, found.beta, found.e) == pytest.approx((0.2, 0.6, 0.3), abs=2e-3)
    both = scaling.shared["ladder"]
    assert both["parameters"]["beta"] == both["pretraining tokens"]["beta"]
    assert both["parameters"]["alpha"] == pytest.approx(0.5, abs=2e-3)
    assert both["pretraining tokens"]["alpha"] == pytest.approx(0.2, abs=2e-3)
    assert not scaling.refused
    assert {row[1] for row in scaling_table(scaling).rows} == {"parameters", "pretraining tokens"}
