"""``pyrite view``: the pages of runs at an address of this machine, made anew while a run goes on."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

import typer

from ..feasibility.disk import plain_file
from ..feasibility.errors import PyriteError
from .console import echo, note

_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".txt": "text/plain"}
"""What is served, and nothing else; the report writes no other kind of file that a page asks for."""

_DEEPEST = 2
"""A report is a folder with a folder of problems."""

_LOCAL = ("127.0.0.1", "localhost")
"""Hosts under which the pages answer: another name that leads here would be another site's doing."""


def register(app: typer.Typer) -> None:
    """Add ``view``."""
    app.command("view")(view_command)


def view_command(
    runs: Annotated[list[Path], typer.Argument(help="Run folders; several are shown side by side.")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of 127.0.0.1 (0: a free one).")] = 0,
    every: Annotated[float, typer.Option(min=1.0, help="Seconds between two looks at the runs.")] = 5.0,
    show: Annotated[bool, typer.Option("--open", help="Open the pages in the browser.")] = False,
    allow_mixed: Annotated[
        bool, typer.Option("--allow-mixed", help="Show runs under different policies or problems; every page says so.")
    ] = False,
) -> None:
    """Serve the pages of runs on this machine only, and make them anew as verdicts come in; Ctrl-C ends it."""
    with tempfile.TemporaryDirectory(prefix="pyrite-view-") as folder:
        site = Path(folder)
        follower = RunFollower(runs, site, allow_mixed)
        follower.look()
        server = serve(site, port)
        address = f"http://127.0.0.1:{server.server_port}/index.html"
        echo(f"{address}   (reload to see what is new; Ctrl-C ends it)")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        if show:
            import webbrowser

            webbrowser.open(address)
        try:
            while True:
                time.sleep(every)
                follower.look()
        except KeyboardInterrupt:
            note("pyrite: no longer served")  # its regular end
        finally:
            server.shutdown()
            server.server_close()


class RunFollower:
    """Makes the pages anew whenever a run's verdicts have grown."""

    def __init__(self, runs: list[Path], site: Path, allow_mixed: bool = False) -> None:
        self.runs, self.site, self.allow_mixed = runs, site, allow_mixed
        self.seen: Any = None

    def look(self) -> bool:
        """Write the pages if something is new; whether it was. At the first look, what is wrong is raised."""
        from ..reports.pages.site import write_site
        from ..results.collection import read_collection

        state = [self._state(run) for run in self.runs]
        if state == self.seen:
            return False
        try:
            done = write_site(read_collection(self.runs, allow_mixed=self.allow_mixed), self.site)
        except PyriteError as error:
            if self.seen is None:
                raise
            note(f"pyrite: not shown yet: {error.message}")  # a file that is just being written
            return False
        note(f"{done.pages:,} pages, {done.written:,} files written anew")
        self.seen = state
        return True

    @staticmethod
    def _state(run: Path) -> list[tuple[int, int]]:
        """Sizes and times of what the pages are made from."""
        found = []
        for name in ("run.json", "problems.jsonl", "outputs.jsonl", "verdicts.jsonl"):
            try:
                stat = os.stat(run / name)
                found.append((stat.st_size, stat.st_mtime_ns))
            except OSError:
                found.append((0, 0))
        return found


def serve(site: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of this folder on the loopback address. Raises PyriteError when the port is taken."""
    try:
        return ThreadingHTTPServer(("127.0.0.1", port), partial(Pages, directory=str(site)))
    except OSError as error:
        raise PyriteError(f"port {port} cannot be used: {error.strerror or error}; give another --port") from error


class Pages(SimpleHTTPRequestHandler):
    """Plain files below the folder, by GET, to this machine: no link is followed, no folder listed."""

    server_version, sys_version = "pyrite", ""

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        content = self._content()
        if content is None:
            self.send_error(404)
            return
        raw, kind = content
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.end_headers()
        if body:
            self.wfile.write(raw)

    def _content(self) -> tuple[bytes, str] | None:
        """The file and its kind; None for whatever is not a page of this report."""
        if self.headers.get("Host", "").rpartition(":")[0] not in _LOCAL:
            return None
        parts = unquote(urlsplit(self.path).path).lstrip("/").split("/")
        if parts == [""]:
            parts = ["index.html"]
        kind = _TYPES.get(Path(parts[-1]).suffix)
        if kind is None or len(parts) > _DEEPEST or any(not _is_name(part) for part in parts):
            return None
        path = Path(self.directory)
        for part in parts:
            path = path / part
            if path.is_symlink():
                return None
        try:
            return (path.read_bytes(), kind) if plain_file(path) else None
        except (OSError, PyriteError, ValueError):
            return None

    def log_message(self, format: str, *values: Any) -> None:  # noqa: A002 - its name in the standard library
        """What is asked for is foreign text, and of no interest."""


def _is_name(part: str) -> bool:
    """A file's name within its folder: nothing that leads out of it, and nothing hidden."""
    return bool(part) and not part.startswith(".") and not set(part) & {"/", "\\", "\0", ":"}
