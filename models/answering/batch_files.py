"""Batch files of OpenAI-compatible endpoints: requests written to a file, results read from one.

A line is ``{"custom_id", "method": "POST", "url": "/v1/chat/completions", "body"}``, as OpenAI, vLLM (``vllm
run-batch``) and others take it. The ``custom_id`` names problem and sample, and holds a hash of the whole request: a
result of another prompt, model or setting is a stranger. Both go through the run folder as any answering does, so that
what failed or is missing is written again by the next ``--batch-out``, or asked directly.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ...feasibility.errors import PyriteError
from ...problems.lines import write_lines
from ...results.outputs import Output
from ...results.readers.batches import BATCH
from ...results.readers.containers import read_rows
from .answering import Request
from .endpoint import EndpointAnswerer, usage_of

URL: Final = "/v1/chat/completions"
_RECORDED: Final = ("prompt-too-long", "content-filter")
"""Failures that would come again: recorded as not answered. Others are asked again."""
_SHOWN: Final = 5


def custom_id(request: Request, body: Mapping[str, Any]) -> str:
    """At most 64 letters, digits, ``-`` and ``_``: what every provider takes."""
    digest = hashlib.sha256(json.dumps([*request.key, body], sort_keys=True).encode()).hexdigest()[:16]
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.problem.id)[:36].strip("-")
    return f"{name or 'problem'}-{request.sample % 10**6}-{digest}"


@dataclass(slots=True)
class BatchWriter:
    """An answerer that answers nothing: it writes the requests that the run still lacks. ``written`` counts them."""

    endpoint: EndpointAnswerer
    path: Path
    present: frozenset[tuple[str, int]]
    written: int = 0

    def identity(self) -> dict[str, Any]:
        """The endpoint's."""
        return self.endpoint.identity()

    def plan(self, requests: Sequence[Request]) -> list[list[Request]]:
        """All in one."""
        return [list(requests)]

    def answer(self, batch: Sequence[Request]) -> Iterator[Output]:
        """Write the file, all or nothing. Raises PyriteError when it cannot be written."""

        def lines() -> Iterator[dict[str, Any]]:
            for request in batch:
                if request.key not in self.present:
                    body = self.endpoint.body(request)
                    self.written += 1
                    yield {"custom_id": custom_id(request, body), "method": "POST", "url": URL, "body": body}

        write_lines(self.path, lines())
        return iter(())


@dataclass(slots=True)
class BatchReader:
    """An answerer that takes its answers from a file of results. ``notes`` say what could not be used."""

    endpoint: EndpointAnswerer
    path: str
    present: frozenset[tuple[str, int]]
    notes: list[str] = field(default_factory=list)

    def identity(self) -> dict[str, Any]:
        """The endpoint's."""
        return self.endpoint.identity()

    def plan(self, requests: Sequence[Request]) -> list[list[Request]]:
        """All in one."""
        return [list(requests)]

    def answer(self, batch: Sequence[Request]) -> Iterator[Output]:
        """The answers that the file holds. Raises PyriteError when none of its lines belongs to a request."""
        wanted = {custom_id(request, self.endpoint.body(request)): request for request in batch}
        rows = read_rows(self.path, self.path)
        problems = {"broken": [f"line {number}: {reason}" for number, reason in rows.broken]}
        seen: set[str] = set()
        for number, row in rows.rows:
            name = row.get("custom_id")
            request = wanted.get(name) if isinstance(name, str) else None
            if request is None or not isinstance(name, str):
                problems.setdefault("strange", []).append(f"line {number}: {str(name)[:80]!r}")
            elif name in seen:
                problems.setdefault("repeated", []).append(f"line {number}: {name}")
            else:
                output, reason = _output(request, row)
                if output is None:
                    problems.setdefault("failed", []).append(f"line {number}, {request.problem.id!r}: {reason}")
                    continue
                seen.add(name)
                yield output
        missing = [request.problem.id for name, request in wanted.items() if name not in seen]
        left = [request for name, request in wanted.items() if name not in seen and request.key not in self.present]
        if rows.rows and len(problems.get("strange", ())) == len(rows.rows):
            raise PyriteError(
                f"{self.path}: none of its {len(rows.rows):,} lines belongs to these requests; was --batch-out written "
                "with the same problems, model, prompt and settings?"
            )
        self._tell(problems, len(left), missing)

    def _tell(self, problems: Mapping[str, Sequence[str]], left: int, missing: Sequence[str]) -> None:
        words = {
            "broken": "lines are no JSON",
            "strange": "lines belong to no request of this run",
            "repeated": "lines repeat a request; the first counts",
            "failed": "requests failed",
        }
        for kind, lines in problems.items():
            if lines:
                more = f"; and {len(lines) - _SHOWN:,} more" if len(lines) > _SHOWN else ""
                self.notes.append(f"{self.path}: {len(lines):,} {words[kind]}: {'; '.join(lines[:_SHOWN])}{more}")
        if left:
            shown = ", ".join(repr(name[:40]) for name in missing[:_SHOWN])
            self.notes.append(
                f"{left:,} requests have no answer yet ({shown}{', ...' if len(missing) > _SHOWN else ''}): "
                "--batch-out writes them again, and without batch files they are asked directly"
            )


def _output(request: Request, row: Mapping[str, Any]) -> tuple[Output | None, str]:
    """The answer of a line; None, with the reason, when it is to be asked again."""
    try:
        found = next(BATCH.answers(row), None)
    except PyriteError as error:
        return None, error.message
    if found is None:
        return None, "no answer in it"
    failure = str(found.extra.get("error", ""))[:300]
    if "error" in found.extra and found.finish not in _RECORDED:
        return None, failure or "it failed"
    extra: dict[str, Any] = usage_of(row.get("response"))
    if failure:
        extra["error"] = failure
    finish = "no-output" if found.text is None and found.finish in (None, "stop") else found.finish
    return Output(request.problem.id, request.sample, found.text or "", finish, None, extra), ""


def open_batch(
    endpoint: EndpointAnswerer, present: frozenset[tuple[str, int]], out: Path | None, results: str | None
) -> BatchWriter | BatchReader:
    """Who stands in for the endpoint. Raises PyriteError when both files are named, or the folder is missing."""
    if out is not None and results is not None:
        raise PyriteError("--batch-out writes requests and --batch-in reads results: give one of them")
    if out is None:
        assert results is not None
        return BatchReader(endpoint, results, present)
    if not out.absolute().parent.is_dir():
        raise PyriteError(f"--batch-out {out}: the folder {out.parent} does not exist")
    return BatchWriter(endpoint, out, present)
