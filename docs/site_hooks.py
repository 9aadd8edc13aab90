"""The documentation site is the repository's own pages: those that lie outside of ``docs`` are put in, links follow.

README.md is the front page. A link to a file that is no page of the site leads to the repository.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
LIVE = {"docs/examples/outputs": "example/index.html", "docs/examples/bakery-answer.txt": "bakery/index.html"}
"""What a link in a document names, and the live page of the site that shows it (`site_reports.py` writes them)."""
_LINK = re.compile(r"(?<=\]\()([^)#\s]+)(?=[)#])")


def _outside() -> dict[str, str]:
    """Pages outside of ``docs``: where they lie in the repository, and where in the site."""
    pages = {"README.md": "index.md"}
    pages |= {name: name for name in ("SECURITY.md", "CHANGELOG.md", "CONTRIBUTING.md") if (ROOT / name).is_file()}
    for path in sorted((ROOT / "reports" / "studies").glob("*/*")):
        if path.suffix in (".md", ".svg"):
            place = path.relative_to(ROOT).as_posix()
            pages[place] = place.removeprefix("reports/")
    return pages


def on_files(files: Files, config: Any) -> Files:
    """Put in the pages that lie outside of ``docs``."""
    for place, name in _outside().items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / place)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Let links that are right in the repository be right in the site."""
    outside = _outside()
    here = {name: place for place, name in outside.items()}
    uri = page.file.src_uri
    repository = here.get(uri, f"docs/{uri}")

    def follow(match: re.Match[str]) -> str:
        link = match[1]
        if re.match(r"[a-z]+:", link):
            return link
        target = posixpath.normpath(posixpath.join(posixpath.dirname(repository), link))
        name = LIVE.get(target) or outside.get(target) or target.removeprefix("docs/")
        if files.get_file_from_path(name) is None:
            return f"{config.repo_url.rstrip('/')}/blob/main/{target}"
        return posixpath.relpath(name, posixpath.dirname(uri) or ".")

    return _LINK.sub(follow, markdown)
