"""Documents: every link between them leads somewhere, and the site builds without a warning."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import pyrite

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("reports/studies/**/*.md"), *ROOT.glob("tests/*/*.md")]
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(
        r"^#+ (.*)$", FENCE.sub(lambda found: found[0].strip("`"), page.read_text(encoding="utf-8")), re.M
    )
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        place, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / place).resolve() if place else page
        assert target.exists(), f"{link} in {page.name}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{link} in {page.name}"


def test_the_changelog_is_as_it_says() -> None:
    """Newest first, this version on top, known headings, each entry once, a sentence, in lines that can be read."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (\d+)\.(\d+)\.(\d+) \((unreleased|\d{4}-\d\d-\d\d)\)$", text, re.M)
    assert len(versions) == len(re.findall(r"^## ", text, re.M)), (
        "a heading is `## 1.2.3 (2026-01-31)` or `(unreleased)`"
    )
    numbers = [tuple(map(int, version[:3])) for version in versions]
    assert numbers == sorted(numbers, reverse=True)
    assert ".".join(map(str, numbers[0])) == pyrite.__version__
    assert "unreleased" not in [version[3] for version in versions[1:]]
    entries: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        assert len(line) <= 160, f"line {number} is too long"
        assert line == line.rstrip(), f"line {number} ends in blanks"
        if line.startswith("- "):
            entries.append(line)
        elif line.startswith("  "):
            entries[-1] += f" {line.strip()}"
        elif entries:
            assert not line or line.startswith(("## ", "### ")), f"line {number} is neither entry nor heading"
    assert [entry for entry in entries if not entry.endswith(".")] == []
    assert len(set(entries)) == len(entries)
    assert "### \n" not in text
    assert not re.search(r"^### .*\n+(?=##|\Z)", text, re.M), "a heading without entries"


def test_every_page_is_in_the_sites_list() -> None:
    """A page that nobody can find; `mkdocs build --strict` refuses it, where mkdocs is installed."""
    listed = set(re.findall(r"[\w/.-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:")[2]))
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}
    pages |= {path.relative_to(ROOT / "reports").as_posix() for path in ROOT.glob("reports/studies/*/README.md")}
    assert listed - {"SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "index.md"} == pages


@pytest.mark.slow
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    pytest.importorskip("mkdocstrings")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    page = (tmp_path / "site" / "api" / "index.html").read_text(encoding="utf-8")
    assert 'id="pyrite.api.score"' in page
    assert "&gt;&gt;&gt;" in page
    assert (tmp_path / "site" / "studies" / "orlm" / "index.html").is_file()
    front = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    for name in ("example", "bakery"):
        assert f'href="{name}/"' in front
        assert list((tmp_path / "site" / name / "problems").glob("*.html"))
