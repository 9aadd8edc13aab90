"""Tables in every format, and what they say."""

import csv
import io
import json

import pytest
from reporting import BAKERY, WRONG, two_runs, undeclared_verdict, verdict, write_run, wrong_verdict

from pyrite.reports.tables.exports import markdown, outputs_csv, outputs_parquet, table_csv
from pyrite.reports.tables.latex import LINES, latex
from pyrite.reports.tables.overview import (
    all_tables,
    changes_table,
    flips_table,
    pair_of,
    pairs_of,
    stages_table,
)
from pyrite.reports.tables.scores import scores_table
from pyrite.reports.tables.sensitivity import RULES, changed, examine, moved, sensitivity_tables
from pyrite.reports.tables.table import Table, TableColumn
from pyrite.results.collection import find_number, read_collection, run_names

NASTY = "a|b_c & 5 % $x$ #{1} ~^ \\ <b> [x] `y`\nnew *line*"


@pytest.fixture
def nasty():
    columns = [TableColumn("na|me", False), TableColumn("n")]
    return Table("t", "Title & more", columns, [[NASTY, "1"], ["=1+1", "2"]], ["note_1"], [{"name": "=1+1", "n": 2}])


def test_plain_lines_up(nasty):
    lines = nasty.plain().splitlines()
    assert lines[0] == "Title & more"
    assert len(lines) == 6
    assert lines[3].rstrip().endswith("1")
    assert len(lines[3]) == len(lines[4])


def test_markdown_cells_stay_in_their_cell(nasty):
    lines = markdown(nasty).splitlines()
    body = [line for line in lines if line.startswith("|")]
    unescaped = [line.replace("\\|", "") for line in body]
    assert all(line.count("|") == 3 for line in unescaped)
    assert "\\<b\\>" in body[2]


def test_latex_escapes_everything(nasty):
    text = latex(nasty)
    row = next(line for line in text.splitlines() if "textbackslash" in line)
    assert row.count(" & ") == 1 or row.count(r"\&") == 1
    assert r"\toprule" in text
    assert r"\bottomrule" in text
    assert r"5 \% \$x\$ \#\{1\} \textasciitilde{}\textasciicircum{}" in row
    assert text.count("{") == text.count("}")


def test_csv_reads_back_and_runs_no_formula(nasty):
    read = list(csv.DictReader(io.StringIO(table_csv(nasty))))
    assert read == [{"name": "'=1+1", "n": "2"}]
    assert table_csv(Table("t", "t", [], [])) == ""
    for sign in ("=", "+", "-", "@", "\t=", "\r", "\n=", " =", "＝"):
        text = f"{sign}cmd|'/C calc'!A0"
        head, cell = list(
            csv.reader(io.StringIO(table_csv(Table("t", "t", [], [], records=[{text: text}])), newline=""))
        )
        assert head == cell == ["'" + text.replace("\r", "\n")]
    assert table_csv(Table("t", "t", [], [], records=[{"a": -1.5}])) == "a\n-1.5\n"


def test_a_printed_table_gives_no_command_to_the_ci_system():
    foreign = "x ##[error]y"
    table = Table("t", foreign, [TableColumn(foreign)], [[foreign]], notes=["::error::z\x1b[31m", foreign])
    shown = table.plain()
    assert "##[" not in shown
    assert not any(line.lstrip().startswith("::") for line in shown.splitlines())


def test_rich_shows_brackets_as_text(nasty):
    from rich.console import Console

    stream = io.StringIO()
    Console(file=stream, width=200, force_terminal=False).print(nasty.rich())
    assert "[x]" in stream.getvalue()


def test_outputs_as_csv_and_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow.parquet")
    collection = read_collection(two_runs(tmp_path))
    read = list(csv.DictReader(io.StringIO(outputs_csv(collection))))
    assert [(row["run"], row["surface"], row["first_failure"]) for row in read] == [
        ("before", "false", "names"),
        ("after", "true", "sound"),
    ]
    outputs_parquet(collection, tmp_path / "o.parquet")
    table = pyarrow.read_table(tmp_path / "o.parquet").to_pylist()
    assert [row["substance"] for row in table] == [False, False]
    assert table[1]["sound_code"] == "unsound"
    assert set(table[0]) == set(read[0])


