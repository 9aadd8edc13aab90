"""Problems, outputs and verdicts to parquet and back: the same bytes; hostile files within limits, in one line."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from commands import pyrite
from hypothesis import given, settings
from hypothesis import strategies as st

from pyrite.feasibility.errors import PyriteError
from pyrite.problems import parquet as bounded
from pyrite.problems.columns import COLUMNS, export_problems, from_row, is_ours, to_row
from pyrite.problems.families import FAMILIES, draw
from pyrite.problems.files import read_problems
from pyrite.problems.importers.importing import import_problems
from pyrite.problems.lines import line_of, write_lines
from pyrite.problems.parquet import read_parquet, write_parquet
from pyrite.problems.problem import Problem
from pyrite.results.exchange import export_run, import_run, output_from_row, output_to_row
from pyrite.results.outputs import Output
from pyrite.results.readers.reading import read_answers
from pyrite.results.run import RunFolder

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

ODD = [
    {"id": "big", "text": "a", "optimum": 2**70},
    {"id": "digits", "text": "a", "optimum": 0.1, "sourse_page": [1, None, {"x": "\ud800"}]},
    {"id": "huge", "text": "a", "optimum": 10**400},
    {"id": "sur\ud800rogate", "text": "half \udfff of a letter", "optimum": -0.5},
    {"id": "zero", "text": "a\x00b\r\nc", "optimum": 0, "family": "", "split": "train"},
    {"id": "plan", "text": "a", "task": "plan", "status": "infeasible", "units": {"x": "kg"}},
    {"id": "readings", "text": "a", "optimum": 3, "readings": {"divisible": {"optimum": 3.5}}},
]


def problems() -> list[Problem]:
    drawn = [draw(name, 3) for name in FAMILIES]
    return [*drawn, *(Problem.from_dict(document) for document in ODD)]


def test_problems_come_back_as_they_were(tmp_path: Path) -> None:
    wanted = [line_of(problem.to_dict()) for problem in problems()]
    export_problems(problems(), tmp_path / "p.parquet")
    assert is_ours(next(read_parquet(tmp_path / "p.parquet", "p")))
    found = import_problems(tmp_path / "p.parquet")
    assert found.format == "pyrite"
    assert not found.remarks
    assert [line_of(problem.to_dict()) for problem in found.problems] == wanted


def test_a_folder_is_a_data_set_of_the_hub(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    known = [draw("knapsack", seed) for seed in range(6)]
    export_problems(known, tmp_path / "hub")
    splits = {problem.split or "test" for problem in known}
    assert {path.stem for path in (tmp_path / "hub").glob("*.parquet")} == splits
    loaded = datasets.load_dataset(str(tmp_path / "hub"), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == splits
    loaded.save_to_disk(str(tmp_path / "saved"))
    for folder in ("hub", "saved"):
        found = import_problems(tmp_path / folder).problems
        assert sorted(map(repr, found)) == sorted(map(repr, known))


def test_a_split_names_no_file_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(PyriteError, match="cannot name a file"):
        export_problems([Problem.from_dict({"id": "a", "text": "a", "split": "../up"})], tmp_path / "hub")


texts = st.text(st.characters(), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"problem_id": texts.filter(bool), "sample": st.integers(0, 2**70), "output": texts},
            optional={
                "finish": texts,
                "seconds": st.floats(0, 1e6) | st.integers(0, 9),
                "tokens": values,
                "extra": values,
            },
        ),
        max_size=4,
    )
)
def test_outputs_come_back_as_they_were(tmp_path_factory: pytest.TempPathFactory, documents: list[dict]) -> None:
    path = tmp_path_factory.mktemp("o") / "o.parquet"
    from pyrite.results.exchange import OUTPUT_COLUMNS

    lines = [Output.from_dict(document).to_dict() for document in documents]
    write_parquet(path, OUTPUT_COLUMNS, map(output_to_row, lines))
    back = [Output.from_dict(output_from_row(row)) for row in read_parquet(path, "o")]
    assert back == [Output.from_dict(line) for line in lines]


def test_a_run_comes_back_byte_for_byte(tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(EXAMPLES / "run", run)
    lines = [json.loads(line) for line in (run / "verdicts.jsonl").read_text(encoding="utf-8").splitlines()]
    lines[0]["optimum"], lines[1]["later"] = 2**70, {"text": "\ud800"}
    write_lines(run / "verdicts.jsonl", lines)
    problems_file = read_problems(run / "problems.jsonl")
    write_lines(run / "problems.jsonl", (problem.to_dict() for problem in problems_file))
    assert export_run(RunFolder(run), tmp_path / "exported") == dict.fromkeys(("problems", "outputs", "verdicts"), 40)
    import_run(tmp_path / "exported", RunFolder(tmp_path / "back"))
    for name in ("problems.jsonl", "outputs.jsonl", "verdicts.jsonl", "run.json", "summary.json"):
        assert (tmp_path / "back" / name).read_bytes() == (run / name).read_bytes(), name
    again = read_answers(tmp_path / "exported" / "outputs.parquet", problems_file)
    assert list(again) == list(RunFolder(run).read_outputs())
    assert not again.complaints
    with pytest.raises(PyriteError, match="holds a run already"):
        import_run(tmp_path / "exported", RunFolder(tmp_path / "back"))


def test_the_columns_say_what_the_verdicts_say(tmp_path: Path) -> None:
    export_run(RunFolder(EXAMPLES / "run"), tmp_path / "exported")
    summary = json.loads((EXAMPLES / "run" / "summary.json").read_text(encoding="utf-8"))
    rows = list(read_parquet(tmp_path / "exported" / "verdicts.parquet", "v"))
    for score in ("surface", "substance"):
        counts = [sum(row[score] is value for row in rows) for value in (True, False, None)]
        assert counts == [summary[score][name] for name in ("passed", "failed", "unknown")]
    for stage, rate in summary["stages"].items():
        passed = sum(row[f"stage_{stage}"] == "pass" for row in rows)
        assert passed == rate["passed"], stage
    assert all(row["message"] for row in rows if not row["substance"])


def test_the_commands(tmp_path: Path) -> None:
    done = pyrite("export", str(EXAMPLES / "run"), "--out", str(tmp_path / "x"), "--json")
    assert json.loads(done.stdout)["rows"]["verdicts"] == 40
    done = pyrite("problems", "export", str(EXAMPLES / "problems.jsonl"), "--out", str(tmp_path / "p.parquet"))
    assert "40 problems" in done.stdout
    for wrong, words in (
        (["export", str(tmp_path / "x"), "--out", str(tmp_path / "y")], "is an export already"),
        (["export", str(tmp_path / "none"), "--out", str(tmp_path / "y")], "is no folder"),
        (["export", str(tmp_path), "--out", str(tmp_path / "y")], "no verdicts.jsonl"),
        (["export", str(tmp_path), "--out", str(tmp_path / "y"), "--format", "run"], "no problems.parquet"),
        (["export", str(EXAMPLES / "run"), "--out", str(EXAMPLES / "run")], "is the run itself"),
    ):
        done = pyrite(*wrong)
        assert done.returncode == 2
        assert words in done.stderr
        assert done.stderr.count("\n") == 1


# Hostile files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nested", [False, True])
def test_a_text_said_once_and_repeated_is_counted_as_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nested: bool
) -> None:
    text = "x" * 100_000
    cells = pa.array([[{"a": text}] if nested else text] * 400)
    pq.write_table(pa.table({"problem_id": pa.array(["p"] * 400), "output": cells}), tmp_path / "bomb.parquet")
    assert (tmp_path / "bomb.parquet").stat().st_size < 20_000
    monkeypatch.setattr(bounded, "MOST_BYTES", 10_000_000)
    rows = read_parquet(tmp_path / "bomb.parquet", "bomb")
    with pytest.raises(PyriteError, match="its rows hold more than"):
        for _ in rows:
            pass


def test_rows_of_nothing_cost_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq.write_table(pa.table({"output": pa.nulls(200_000, pa.string())}), tmp_path / "bomb.parquet")
    monkeypatch.setattr(bounded, "MOST_BYTES", 1_000_000)
    with pytest.raises(PyriteError, match="its rows hold more than"):
        list(read_parquet(tmp_path / "bomb.parquet", "bomb"))


def test_damaged_files_are_said_in_one_line(tmp_path: Path) -> None:
    """Every byte changed, cut or repeated gives rows or one PyriteError, nothing else."""
    write_parquet(tmp_path / "whole.parquet", COLUMNS, map(to_row, problems()[:3]))
    whole = (tmp_path / "whole.parquet").read_bytes()
    rng = random.Random(7)
    path = tmp_path / "damaged.parquet"
    refused = 0
    for _ in range(150):
        raw = bytearray(whole)
        for _ in range(rng.choice((1, 1, 3, 30))):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        path.write_bytes(raw[: rng.choice((len(raw), len(raw), rng.randrange(len(raw))))])
        try:
            for row in read_parquet(path, "damaged"):
                Problem.from_dict(from_row(row))
        except PyriteError:
            refused += 1
    assert refused > 50
