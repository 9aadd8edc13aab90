"""``pyrite report`` and ``pyrite compare`` as people and programs run them."""

import json

import pytest
from reporting import BAKERY, RIGHT, WRONG, two_runs, verdict, write_lines, write_run, wrong_verdict


def test_report_writes_pages_and_prints_plain_tables(pyrite, tmp_path):
    before, after = two_runs(tmp_path)
    done = pyrite("report", before, after, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "index.html").exists()
    assert "\x1b" not in done.stdout
    assert "Surface and substance" in done.stdout
    assert "before → after" in done.stdout
    assert "index.html" in done.stderr


def test_report_as_json_is_one_document(pyrite, tmp_path):
    before, after = two_runs(tmp_path)
    done = pyrite("report", before, after, "--json", "--out", tmp_path / "out")
    document = json.loads(done.stdout)
    names = [table["name"] for table in document["tables"]]
    assert names[:2] == ["scores", "stages"]
    assert document["tables"][0]["rows"][1]["surface_rate"] == 1.0


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        ("markdown", ["report.md"]),
        ("latex", ["report.tex"]),
        ("csv", ["outputs.csv", "scores.csv"]),
        ("parquet", ["outputs.parquet"]),
    ],
)
def test_formats_for_papers(pyrite, tmp_path, kind, files):
    before, after = two_runs(tmp_path)
    done = pyrite("report", before, after, "--format", kind, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert all((tmp_path / "out" / name).stat().st_size > 100 for name in files)


def test_compare_shows_pass_at_k_where_problems_have_several_answers(pyrite, tmp_path):
    """Before: two of four right on both problems; after: all of one, none of the other."""
    runs = []
    for name, right in (("before", {"a": 2, "b": 2}), ("after", {"a": 4, "b": 0})):
        verdicts = [
            verdict(i, None if sample < count else "value", sample) for i, count in right.items() for sample in range(4)
        ]
        run = write_run(tmp_path / name, verdicts, [{**BAKERY, "id": i} for i in right], {})
        lines = [{"problem_id": i, "sample": sample, "output": RIGHT} for i in right for sample in range(4)]
        write_lines(run / "outputs.jsonl", lines)
        runs.append(run)
    done = pyrite("compare", *runs)
    assert "pass@k, before and after" in done.stdout, done.stderr
    rows = json.loads(pyrite("compare", *runs, "--json").stdout)["pass_at_k"]
    found = {(row["k"], row["score"]): (round(row["first"], 6), row["second"]) for row in rows}
    assert found[1, "substance"] == (0.5, 0.5)
    assert found[2, "substance"] == (round(5 / 6, 6), 0.5)
    assert found[4, "substance"] == (1.0, 0.5)
    assert "pass@k" in pyrite("report", *runs, "--out", tmp_path / "out").stdout


def test_compare_in_words_and_as_json(pyrite, tmp_path):
    before, after = two_runs(tmp_path)
    done = pyrite("compare", before, after)
    assert done.returncode == 0, done.stderr
    assert "exact McNemar" in done.stdout
    assert "With 1 problem no drop at all would be seen" in done.stdout
    document = json.loads(pyrite("compare", before, after, "--json").stdout)
    flip = document["flips"][0]
    assert (flip["outcome"], flip["direction"], flip["problem_id"], flip["sample"]) == (
        "surface",
        "gained",
        "bakery",
        0,
    )
    assert flip["code"] == "undeclared-name"
    assert flip["why"]
    assert document["decomposition"]["gain"] == 0


def test_refusals_are_one_line_and_exit_code_2(pyrite, tmp_path):
    first = write_run(tmp_path / "a", [wrong_verdict()])
    second = write_run(tmp_path / "b", [wrong_verdict()], mip_gap=0.1)
    for arguments in (
        ["report", first, second],
        ["compare", first, second],
        ["report", tmp_path / "nowhere"],
        ["report", first, "--format", "pdf"],
        ["report", first, "--cluster", "moon"],
    ):
        done = pyrite(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.strip().splitlines()) == 1
    assert "mip_gap is 0.0 in a and 0.1 in b" in pyrite("compare", first, second).stderr
    allowed = pyrite("compare", first, second, "--allow-mixed")
    assert allowed.returncode == 0
    assert "mixed: policy mip_gap" in allowed.stderr


def test_mixed_runs_are_marked_in_every_format(pyrite, tmp_path):
    first = write_run(tmp_path / "a", [wrong_verdict()])
    second = write_run(tmp_path / "b", [wrong_verdict()], mip_gap=0.1)
    for kind, name in (("markdown", "report.md"), ("latex", "report.tex"), ("html", "problems/bakery.html")):
        done = pyrite("report", first, second, "--allow-mixed", "--format", kind, "--out", tmp_path / kind)
        assert done.returncode == 0, done.stderr
        assert "mip_gap is 0.0 in a and 0.1 in b" in (tmp_path / kind / name).read_text()


def test_clustering_by_family_is_in_the_pages_and_the_tables(pyrite, tmp_path):
    names = [f"p{i}" for i in range(24)]
    problems = [{**BAKERY, "id": name, "family": f"f{i % 4}"} for i, name in enumerate(names)]
    verdicts = [verdict(name, "value" if i % 4 < 2 else None) for i, name in enumerate(names)]
    run = write_run(tmp_path / "run", verdicts, problems, dict.fromkeys(names, WRONG))
    by_problem = pyrite("report", run, "--out", tmp_path / "a")
    by_family = pyrite("report", run, "--cluster", "family", "--out", tmp_path / "b")
    assert "50.0 % (31.4–68.6)" in by_problem.stdout
    assert "50.0 % (31.4–68.6)" not in by_family.stdout
    assert "clustered by family (4 families" in by_family.stdout
    assert "clustered by family (4 families" in (tmp_path / "b" / "index.html").read_text()
    assert "31.4–68.6" not in (tmp_path / "b" / "index.html").read_text().split("Families")[0]


@pytest.fixture
def repaired(pyrite, tmp_path):
    """Five bakeries, two runs with repairs: spelled wrong twice, unanswered twice, one never asked; then better."""
    right, spelled = RIGHT, RIGHT.replace('"', "'")
    problems = tmp_path / "problems.jsonl"
    write_lines(problems, [{**BAKERY, "id": f"p{number}"} for number in range(5)])
    for name, texts in (("a", [spelled, spelled, None, ""]), ("b", [spelled, right, None, right])):
        rows = [{"problem_id": f"p{number}", "output": text} for number, text in enumerate(texts)]
        write_lines(tmp_path / f"{name}.jsonl", rows)
        command = ["score", problems, tmp_path / f"{name}.jsonl", "--out", tmp_path / name]
        done = pyrite(*command, "--set", "repair=form", "--workers", 0)
        assert done.returncode == 0, done.stderr
    return tmp_path / "a", tmp_path / "b"


def test_what_stands_beside_the_rates_is_in_report_and_compare(pyrite, repaired, tmp_path):
    first, second = repaired
    document = json.loads(pyrite("compare", first, second, "--json").stdout)
    before, after = document["scores"]
    assert [row["outputs"] for row in (before, after)] == [4, 4]
    assert [row["not_answered"] for row in (before, after)] == [2, 1]
    assert before["not_answered_reasons"] == "empty-output 1, no-output 1"
    assert [row["not_asked"] for row in (before, after)] == [1, 1]
    assert [row["surface_rate"] for row in (before, after)] == [0, 0.5]
    assert [row["substance_rate"] for row in (before, after)] == [0, 0.5]
    assert [row["substance_after_repair_rate"] for row in (before, after)] == [0.5, 0.75]
    # Both scores gain two; after repair it is one: the other was spelling.
    gained = {row["outcome"]: row["gained"] for row in document["changes"]}
    assert (gained["substance"], gained["substance after repair"]) == (2, 1)

    words = "a: not answered: 2 (empty-output 1, no-output 1), counted as wrong; 1 problem never asked, in no rate."
    shown = pyrite("compare", first, second).stdout
    report = pyrite("report", first, second, "--out", tmp_path / "out")
    page = (tmp_path / "out" / "index.html").read_text()
    assert words in shown
    assert words in report.stdout
    assert words in page
    for title in ("Substance after repair", "Not answered", "Never asked"):
        assert f'<span role="columnheader">{title}</span>' in page
    # The summary that score wrote says the same.
    summary = json.loads((first / "summary.json").read_text())
    assert sum(summary["not_answered"].values()) == before["not_answered"]
    assert summary["not_asked"] == before["not_asked"]
    assert summary["substance_after_repair"]["rate"] == before["substance_after_repair_rate"]


def test_tables_of_runs_of_which_only_one_has_a_gap_go_to_csv(pyrite, repaired, tmp_path):
    first, second = repaired
    done = pyrite("report", first, second, "--format", "csv", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "substance_after_repair_rate" in (tmp_path / "out" / "scores.csv").read_text().splitlines()[0]


def test_without_repairs_and_silence_nothing_stands_beside(pyrite, tmp_path):
    before, after = two_runs(tmp_path)
    shown = pyrite("compare", before, after).stdout.lower()
    assert not any(words in shown for words in ("repair", "not answered", "never asked"))
    scores = json.loads(pyrite("compare", before, after, "--json").stdout)["scores"]
    assert not any("repair" in key or "not_a" in key for row in scores for key in row)