def test_scores_and_stages_agree_with_the_verdicts(tmp_path):
    names = [f"p{i}" for i in range(20)]
    verdicts = [verdict(name, None if i < 5 else "value" if i < 15 else "schema") for i, name in enumerate(names)]
    run = write_run(tmp_path / "run", verdicts, [{**BAKERY, "id": n} for n in names], dict.fromkeys(names, WRONG))
    collection = read_collection([run])
    record = scores_table(collection).records[0]
    assert (record["surface_rate"], record["substance_rate"]) == (0.75, 0.25)
    assert record["substance_given_surface_rate"] == pytest.approx(1 / 3)
    assert record["gap"] == 0.5
    stages = {item["stage"]: item for item in stages_table(collection).records}
    assert stages["sound"]["all_passed"] == 15
    assert stages["value"]["given_surface_failed"] == 10
    json.dumps([table.to_dict() for table in all_tables(collection)])


def test_a_pair_of_runs_in_words(tmp_path):
    names = [f"p{i}" for i in range(30)]
    problems = [{**BAKERY, "id": name} for name in names]
    first = [verdict(name, "schema" if i < 15 else "value") for i, name in enumerate(names)]
    second = [verdict(name, "value" if i < 15 else None) for i, name in enumerate(names)]
    runs = [write_run(tmp_path / n, v, problems, dict.fromkeys(names, WRONG)) for n, v in (("a", first), ("b", second))]
    pair = pair_of(*read_collection(runs).runs)
    assert pair.split.by_surface + pair.split.by_substance == pytest.approx(0.5)
    assert "b gains 50.0 points of substance over a" in pair.words
    assert "With 30 problems a drop of under" in pair.power
    assert len(pair.flips) == 30


def test_holm_counts_the_comparisons_of_all_pairs(tmp_path):
    names = [f"p{i}" for i in range(12)]
    problems = [{**BAKERY, "id": name} for name in names]
    kinds = {"a": "schema", "b": "value", "c": None}
    runs = [
        write_run(tmp_path / run, [verdict(name, kind) for name in names], problems, dict.fromkeys(names, WRONG))
        for run, kind in kinds.items()
    ]
    collection = read_collection(runs)
    two, three = pairs_of(read_collection(runs[:2])), pairs_of(collection)
    assert [pair.second.name for pair in three] == ["b", "c"]
    surface = [next(c for c in pairs[0].changes if c.outcome == "surface") for pairs in (two, three)]
    assert surface[0].p == surface[1].p < surface[0].p_holm < surface[1].p_holm
    # To b: schema to sound and the surface moved alike, parses did not, nor value to substance. To c: all but parses.
    assert (two[0].tests, three[0].tests) == (3, 5)
    assert "adjusted for 5 different comparisons" in changes_table(three[1]).notes[0]
    table = flips_table(three[0], 3)
    assert (len(table.rows), len(table.records)) == (3, 12)


def test_names_of_runs(tmp_path):
    assert run_names([tmp_path / "x" / "run", tmp_path / "y" / "run"]) == ["x/run", "y/run"]
    assert run_names([tmp_path / "a", tmp_path / "b"]) == ["a", "b"]
    assert find_number({"recipe": {"examples": 200}}, ("examples",)) == 200
    assert find_number({"recipe": {"examples": True}}, ("examples",)) is None


def test_a_changed_formulation():
    document = {
        "variables": {"a": {"domain": "binary"}, "b": {"domain": "integer", "lower": 0}},
        "objective": {"sense": "minimize", "expression": "a"},
        "constraints": {},
    }
    continuous = changed(document, "continuous")
    assert continuous["variables"]["a"] == {"domain": "continuous", "lower": 0, "upper": 1}
    assert changed(document, "integer") == document
    assert changed(document, "other-sense")["objective"]["sense"] == "maximize"
    assert document["variables"]["a"] == {"domain": "binary"}


