"""A study file read: a recipe with axes becomes cells, each a recipe of its own with a name that never changes.

``[axes]`` maps recipe keys to lists: ``data.count = [100, 400]``. The axis ``method`` takes names or tables (``label``,
``name``, ``options``, ``learning_rates``, ``recipe`` for anything else that it needs, ``after`` and ``pairs`` for what
is tuned and sampled before it). Cells are the product of all axes. A cell's name holds a hash of everything that
decides its result, so results can be carried elsewhere, axes can grow, and nothing is ever taken for something else's
result.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from ..feasibility.disk import read_whole
from ..feasibility.errors import PyriteError
from ..feasibility.settings import from_table, near, parse_toml
from ..models.recipes import recipe_from
from ..models.sections import ProblemSection, Recipe
from .naming import digest_of
from .settings import ROLES, AnalysisSection, EstimateSection, PairsSection, SearchSection

SEED = "schedule.seed"
"""The axis whose values are repetitions of one setting."""

_OWN = ("axes", "search", "also", "analysis", "estimate")
MOST_CELLS = 10_000
"""Combinations of the axes; a slip of the pen makes more, and every one is a recipe to check and a model to tune."""

_METHOD_KEYS = ("label", "name", "options", "learning_rates", "recipe", "after", "pairs")
_FROM_CELL = "of another cell"
"""What stands in a recipe where a finished cell's checkpoint, or pairs of its answers, will be put."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a study. ``labels`` says the value of each axis as the table shows it."""

    name: str
    labels: Mapping[str, str]
    values: Mapping[str, Any]
    recipe: Recipe
    rates: tuple[float, ...]
    """Learning rates to choose among; empty: the recipe's own."""
    rate_from: str | None = None
    """The cell whose chosen rate this one takes (``[search] seeds = "first"``)."""
    after: Mapping[str, str] = field(default_factory=dict)
    """Cells whose tuned models it needs, by what they are here: ``model`` (tuned further), ``expert``, ``teacher``."""
    pairs: PairsSection | None = None
    """Judged answers of ``after["model"]`` to training problems, which its objective learns from."""

    @property
    def waits_for(self) -> set[str]:
        """The cells that have to be finished before."""
        return {*self.after.values(), *([self.rate_from] if self.rate_from else [])}

    @property
    def setting(self) -> tuple[tuple[str, str], ...]:
        """The labels without the seed: what repetitions share."""
        return tuple((axis, label) for axis, label in self.labels.items() if axis != SEED)


@dataclass(frozen=True, slots=True)
class Study:
    """A study file, whole and checked."""

    name: str
    axes: Mapping[str, Sequence[Any]]
    search: SearchSection
    also: Mapping[str, ProblemSection]
    analysis: AnalysisSection
    estimate: EstimateSection
    cells: tuple[Cell, ...]
    text: str = field(repr=False)

    @property
    def base(self) -> Recipe:
        """The first cell's recipe: what all share but the axes."""
        return self.cells[0].recipe


def study_names() -> list[str]:
    """The studies that come with Pyrite."""
    folder = resources.files(__package__).joinpath("recipes")
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def read_study(path: str | Path) -> Study:
    """Read a study file, or a committed one by its bare name. Raises PyriteError naming file and key."""
    path = Path(path)
    if not path.suffix and not path.is_file() and path.name in study_names():
        text = resources.files(__package__).joinpath("recipes", f"{path.name}.toml").read_text(encoding="utf-8")
        return parse_study(text, str(path))
    if not path.exists():
        raise PyriteError(f"there is no study {path}; give a file, or one of {', '.join(study_names())}")
    return parse_study(read_whole(path, 1_000_000), str(path))


