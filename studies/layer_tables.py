"""The tables of where tuning changes a model, from finished cells alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..reports.tables.table import CellValue, Table, TableColumn
from .by_layer import THIRDS
from .plan import Study
from .records import CellResult
from .study import settings_of
from .summary import telling_axes

_MOST_ACROSS = 12
"""More layers than this stand below one another."""


def layer_tables(study: Study, results: Mapping[str, CellResult]) -> list[Table]:
    """How far weights and states moved, layer by layer, and what exchanged layers do; repetitions taken together."""
    known = _known(study, results)
    if not known:
        return []
    count = max(len(cells[0].layers["weights"]["layers"]) for _, cells in known)
    titles = ["setting", "change of", *(f"layer {number}" for number in range(1, count + 1)), "embeddings"]
    rows, records = [], []
    for label, cells in known:
        for what, values in (("weights", _weights(cells)), ("states", _states(cells))):
            padded = [f"{round(value, 4) + 0.0:.4f}" for value in values] + ["–"] * (count + 1 - len(values))
            rows.append([label, what, *padded])
            record: dict[str, CellValue] = {"setting": label, "what": what}
            names = [f"layer_{number}" for number in range(1, len(values) + 1)]
            if what == "weights":
                names[-1] = "embeddings"
            records.append(record | dict(zip(names, values, strict=True)))
    if count > _MOST_ACROSS:  # a line a layer
        titles, *rows = map(list, zip(titles, *rows, strict=True))
        titles = [title if number == 0 else f"{title}: {rows[0][number]}" for number, title in enumerate(titles)]
        titles[0], rows = "", rows[1:]
        columns = [TableColumn(title, numeric=number > 0) for number, title in enumerate(titles)]
    else:
        columns = [TableColumn(title, numeric=number > 1) for number, title in enumerate(titles)]
    notes = [
        "Weights: ||tuned - base|| / ||base|| of all of a layer's. States: 1 - cosine after a layer, mean over the "
        "tokens of references. Means over repetitions."
    ]
    moved = Table("layers", "Where tuning changes the model", columns, rows, notes, records)
    return [moved, _exchange_table(known)]


def layers_document(study: Study, results: Mapping[str, CellResult]) -> dict[str, Any]:
    """For ``results.json``: what every cell found."""
    return {"layers": {cell.name: dict(results[cell.name].layers) for cell in study.cells if cell.name in results}}


def _known(study: Study, results: Mapping[str, CellResult]) -> list[tuple[str, list[CellResult]]]:
    found, telling = [], telling_axes(study)
    for setting, cells in settings_of(study):
        done = [results[cell.name] for cell in cells if cell.name in results and results[cell.name].layers]
        if done:
            found.append((", ".join(label for axis, label in setting if axis in telling), done))
    return found


def _mean(columns: Sequence[Sequence[float]]) -> list[float]:
    return [sum(values) / len(values) for values in zip(*columns, strict=True)]


def _weights(cells: Sequence[CellResult]) -> list[float]:
    return _mean([[*cell.layers["weights"]["layers"], cell.layers["weights"]["embeddings"]] for cell in cells])


def _states(cells: Sequence[CellResult]) -> list[float]:
    return _mean([cell.layers["states"] for cell in cells])


def _exchange_table(known: Sequence[tuple[str, list[CellResult]]]) -> Table:
    rows, records = [], []
    for label, cells in known:
        for word in dict.fromkeys(item["what"] for item in cells[0].layers["exchanges"]):
            for third in THIRDS:
                same = [
                    item
                    for cell in cells
                    for item in cell.layers["exchanges"]
                    if item["what"] == word and item["third"] == third
                ]
                if not same:
                    continue
                total = sum(item["problems"] for item in same)
                passed = {score: sum(item[score] for item in same) for score in ("surface", "substance")}
                rows.append([label, word, third, *(f"{passed[s]}/{total}" for s in ("surface", "substance"))])
                records.append({"setting": label, "what": word, "third": third, "answers": total, **passed})
    columns = [TableColumn(name, numeric=False) for name in ("setting", "exchanged", "third")]
    columns += [TableColumn("surface"), TableColumn("substance")]
    notes = ["Embeddings, final norm and head stay those of the model that the layers are put into."]
    return Table("exchanges", "What single thirds of the layers carry", columns, rows, notes, records)
