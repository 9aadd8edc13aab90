"""Writes the folder of pages: only what changed, and the same bytes for the same runs.

``status.json`` in the folder remembers a digest of what each page was made from. A page whose digest is the same and
that is still there is not made again; a page whose problem is gone is removed, and nothing else ever is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ...feasibility.disk import make_folder, plain_file, read_whole, storable, write_whole
from ...feasibility.errors import PyriteError
from ...results.collection import Collection
from ...results.statistics import Cluster
from ..escaping import file_name, shortened, visible
from ..tables.table import Table
from .index import code_groups, index_context, table_data
from .locating import visible_attribute
from .problem import ProblemPage, problem_page

ASSETS = ("style.css", "pages.js", "index.js")
STATUS = "status.json"
_WRITTEN = "written"


@dataclass(frozen=True, slots=True)
class WrittenSite:
    """What was done: pages of the site, and how many of its files were written anew, left as they were, removed."""

    folder: Path
    pages: int
    written: int
    kept: int
    removed: int


def write_site(
    collection: Collection,
    out: Path,
    *,
    sensitivity: Sequence[Table] = (),
    cluster: Cluster = "problem",
    progress: Callable[[int, int], None] | None = None,
) -> WrittenSite:
    """Write the pages of these runs into ``out`` (made when missing). ``progress`` is told (pages done, pages)."""
    make_folder(out)
    make_folder(out / "problems")
    old, contents = _read_status(out)
    new: dict[str, list[str]] = {}
    written = 0
    context = index_context(collection, sensitivity, cluster)
    texts = {name: _asset(name) for name in ASSETS}
    texts["data.js"] = table_data(collection)
    texts["index.html"] = _render("index.html", **context)
    texts["codes.html"] = _render("codes.html", groups=code_groups(collection), mixed=list(collection.mixed), root="")
    for name, text in texts.items():
        new[name] = [_digest(text)]
        if not _is_there(out, name, old, new[name][0]):
            contents[name] = _write(out / name, text)
            written += 1
    identifiers = collection.problem_ids
    names = _page_names(identifiers)
    runs = [[run.name, run.policy.digest] for run in collection.runs]
    shared = _digest([_code_digest(), list(collection.mixed), runs])
    for i, identifier in enumerate(identifiers):
        previous = names[i - 1] + ".html" if i else ""
        following = names[i + 1] + ".html" if i + 1 < len(names) else ""
        digest = _digest([shared, previous, following, _source(collection, identifier)])
        name = f"problems/{names[i]}.html"
        if _is_there(out, name, old, digest):
            new[name] = old[name]
        else:
            page = problem_page(collection, identifier)
            contents[name] = _write(out / name, _page_html(page, collection, previous, following))
            for extra, text in page.files.items():
                contents[f"problems/{extra}"] = _write(out / "problems" / extra, text)
            new[name] = [digest, *(f"problems/{extra}" for extra in page.files)]
            written += 1
        if progress is not None:
            progress(i + 1, len(identifiers))
    wanted = set(_files(new))
    removed = _remove(out, [(name, contents.get(name)) for name in _files(old) if name not in wanted])
    marks = [f"{name} {contents[name]}" for name in sorted(wanted) if name in contents]
    _write(out / STATUS, json.dumps({**dict(sorted(new.items())), _WRITTEN: marks}, indent=0) + "\n")
    return WrittenSite(out, len(identifiers) + 2, written, len(new) - written, removed)


def _files(status: dict[str, list[str]]) -> list[str]:
    """Every file that a status names."""
    return [file for name, (_, *beside) in status.items() for file in (name, *beside)]


def _is_there(out: Path, name: str, status: dict[str, list[str]], digest: str) -> bool:
    """The page was made from the same things before, and it and the files beside it are still there."""
    if name not in status or status[name][0] != digest:
        return False
    return all((out / file).is_file() and not (out / file).is_symlink() for file in (name, *status[name][1:]))


def _page_names(identifiers: Sequence[str]) -> list[str]:
    """A file name for each problem; two ids with one name (a hash collision) cannot happen unnoticed."""
    names = [file_name(identifier) for identifier in identifiers]
    if len(set(names)) < len(names):
        raise PyriteError("two problems have ids that give the same file name; rename one of them")
    return names


def _page_html(page: ProblemPage, collection: Collection, previous: str, following: str) -> str:
    return _render(
        "problem.html",
        page=page,
        short=shortened(page.identifier, 80),
        previous=previous,
        next=following,
        mixed=list(collection.mixed),
        root="../",
    )


def _source(collection: Collection, identifier: str) -> list[Any]:
    """Everything that the page of a problem is made from."""
    parts: list[Any] = []
    for run in collection.runs:
        problem = run.problems.get(identifier)
        verdicts = run.by_problem.get(identifier, [])
        parts.append(
            [
                problem.to_dict() if problem else None,
                [verdict.to_dict() for verdict in verdicts],
                [
                    (output.output, output.finish)
                    for verdict in verdicts
                    if (output := run.outputs.get((identifier, verdict.sample))) is not None
                ],
            ]
        )
    return parts


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _read_status(out: Path) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What each page was made from, with the files beside it; and a digest of what each file holds."""
    try:
        document = json.loads(read_whole(out / STATUS)) if plain_file(out / STATUS) else {}
    except (PyriteError, ValueError, RecursionError):
        return {}, {}
    found: dict[str, list[str]] = {}
    for name, entry in document.items() if isinstance(document, dict) else ():
        if isinstance(entry, list) and entry and all(isinstance(part, str) for part in entry):
            _, *beside = entry
            if all(_is_ours(file) for file in (name, *beside)):
                found[name] = entry
    marks = document.get(_WRITTEN) if isinstance(document, dict) else None
    pairs = (mark.rpartition(" ") for mark in marks or () if isinstance(mark, str)) if isinstance(marks, list) else ()
    return found, {name: content for name, _, content in pairs}