def parse_study(text: str, where: str = "study") -> Study:
    """Read and check a study's text: every cell's recipe is checked before any work."""
    document = parse_toml(text, where)
    own = {key: document.pop(key, {}) for key in _OWN}
    if not isinstance(own["axes"], dict) or not own["axes"]:
        raise PyriteError(
            f"{where}: a study needs [axes], such as method = ['lora', 'full'] or data.count = [100, 400]"
        )
    axes = dict(_flattened(own["axes"], where))
    search = from_table(SearchSection, own["search"], where, "search")
    if not isinstance(own["also"], dict):
        raise PyriteError(f"{where}: [also] holds tables of problems, not {own['also']!r:.80}")
    also = {name: from_table(ProblemSection, table, where, f"also.{name}") for name, table in own["also"].items()}
    for name in also:
        if not re.fullmatch(r"\w[\w-]{0,39}", name):
            raise PyriteError(f"{where}: [also.{name}] is a folder's name too: letters, digits, _ and -")
    analysis = from_table(AnalysisSection, own["analysis"], where, "analysis")
    extra = {"layers": analysis.exchange_problems} if analysis.kind == "layers" else {}
    extra |= {"held_out_loss": True} if analysis.kind == "scaling" else {}
    cells = _cells(document, axes, search, also, where, extra)
    study = Study(
        name=cells[0].recipe.name,
        axes=axes,
        search=search,
        also=also,
        analysis=analysis,
        estimate=from_table(EstimateSection, own["estimate"], where, "estimate"),
        cells=cells,
        text=text,
    )
    _check_analysis(study, where)
    return study


def _flattened(table: Mapping[str, Any], where: str, before: str = "") -> Iterator[tuple[str, list[Any]]]:
    for key, value in table.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            yield from _flattened(value, where, f"{name}.")
        elif not isinstance(value, list) or not value:
            raise PyriteError(f"{where}: axes.{name} is a list of values, not {value!r}")
        elif len({json.dumps(item, sort_keys=True, default=str) for item in value}) < len(value):
            raise PyriteError(f"{where}: axes.{name} has the same value twice")
        else:
            yield name, value


def _cells(
    document: dict[str, Any],
    axes: Mapping[str, Sequence[Any]],
    search: SearchSection,
    also: Mapping[str, ProblemSection],
    where: str,
    extra: Mapping[str, Any],
) -> tuple[Cell, ...]:
    if math.prod(map(len, axes.values())) > MOST_CELLS:
        raise PyriteError(f"{where}: [axes] make more than {MOST_CELLS:,} cells")
    found: list[Cell] = []
    first_of: dict[tuple[tuple[str, str], ...], str] = {}
    answered: set[tuple[tuple[str, str], ...]] = set()
    for chosen in _in_order(axes, where):
        cell = _cell(document, chosen, search, also, where, extra, found)
        if not trains(cell.recipe) and cell.recipe.answers.temperature == 0 and not cell.after:
            if cell.setting in answered:
                continue  # nothing in it depends on the seed: it would be the same answers again
            answered.add(cell.setting)
        if search.seeds == "first" and cell.rates:
            first = first_of.setdefault(cell.setting, cell.name)
            if first != cell.name:
                cell = dataclasses.replace(cell, rate_from=first)
        found.append(cell)
    order = {label: number for number, label in enumerate(_method_labels(axes))}
    if order:  # as the file has them, not as they wait for each other
        found.sort(key=lambda cell: order[cell.labels["method"]] if next(iter(axes)) == "method" else 0)
    names = [cell.name for cell in found]
    if len(set(names)) < len(names):
        raise PyriteError(f"{where}: two cells are the same; give the values of [axes] different labels")
    return tuple(found)


def _method_labels(axes: Mapping[str, Sequence[Any]]) -> list[str]:
    return [_label(value) for value in axes.get("method", ())]


def _label(value: Any) -> str:
    return str(value.get("label", value.get("name"))) if isinstance(value, dict) else str(value)


def _after(value: Any) -> Mapping[str, str]:
    after = value.get("after", {}) if isinstance(value, dict) else {}
    return after if isinstance(after, dict) else {"": repr(after)}


