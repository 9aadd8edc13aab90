"""The runner for FormulationBench, on small pairs of our own and on the collection where it is at hand."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchmarks import formulation_bench as bench
from pyrite import Formulation
from pyrite.feasibility.convert import write
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.programs.compiling import build

COLLECTION = Path(__file__).resolve().parents[2] / "../shared/data/formulation-bench"
QUICK = ("p4-a_b", "p4-a_d", "p4-a_e", "p4-a_g", "p4-a_h", "p4-a_i", "p4-a_j")
UNRELATED = ("p4-a_h", "p4-a_i")


def mps(limit: int) -> bytes:
    document = {
        "variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
        "constraints": {"oven": f"2*bread + 4*cake <= {limit}", "shelf": "bread + cake <= 9"},
    }
    return gzip.compress(write(build(Formulation.from_dict(document)), "mps").encode())


def folder(path: Path, entries: list[dict[str, object]]) -> Path:
    (path / "pairs.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in entries), "utf-8")
    return path


def test_labels_are_held_against_relations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, limit in (("a", 20), ("same", 20), ("wider", 24)):
        (tmp_path / f"{name}.mps.gz").write_bytes(mps(limit))
    notes = {"same": "Re-scale the objective function.", "wider": "Arbitrarily remove constraints"}
    entries = [
        {"pair": f"{other}-{label}", "a": "a.mps.gz", "b": f"{other}.mps.gz", "reformulation": label, "np_hard": True,
         "note": notes[other]}
        for other in ("same", "wider") for label in (True, False)
    ]  # fmt: skip
    standings = [one.standing for one in bench.judged(folder(tmp_path, entries), Policy())]
    assert standings == ["agrees", "this data only", "contradicts", "agrees"]
    bench.main(["--folder", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "| objective rescaled | yes | 1 | 1 | 0 | 0 | 0 |" in printed
    assert "FLARE" in printed
    bench.main(["--folder", str(tmp_path), "--json"])
    assert [one["relation"] for one in json.loads(capsys.readouterr().out)][:2] == ["equivalent", "equivalent"]


def test_a_missing_folder_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["--folder", str(tmp_path / "nowhere")])
    assert "--folder" in capsys.readouterr().err


def collected(wanted: tuple[str, ...] | None, path: Path) -> list[bench.Judged]:
    entries = [json.loads(line) for line in (COLLECTION / "pairs.jsonl").read_text("utf-8").splitlines()]
    chosen = [
        {**e, "a": str(COLLECTION / e["a"]), "b": str(COLLECTION / e["b"])}
        for e in entries if wanted is None or e["pair"] in wanted
    ]  # fmt: skip
    return list(bench.judged(folder(path, chosen), Policy()))


@pytest.mark.skipif(not COLLECTION.is_dir(), reason="the collection is not here")
def test_quick_pairs_of_the_collection(tmp_path: Path) -> None:
    found = collected(QUICK, tmp_path)
    assert len(found) == len(QUICK)
    assert not any(one.standing == "contradicts" or one.refused for one in found)
    assert all(one.relation == "equivalent" for one in found if one.label)
    assert all(one.proof == "certified" for one in found if one.pair in UNRELATED)


@pytest.mark.slow
@pytest.mark.skipif(not COLLECTION.is_dir(), reason="the collection is not here")
def test_nothing_in_the_collection_is_contradicted(tmp_path: Path) -> None:
    found = collected(None, tmp_path)
    assert not any(one.standing == "contradicts" or one.refused for one in found)
