"""The folder of pages: golden files, byte stability, only what changed, bad input."""

import hashlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from reporting import BAKERY, RIGHT, UNDECLARED, WRONG, two_runs, undeclared_verdict, verdict, write_run, wrong_verdict

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.verdict import Finding, StageResult
from pyrite.reports.pages import site
from pyrite.reports.pages.site import write_site
from pyrite.results.collection import read_collection

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(autouse=True)
def one_version(monkeypatch):
    """Golden pages must not change with the version number."""
    monkeypatch.setattr(site, "_version", lambda: "x.y.z")
    site._environment.cache_clear()
    yield
    site._environment.cache_clear()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("name", ["index.html", "problems/bakery.html", "data.js"])
def test_pages_are_the_golden_ones(tmp_path, name):
    """PYRITE_UPDATE_GOLDEN=1 writes them anew; read the difference before committing it."""
    write_site(read_collection(two_runs(tmp_path)), tmp_path / "report")
    page = (tmp_path / "report" / name).read_text(encoding="utf-8")
    # The list of policy settings is the policy's business.
    page = re.sub(r"(policy )[0-9a-f]{16}(</summary>).*?</dl>", r"\1...\2", page, flags=re.DOTALL)
    golden = GOLDEN / Path(name).name
    if os.environ.get("PYRITE_UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(page, encoding="utf-8")
    assert page == golden.read_text(encoding="utf-8")


def test_the_same_runs_give_the_same_bytes(tmp_path):
    runs = two_runs(tmp_path)
    write_site(read_collection(runs), tmp_path / "one")
    write_site(read_collection(runs), tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_only_what_changed_is_written(tmp_path):
    problems = [BAKERY, {**BAKERY, "id": "other"}, {**BAKERY, "id": "third"}]
    outputs = dict.fromkeys(("bakery", "other", "third"), WRONG)
    verdicts = [wrong_verdict(name) for name in outputs]
    run = write_run(tmp_path / "run", verdicts, problems, outputs)
    first = write_site(read_collection([run]), tmp_path / "report")
    assert (first.written, first.kept, first.removed) == (9, 0, 0)
    again = write_site(read_collection([run]), tmp_path / "report")
    assert (again.written, again.kept) == (0, 9)
    # One verdict changes: its page, the table and numbers of the index, and which codes come first.
    verdicts[1] = undeclared_verdict("other")
    write_run(tmp_path / "run", verdicts, problems, {**outputs, "other": UNDECLARED})
    changed = write_site(read_collection([run]), tmp_path / "report")
    assert (changed.written, changed.kept) == (4, 5)
    # A deleted page comes back; a problem that is gone takes its page along, and its neighbours' links change.
    (tmp_path / "report" / "problems" / "third.html").unlink()
    assert write_site(read_collection([run]), tmp_path / "report").written == 1
    del outputs["other"]
    write_run(tmp_path / "run", [verdicts[0], verdicts[2]], [problems[0], problems[2]], outputs)
    gone = write_site(read_collection([run]), tmp_path / "report")
    assert gone.removed == 1
    assert not (tmp_path / "report" / "problems" / "other.html").exists()
    assert 'href="third.html"' in (tmp_path / "report" / "problems" / "bakery.html").read_text()


def test_nothing_of_somebody_else_is_removed(tmp_path):
    runs = two_runs(tmp_path)
    out = tmp_path / "report"
    write_site(read_collection(runs), out)
    (out / "notes.txt").write_text("mine")
    victim = tmp_path / "victim.html"
    victim.write_text("mine")
    status = json.loads((out / "status.json").read_text())
    status |= {"../victim.html": ["x"], "problems/../../victim.html": ["x"], "notes.txt": ["x"]}
    (out / "status.json").write_text(json.dumps(status))
    write_site(read_collection(runs), out)
    assert victim.exists()
    assert (out / "notes.txt").exists()


@pytest.mark.parametrize("text", ["", "[]", "not json", '{"index.html": 3}', '{"index.html": []}'])
def test_a_broken_status_file_only_costs_time(tmp_path, text):
    runs = two_runs(tmp_path)
    write_site(read_collection(runs), tmp_path / "report")
    before = contents(tmp_path / "report")
    (tmp_path / "report" / "status.json").write_text(text)
    write_site(read_collection(runs), tmp_path / "report")
    assert contents(tmp_path / "report") == before


def test_the_page_says_why(tmp_path):
    write_site(read_collection(two_runs(tmp_path)), tmp_path / "report")
    page = (tmp_path / "report" / "problems" / "bakery.html").read_text()
    assert "<title>A misuses a name or an index; B looks right, but its plan breaks 1 rule" in page
    assert "oven uses 160 minutes, 120 exist (40 too many)" in page
    assert ">overtime</mark>" in page
    assert "✕ B: its plan breaks this" in page
    assert '<mark><span class="number">160</span></mark>' in page
    assert page.count("<svg") == 2


def test_an_empty_run_and_a_single_problem_have_sensible_pages(tmp_path):
    empty = write_run(tmp_path / "empty", [], [BAKERY], {})
    write_site(read_collection([empty]), tmp_path / "a")
    assert "No output was judged" in (tmp_path / "a" / "index.html").read_text()
    assert "was not answered" in (tmp_path / "a" / "problems" / "bakery.html").read_text()
    single = write_run(tmp_path / "single", [verdict("bakery", None)], outputs={"bakery": RIGHT})
    write_site(read_collection([single]), tmp_path / "b")
    assert "100\u00a0% look right, 100\u00a0% are right" in (tmp_path / "b" / "index.html").read_text()


def test_runs_that_cannot_be_compared_are_refused_with_the_difference(tmp_path):
    first = write_run(tmp_path / "a", [wrong_verdict()])
    stricter = write_run(tmp_path / "b", [wrong_verdict()], value_tolerance=1e-4)
    with pytest.raises(PyriteError, match=r"policy value_tolerance is 1e-06 in a and 0.0001 in b"):
        read_collection([first, stricter])
    more = write_run(tmp_path / "c", [wrong_verdict()], [BAKERY, {**BAKERY, "id": "x"}])
    with pytest.raises(PyriteError, match=r"1 problem of c \('x' first\) not in a"):
        read_collection([first, more])
    other = write_run(tmp_path / "d", [wrong_verdict()], [{**BAKERY, "text": "Other words."}])
    with pytest.raises(PyriteError, match="stated differently"):
        read_collection([first, other])
    mixed = read_collection([first, stricter], allow_mixed=True)
    write_site(mixed, tmp_path / "report")
    for page in ("index.html", "problems/bakery.html"):
        assert "policy value_tolerance is 1e-06 in a" in (tmp_path / "report" / page).read_text()
    assert "What changed" not in (tmp_path / "report" / "index.html").read_text()


def test_folders_that_are_no_runs(tmp_path):
    with pytest.raises(PyriteError, match="does not exist"):
        read_collection([tmp_path / "nowhere"])
    with pytest.raises(PyriteError, match="is not a run folder"):
        read_collection([tmp_path])
    run = write_run(tmp_path / "run", [wrong_verdict()])
    with pytest.raises(PyriteError, match="the same run was given twice"):
        read_collection([run, run])
    (run / "verdicts.jsonl").unlink()
    with pytest.raises(PyriteError, match=r"has no verdicts\.jsonl: score it first"):
        read_collection([run])


def test_a_half_written_last_line_is_said_and_passed_over(tmp_path):
    run = write_run(tmp_path / "run", [wrong_verdict()])
    with open(run / "verdicts.jsonl", "a") as file:
        file.write('{"problem_id": "x", "sta')
    collection = read_collection([run])
    assert len(collection.runs[0].verdicts) == 1
    assert any("verdicts.jsonl" in note for note in collection.runs[0].notes)
    write_site(collection, tmp_path / "report")
    assert "verdicts.jsonl" in (tmp_path / "report" / "index.html").read_text()


def test_long_and_hostile_texts_are_cut_and_kept_whole_beside_the_page(tmp_path):
    text = "<script>alert(1)</script>\u202e" + "x" * 1_000_000
    problem = {**BAKERY, "id": "a/../b<i>", "text": "y" * 50_000}
    failed = verdict(problem["id"], "parses")
    run = write_run(tmp_path / "run", [failed], [problem], {problem["id"]: text})
    write_site(read_collection([run]), tmp_path / "report")
    pages = list((tmp_path / "report" / "problems").iterdir())
    page = next(path for path in pages if path.suffix == ".html")
    assert page.stat().st_size < 120_000
    whole = next(path for path in pages if path.name.endswith(".a0.txt"))
    assert whole.read_text(encoding="utf-8") == text
    assert any(path.name.endswith(".problem.txt") for path in pages)
    markup = page.read_text(encoding="utf-8")
    assert "<script>alert" not in markup
    assert "⟨U+202E⟩" in markup
    assert "\u202e" not in markup
    assert "1,000,026 characters" in markup


def test_out_that_is_a_file_is_one_clear_line(tmp_path):
    run = write_run(tmp_path / "run", [wrong_verdict()])
    (tmp_path / "file").write_text("")
    with pytest.raises(PyriteError, match="a folder of that name is needed"):
        write_site(read_collection([run]), tmp_path / "file")


def test_half_a_megabyte_in_every_field_still_makes_a_bounded_page(tmp_path):
    big = "é<" * 200_000
    reference = {
        "sets": {"S": [big, "b"]},
        "parameters": {"p": {"index": ["S"], "values": {big: 1, "b": 2}}},
        "variables": {"x" * 200_000: {"domain": "integer", "lower": 0}},
        "objective": {"sense": "maximize", "expression": "x" * 200_000},
        "constraints": {big: "x" * 200_000 + " <= 3", "two": {"for": big, "expression": big}},
    }
    problem = {"id": big, "text": big, "family": big, "source": big, "units": {"two": big}, "reference": reference}
    broken = {"kind": "row", "side": "upper", "value": 1e300}
    broken |= dict.fromkeys(("row", "constraint", "text", "sentence"), big)
    sound = StageResult.failed(Finding("unsound", big, hint=big), violated=[broken] * 3, plan={big: 1.0})
    made = wrong_verdict(big)
    made = replace(made, stages={**made.stages, "sound": sound}, problem_id=big)
    run = write_run(tmp_path / "run", [made], [problem], {big: big})
    write_site(read_collection([run]), tmp_path / "report")
    for path in (tmp_path / "report").rglob("*"):
        if path.suffix in (".html", ".js"):
            assert path.stat().st_size < 600_000, path


def test_everything_that_makes_a_page_is_in_the_digest(monkeypatch):
    """Code of any room that pages ask, templates, scripts and libraries: a change of any makes the pages anew."""
    from pyrite.reports.pages import site

    seen = []
    monkeypatch.setattr(
        hashlib,
        "sha256",
        lambda first: type("D", (), {"update": lambda self, b: seen.append(b), "hexdigest": lambda self: ""})(),
    )
    site._code_digest.__wrapped__()
    names = {entry.split(b"\0")[0].decode() for entry in seen}
    assert {
        "reports/pages/problem.py",
        "reports/charts.py",
        "reports/escaping.py",
        "reports/pages/templates/problem.html",
        "reports/pages/templates/pages.js",
        "results/statistics.py",
        "feasibility/verdict.py",
        "feasibility/language/mathematics.py",
        "feasibility/solver/words.py",
        "problems/problem.py",
    } <= names
    assert not {name for name in names if name.startswith(("models/", "cli/"))}
    assert any(name.startswith("jinja2 ") for name in names)