def _in_order(axes: Mapping[str, Sequence[Any]], where: str) -> Iterator[dict[str, Any]]:
    """The product of the axes, a method after those whose cells it needs."""
    left, done, ordered = list(axes.get("method", ())), set[str](), list[Any]()
    known = _method_labels(axes)
    for value in left:
        for role, label in _after(value).items():
            if role not in ROLES:
                raise PyriteError(f"{where}: after of {_label(value)} names {', '.join(ROLES)}, not {role!r}")
            if label not in known:
                raise PyriteError(f"{where}: {_label(value)} comes after no method {label!r}; {near(label, known)}")
    while left:
        ready = [value for value in left if done.issuperset(_after(value).values())]
        if not ready:
            raise PyriteError(f"{where}: {_label(left[0])} comes after what comes after it")
        ordered += ready
        done |= {_label(value) for value in ready}
        left = [value for value in left if value not in ready]
    lists = {axis: ordered if axis == "method" else values for axis, values in axes.items()}
    for values in itertools.product(*lists.values()):
        yield dict(zip(lists, values, strict=True))


def _cell(
    document: Mapping[str, Any],
    chosen: Mapping[str, Any],
    search: SearchSection,
    also: Mapping[str, ProblemSection],
    where: str,
    extra: Mapping[str, Any],
    before: Sequence[Cell],
) -> Cell:
    table: dict[str, Any] = json.loads(json.dumps(document, default=str))  # a date is of no use in a recipe
    labels: dict[str, str] = {}
    own_rates: Sequence[float] | None = None
    for axis, value in chosen.items():
        if axis == "method":
            labels[axis], own_rates = _put_method(table, value, where)
        else:
            labels[axis] = _put(table, axis, value, where)
    told = ", ".join(f"{axis}={label}" for axis, label in labels.items())
    after = _cells_before(chosen.get("method"), labels, before)
    pairs = _pairs(chosen.get("method"), f"{where} ({told})")
    _hold_places(table, after, pairs)
    recipe = recipe_from(table, f"{where} ({told})")
    rates = _rates(recipe, search, own_rates, f"{where} ({told})")
    decides: dict[str, Any] = {
        "recipe": recipe.to_dict(),
        "rates": rates,
        "search": dataclasses.asdict(search) if rates else None,
        "also": {name: dataclasses.asdict(section) for name, section in also.items()},
    }
    decides |= extra  # what is measured besides
    if after:
        decides["after"] = dict(after)
    if pairs is not None:
        decides["pairs"] = dataclasses.asdict(pairs)
    digest = digest_of(decides)
    slug = re.sub(r"[^a-z0-9.]+", "-", " ".join(labels.values()).lower()).strip("-.")[:60] or "cell"
    return Cell(f"{slug}-{digest}", labels, chosen, recipe, rates, None, after, pairs)


def _cells_before(value: Any, labels: Mapping[str, str], before: Sequence[Cell]) -> dict[str, str]:
    """The cells that a method's ``after`` means: the same values of all other axes."""
    found = {}
    for role, label in _after(value).items():
        wanted = {**labels, "method": label}
        found[role] = next(
            (cell.name for cell in before if dict(cell.labels) == wanted),
            # What does not depend on the seed is there once.
            next((cell.name for cell in before if cell.setting == _without_seed(wanted)), ""),
        )
    return found


