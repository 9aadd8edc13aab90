"""How long a report of ten thousand problems takes, and whether its index stays usable in a browser.

    python -m benchmarks reporting [--problems 10000] [--keep FOLDER]

Two runs on the same problems; verdicts and outputs are copies of forty made-up ones judged for real, under other ids.
With Chromium and its driver on the machine, the index is opened and sorted, filtered and searched there.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from pyrite.reports.pages.site import write_site
from pyrite.results.collection import read_collection

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from browsing import CHROMIUM, DRIVER, Browser

from benchmarks.made_up import write_pair


def multiply(run: Path, count: int) -> None:
    """Copy the run's problems, outputs and verdicts under new ids until there are ``count``."""
    for name in ("problems", "outputs", "verdicts"):
        path = run / f"{name}.jsonl"
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        key = "id" if name == "problems" else "problem_id"
        with open(path, "w", encoding="utf-8") as file:
            for number in range(count):
                line: dict[str, Any] = lines[number % len(lines)]
                file.write(json.dumps({**line, key: f"{line[key]}-{number // len(lines)}"}) + "\n")


def in_browser(report: Path) -> None:
    """Open, sort, filter and search the index; each time is from the action to the rows being there."""
    with Browser() as browser:
        browser.view(1200)
        browser.open(report / "index.html")
        timing = "const t = performance.getEntriesByType('navigation')[0]; return t.loadEventEnd - t.startTime"
        print(f"index opened: {browser.run(timing):,.0f} ms until loaded")
        actions = {
            "sort": "document.querySelector('#problems-head button').click()",
            "sort by stage": "document.querySelectorAll('#problems-head button')[2].click()",
            "filter": "const f = document.getElementById('f-stage'); f.value = 'sound';"
            "f.dispatchEvent(new Event('change'))",
            "search": "const f = document.getElementById('f-q'); f.value = '77'; f.dispatchEvent(new Event('input'))",
            "all again, next page": "location.hash = 'page=2'",
        }
        for name, action in actions.items():
            script = (
                f"const start = performance.now(); {action}; document.body.getBoundingClientRect();"
                "return [performance.now() - start, document.getElementById('count').innerText]"
            )
            took, count = cast("tuple[float, str]", browser.run(script))
            print(f"{name}: {took:.0f} ms ({count})")
        rows = browser.run("return document.querySelectorAll('#problems-body tr').length")
        print(f"rows in the page: {rows}; console: {browser.console()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="write here and keep it")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp(prefix="pyrite-reporting-"))
    try:
        runs = write_pair(folder, 40)
        for run in runs:
            multiply(run, args.problems)
        start = time.perf_counter()
        collection = read_collection(runs)
        read = time.perf_counter() - start
        for what in ("first", "again, nothing changed"):
            start, worked = time.perf_counter(), time.process_time()
            done = write_site(collection, folder / "report")
            seconds, worked = time.perf_counter() - start, time.process_time() - worked
            print(f"{what}: {done.written:,} written, {done.kept:,} kept in {seconds:.1f} s ({worked:.1f} s of CPU)")
        size = sum(path.stat().st_size for path in (folder / "report").rglob("*") if path.is_file())
        index = sum((folder / "report" / name).stat().st_size for name in ("index.html", "data.js", "index.js"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"read in {read:.1f} s; {size / 2**20:,.0f} MiB, index {index / 2**10:,.0f} KiB, peak {peak:,.0f} MiB")
        if CHROMIUM and DRIVER:
            in_browser(folder / "report")
    finally:
        if args.keep is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
