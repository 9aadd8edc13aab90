"""Damaged files for every reader: how many, how fast, how many are still read, and every exception that is no refusal.

``python -m benchmarks fuzz_readers --total 1000000 --state fuzz.json`` goes on where it was stopped; without options
20,000 inputs. An input is made again from its reader and its number: ``--reader NAME --one NUMBER``.
"""

from __future__ import annotations

import argparse
import json
import signal
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.foreign_files import Target, damaged, survives, targets
from pyrite.feasibility.disk import write_whole

_STEP = 200
SLOW = 20.0
"""Processor seconds after which an input counts as one that never ends."""


class EndlessError(BaseException):
    """Reading took longer than :data:`SLOW`."""


@contextmanager
def watched() -> Iterator[None]:
    """Raises :class:`EndlessError` inside when it takes too long."""

    def ring(number: int, frame: Any) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, SLOW)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def wanted(total: int) -> dict[str, int]:
    """How many of so many inputs each reader gets."""
    every = targets()
    shares = sum(target.share for target in every.values())
    return {name: -(-total * target.share // shares) for name, target in every.items()}


def attack(target: Target, first: int, count: int, folder: Path, tally: dict[str, Any]) -> None:
    """Inputs ``first`` and the following; counts and exceptions go into ``tally``."""
    for number in range(first, first + count):
        data = damaged(target, number)
        started = time.process_time()
        try:
            with watched():
                tally["read" if survives(target, data, folder) else "refused"] += 1
        except (Exception, EndlessError) as error:  # noqa: BLE001 - counting them is what this is for
            where = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} in {Path(where.filename).name}, line {where.lineno}"
            tally["defects"].setdefault(kind, []).append(number)
        seconds = time.process_time() - started
        if seconds > tally["slowest"][0]:
            tally["slowest"] = [round(seconds, 2), number]
    tally["done"] = first + count


def empty() -> dict[str, Any]:
    """A tally of nothing."""
    return {"done": 0, "read": 0, "refused": 0, "seconds": 0.0, "slowest": [0.0, 0], "defects": {}}


def run(total: int, state: Path | None, only: list[str]) -> dict[str, Any]:
    """All readers up to their share of ``total``, or from where ``state`` says that they are."""
    tallies: dict[str, Any] = json.loads(state.read_text()) if state is not None and state.exists() else {}
    every = {name: count for name, count in wanted(total).items() if not only or name in only}
    with tempfile.TemporaryDirectory() as place:
        for name in every:
            for data in targets()[name].files:  # loads what is loaded late, and shows that they are valid
                assert survives(targets()[name], data, Path(place)), (name, data[:200])
        waiting = list(every)
        while waiting:  # in turn, in steps of a hundredth, so that a run that is stopped has seen every reader
            for name in list(waiting):
                tally = tallies.setdefault(name, empty())
                count = min(max(_STEP, every[name] // 100), every[name] - tally["done"])
                if count <= 0:
                    waiting.remove(name)
                    continue
                started = time.process_time()
                attack(targets()[name], tally["done"], count, Path(place), tally)
                tally["seconds"] += time.process_time() - started
                if state is not None:
                    write_whole(state, json.dumps(tallies, indent=1) + "\n")
    return tallies


def table(tallies: dict[str, Any]) -> str:
    """The counts as Markdown."""
    lines = [
        "| reader | inputs | read | refused | exceptions | inputs a processor second | slowest, s |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, tally in tallies.items():
        bad = sum(map(len, tally["defects"].values()))
        rate = tally["done"] / max(tally["seconds"], 1e-9)
        lines.append(
            f"| {name} | {tally['done']:,} | {tally['read']:,} | {tally['refused']:,} | {bad:,} | {rate:,.0f} | "
            f"{tally['slowest'][0]:.2f} |"
        )
    done, read, refused = (sum(tally[key] for tally in tallies.values()) for key in ("done", "read", "refused"))
    lines.append(f"| all | {done:,} | {read:,} | {refused:,} | {done - read - refused:,} | | |")
    return "\n".join(lines)


def main() -> None:
    """Runs and prints the table and the defects."""
    parser = argparse.ArgumentParser(prog="fuzz_readers")
    parser.add_argument("--total", type=int, default=20_000)
    parser.add_argument("--state", type=Path, default=None)
    parser.add_argument("--reader", action="append", default=[], choices=sorted(targets()))
    parser.add_argument("--one", type=int, default=None)
    options = parser.parse_args()
    if options.one is not None:
        with tempfile.TemporaryDirectory() as place:
            data = damaged(targets()[options.reader[0]], options.one)
            print(data[:2_000])
            print("read" if survives(targets()[options.reader[0]], data, Path(place)) else "refused")
        return
    tallies = run(options.total, options.state, options.reader)
    print(table(tallies))
    for name, tally in tallies.items():
        for kind, numbers in tally["defects"].items():
            print(f"{name}: {kind}: {len(numbers)} times, first input {numbers[0]}")