def _is_ours(name: str) -> bool:
    """Only names that this module writes are ever removed, whatever a status file says."""
    if name in (*ASSETS, "data.js", "index.html", "codes.html"):
        return True
    folder, _, file = name.partition("/")
    return folder == "problems" and "/" not in file and "\\" not in file and file.endswith((".html", ".txt"))


def _write(path: Path, text: str) -> str:
    """Write the file, all or nothing; gives the digest of what it holds."""
    shown = storable(text)
    write_whole(path, shown)
    return _content(shown.encode("utf-8"))


def _remove(out: Path, names: Iterable[tuple[str, str | None]]) -> int:
    """Remove the files of pages that are gone; one that somebody changed, or put there, stays."""
    removed = 0
    for name, content in names:
        path = out / name
        if _wrote(path, content):
            os.unlink(path)
            removed += 1
    return removed


def _wrote(path: Path, content: str | None) -> bool:
    """It is a plain file with the very content that the status says was written; a forged status cannot know others."""
    try:
        return content is not None and plain_file(path) and _content(path.read_bytes()) == content
    except (OSError, PyriteError):
        return False


def _content(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:24]


def _asset(name: str) -> str:
    return (resources.files(__package__) / "templates" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__ or "pyrite.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    environment.globals["version"] = _version()
    environment.globals["capital"] = _capital
    environment.filters["plain"] = lambda text: Markup(visible_attribute(text))  # noqa: S704 - it escapes
    environment.filters["short"] = lambda text: shortened(text, 300)
    environment.filters["raw"] = lambda text: Markup(escape(storable(text)))  # noqa: S704 - it escapes
    return environment


def _capital(text: str) -> str:
    """A sentence with its first letter large, unless it begins with a name that is no word (``vm[1] comes to``)."""
    first = text.partition(" ")[0]
    return text if any(sign in first for sign in "[_(0123456789") else text[:1].upper() + text[1:]


def _version() -> str:
    try:
        return metadata.version("pyrite")
    except metadata.PackageNotFoundError:
        return ""


def _clean(value: Any) -> Any:
    """Every text that a template prints: hidden and reordering signs are written out, the rest is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return Markup(visible(value))  # noqa: S704 - visible() escapes
    return value


def _render(name: str, **context: Any) -> str:
    return _environment().get_template(name).render(**context)


_ROOMS = ("feasibility", "problems", "results", "reports")
"""Everything that a page is made with: reports, and all that they may ask (the floors of the architecture tests)."""

_LIBRARIES = ("jinja2", "markupsafe", "numpy", "scipy", "highspy")


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """Of the code, templates and libraries that make pages: another version of any makes every page anew."""
    digest = hashlib.sha256(_version().encode())
    for name in _LIBRARIES:
        digest.update(f"{name} {metadata.version(name)}\0".encode())
    package = resources.files((__package__ or "pyrite").partition(".")[0])
    for room in _ROOMS:
        _add_files(digest, package / room, room)
    return digest.hexdigest()


def _add_files(digest: Any, folder: Traversable, name: str) -> None:
    for item in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if item.is_dir():
            if item.name not in ("__pycache__", "studies"):  # what was found in studies is told elsewhere
                _add_files(digest, item, f"{name}/{item.name}")
        elif not item.name.endswith((".pyc", ".md")):
            digest.update(f"{name}/{item.name}\0".encode() + item.read_bytes())