def output(oven: int, sense: str = "maximize", domain: str = "integer") -> str:
    text = json.dumps(BAKERY["reference"]).replace("120", f"{oven}").replace("maximize", sense)
    return text.replace('"integer"', f'"{domain}"')


def test_published_rules_forgive_what_they_are_known_to_forgive(tmp_path):
    """Optimum 170. An oven of 123 minutes gives 172 (1.2 % off); kinds and senses change what they change."""
    from pyrite.api import score
    from pyrite.problems.problem import Problem

    fractional = json.loads(json.dumps(BAKERY["reference"]).replace("120", "121"))
    problems = [
        {**BAKERY, "id": "near"},
        {**BAKERY, "id": "sense"},
        {**BAKERY, "id": "kind", "reference": fractional},
        {**BAKERY, "id": "far"},
        {**BAKERY, "id": "right"},
        {"id": "none", "text": "impossible", "status": "infeasible"},
    ]
    outputs = {
        "near": output(123),
        "sense": output(120, "minimize"),
        "kind": output(121, domain="continuous"),
        "far": output(180),
        "right": output(120),
        "none": output(120).replace("bread + cake <= 50", "bread >= 9000"),
    }
    verdicts = score(
        [Problem.from_dict(problem) for problem in problems],
        [{"problem_id": name, "output": text} for name, text in outputs.items()],
        workers=0,
    )
    run = read_collection([write_run(tmp_path / "run", verdicts, problems, outputs)]).runs[0]
    examined = examine(run, workers=0)
    accepted = {
        name: {key[0]: value for key, value in zip(examined.keys, found, strict=True)}
        for name, found in examined.accepted.items()
    }
    assert {name: by["near"] for name, by in accepted.items()} == {
        "1e-6": False,
        "1e-4": False,
        "5 % after rounding": True,
        "types flipped": False,
        "types and sense flipped": True,
    }
    assert [by["sense"] for by in accepted.values()] == [False, False, False, False, True]
    assert [by["kind"] for by in accepted.values()] == [False, False, True, True, True]
    assert [by["far"] for by in accepted.values()] == [False] * 5
    assert [by["right"] for by in accepted.values()] == [True] * 5
    assert [by["none"] for by in accepted.values()] == [True, False, True, True, True]
    more, fewer = moved(examined, RULES[4])
    assert {key[0] for key in more} == {"near", "sense", "kind"}
    assert fewer == []
    tables = sensitivity_tables(read_collection([tmp_path / "run"]), [examined])
    assert [table.name for table in tables] == ["sensitivity", "moved"]
    last = tables[0].records[-1]
    assert (last["accepted"], last["accepted_here_only"]) == (5, 3)


def test_made_up_verdicts_read_back():
    for made in (wrong_verdict(), undeclared_verdict()):
        assert type(made).from_dict(json.loads(json.dumps(made.to_dict()))).to_dict() == made.to_dict()


def test_latex_is_no_wider_than_the_line_and_no_higher_than_a_page():
    columns = [TableColumn("run", False), *[TableColumn(f"substance given surface {i}") for i in range(12)]]
    rows = [["a_very-long/name" * 9, *["83.3 % (77.1–88.0)"] * 12] for _ in range(60)]
    written = latex(Table("t", "Title", columns, rows, ["a" * 300]))
    floats = written.split(r"\begin{table}")[1:]
    assert len(floats) > 1
    for text in floats:
        # The width is bounded by TeX itself; nothing of the float stands outside of the box that bounds it.
        assert text.count(r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%") == 1
        assert text.count(r"\end{tabular}}" + "\n") == 1
        lines = sum(2 if "scriptsize" in line else 1 for line in text.splitlines() if line.endswith(r"\\"))
        assert lines <= LINES + 2
    assert r"\scriptsize (77.1--88.0)" in written
    assert written.count(r"\label{tab:t}") == 1
    assert "a" * 40 not in written  # no word of the notes is longer than a line
    assert written.count("{") == written.count("}")