def _without_seed(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((axis, label) for axis, label in labels.items() if axis != SEED)


def _pairs(value: Any, where: str) -> PairsSection | None:
    if not isinstance(value, dict) or "pairs" not in value:
        return None
    if "model" not in _after(value):
        raise PyriteError(f"{where}: pairs are of the answers of a cell: say after = {{model = ...}} too")
    return from_table(PairsSection, value["pairs"], where, "pairs")


def _hold_places(table: dict[str, Any], after: Mapping[str, str], pairs: PairsSection | None) -> None:
    """So that the recipe can be checked before the cells that it needs are there."""
    if "expert" in after:
        table.setdefault("companions", {})["expert"] = _FROM_CELL
    options = table.setdefault("objective", {}).setdefault("options", {}) if pairs or "teacher" in after else {}
    if "teacher" in after:
        options["teacher"] = _FROM_CELL
    if pairs is not None:
        options["answers"] = _FROM_CELL


def _put_method(table: dict[str, Any], value: Any, where: str) -> tuple[str, Sequence[float] | None]:
    """One value of the axis ``method``: a name, or a table."""
    entry = {"name": value} if isinstance(value, str) else value
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise PyriteError(f"{where}: axes.method holds names, or tables with a name, not {value!r}")
    for key in entry:
        if key not in _METHOD_KEYS:
            raise PyriteError(f"{where}: axes.method has no key {key!r}; {near(key, _METHOD_KEYS)}")
    method = {"name": entry["name"]}
    if "options" in entry:
        method["options"] = entry["options"]
    shared, own = table.get("method", {}), entry.get("recipe", {})
    if not isinstance(shared, dict) or not isinstance(own, dict):
        raise PyriteError(f"{where}: [method] and a method's recipe are tables")
    table["method"] = {**shared, **method} if shared.get("name") in (None, entry["name"]) else method
    for path, inner in _leaves(own):
        _put(table, path, inner, where)
    rates = entry.get("learning_rates")
    if rates is not None and not (isinstance(rates, list) and all(isinstance(r, float | int) for r in rates)):
        raise PyriteError(f"{where}: learning_rates of {entry['name']} is a list of numbers, not {rates!r}")
    return str(entry.get("label", entry["name"])), rates


def _leaves(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _put(table: dict[str, Any], path: str, value: Any, where: str) -> str:
    *parents, last = path.split(".")
    place = table
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            raise PyriteError(f"{where}: axes.{path} goes through {parent}, which is no table")
    place[last] = value
    return value if isinstance(value, str) else json.dumps(value)


def trains(recipe: Recipe) -> bool:
    """Does its method learn anything?"""
    from ..models.methods import get_method

    return get_method(recipe.method.name).trains


def _rates(recipe: Recipe, search: SearchSection, own: Sequence[float] | None, where: str) -> tuple[float, ...]:
    """The candidates of one cell; none for a method that does not train."""
    from ..models.methods import get_method

    if not trains(recipe):
        return ()
    method = get_method(recipe.method.name)
    if own is not None:
        if len(own) != len(search.rates):
            raise PyriteError(
                f"{where}: {len(own)} learning rates of its own, and [search] gives {len(search.rates)}: every method "
                "gets the same effort"
            )
        return tuple(float(rate) for rate in own)
    if search.factors:
        rate = recipe.schedule.learning_rate
        rate = method.learning_rate if rate is None else rate
        return tuple(float(f"{factor * rate:.6g}") for factor in search.factors)
    return search.learning_rates


def _check_analysis(study: Study, where: str) -> None:
    analysis = study.analysis
    first = next(iter(study.axes))
    labels = list(dict.fromkeys(cell.labels[first] for cell in study.cells))
    if analysis.baseline is not None and analysis.baseline not in labels:
        raise PyriteError(
            f"{where}: analysis.baseline is a value of the first axis ({first}); {near(analysis.baseline, labels)}"
        )
    if analysis.kind == "scaling":
        for axis in (*analysis.size_axes, "data.count"):
            if axis not in study.axes:
                raise PyriteError(f"{where}: a scaling analysis needs the axis {axis}")
            numbers = [value for value in study.axes[axis] if isinstance(value, int | float)]
            if len(numbers) < len(study.axes[axis]) and axis != "model.source":
                raise PyriteError(f"{where}: axes.{axis} holds numbers in a scaling analysis")
    validation = [name for name, section in study.also.items() if section.split == "validation"]
    if study.base.answers.problems.split == "validation" or validation:
        raise PyriteError(f"{where}: validation problems choose the rates; no table shows them")
