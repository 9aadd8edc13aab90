"""``kill -9`` at random moments of every command that writes: no file is left half, and the command can be run again.

``python -m benchmarks kills --kills 20 --seed 1 [--only NAME]``. Each command runs in a child that has everything
loaded, so that the moments fall into its work. After each kill: every file that was there before is as it was or as it
should become, nothing but appended files is half there, and the same command, run again to its end, leaves what it
leaves when it is never stopped (but for the seconds that a verdict took, and times of day). Needs ``os.fork``.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.valid_files import ANSWER, FORMULATION, PROBLEMS

_OLD = "what stood here before\n"


def _commands(port: int) -> dict[str, tuple[str, list[str]]]:
    """Name -> (command, files that stand there before and are to be replaced)."""
    return {
        "score": ("score p.jsonl o.jsonl --out run --workers 1", []),
        "score, no workers": ("score p.jsonl o.jsonl --out run --workers 0", []),
        "answer (endpoint)": (f"answer --model http://127.0.0.1:{port}/v1#m --problems p.jsonl --out asked", []),
        "report": ("report done --out pages", []),
        "report, CSV": ("report done --format csv --out pages", ["pages/outputs.csv"]),
        "report, Parquet": ("report done --format parquet --out pages", ["pages/outputs.parquet"]),
        "report, LaTeX": ("report done --format latex --out pages", ["pages/report.tex"]),
        "gate, baseline": ("gate done --write-baseline b.json", ["b.json"]),
        "gate, JUnit": ("gate done --baseline base.json --junit j.xml --code-quality q.json", ["j.xml", "q.json"]),
        "problems make": (
            "problems make --family knapsack --count 6 --jobs 1 --out m.jsonl",
            ["m.jsonl"],
        ),
        "problems import": ("problems import rows.jsonl --out i.jsonl", ["i.jsonl"]),
        "convert": ("convert model.json model.lp", ["model.lp"]),
    }


class _Answering(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """The same answer to every request, after a hundredth of a second."""
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.01)
        message = {"role": "assistant", "content": ANSWER}
        body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """Nothing is said."""


def _prepare(folder: Path) -> None:
    wrong = json.loads(ANSWER)
    wrong["constraints"]["cap"] = "2*x + y >= 100"
    problems = [{**PROBLEMS[0].to_dict(), "id": f"p{n}", "text": f"Problem {n}. {PROBLEMS[0].text}"} for n in range(12)]
    texts = [ANSWER, json.dumps(wrong), ANSWER[:50]]
    outputs = [{"problem_id": f"p{n}", "sample": 0, "output": texts[n % 3]} for n in range(12)]
    rows = [{"en_question": f"Question {n}", "en_answer": str(n), "id": n} for n in range(200)]
    for name, records in (("p", problems), ("o", outputs), ("rows", rows)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    (folder / "model.json").write_text(json.dumps(FORMULATION))
    for command in ("score p.jsonl o.jsonl --out done --workers 0", "gate done --write-baseline base.json"):
        assert _waited(_started(command, folder)) == 0, command


def _load(base: Path, place: Path, commands: dict[str, tuple[str, list[str]]]) -> None:
    """Run every command here once, so that its children do not spend their time on imports."""
    from pyrite.cli.main import main

    before = Path.cwd()
    for command, olds in commands.values():
        if "--workers 1 " in command + " " and command.startswith("score"):
            continue  # its workers would be this process's
        _fresh(base, place / "load", olds)
        os.chdir(place / "load")
        sys.argv = ["pyrite", *command.split()]
        try:
            with (
                contextlib.suppress(SystemExit),
                open(os.devnull, "w") as nowhere,
                contextlib.redirect_stdout(nowhere),
                contextlib.redirect_stderr(nowhere),
            ):
                main()
        finally:
            os.chdir(before)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _started(command: str, folder: Path) -> int:
    """The child that runs the command in the folder."""
    child = os.fork()
    if child:
        return child
    code = 4
    try:
        os.chdir(folder)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        sys.argv = ["pyrite", *command.split()]
        from pyrite.cli.main import main

        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    finally:
        os._exit(code)


def _waited(child: int) -> int:
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


_TIMES = re.compile(rb'"(?:seconds|started|finished|created|time|when)": ?(?:"[^"]*"|[-+.e0-9]+)')


def _files(folder: Path) -> dict[str, bytes]:
    """Every file by its path, without what differs from run to run; drafts are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith(".part"):
            data = _TIMES.sub(b"", path.read_bytes())
            if path.name == "outputs.jsonl" and folder.joinpath("asked") in path.parents:
                data = b"\n".join(sorted(data.splitlines()))  # several requests at once: in the order of the answers
            found[str(path.relative_to(folder))] = data
    return found


def _fresh(base: Path, folder: Path, olds: list[str]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(base, folder)
    for name in olds:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(_OLD)


def _whole(command: str, now: dict[str, bytes], before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """Files that are neither as before nor as after, apart from those that grow line by line."""
    wrong = []
    for name, data in now.items():
        if data in (before.get(name), after.get(name)):
            continue
        grows = name.endswith(("verdicts.jsonl", "outputs.jsonl")) or "answer" in command
        if name.endswith(".json"):
            with contextlib.suppress(ValueError):
                json.loads(data or b"x")
                continue  # run.json on its way: whole, with fewer fields
        if not grows:
            wrong.append(name)
    return wrong + [f"{name} is gone" for name in before if name not in now]


def _paths(folder: Path) -> dict[str, tuple[int, int]]:
    found = {}
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            status = path.stat()
            found[str(path)] = (status.st_mtime_ns, status.st_ino)
    return found


def _until_written(folder: Path, seconds: float) -> float:
    """Wait until something in the folder changes; the seconds that it took."""
    before, started = _paths(folder), time.monotonic()
    while _paths(folder) == before and time.monotonic() - started < seconds:
        time.sleep(0.001)
    return time.monotonic() - started


def _measured(command: str, base: Path, folder: Path, olds: list[str]) -> tuple[float, float]:
    """Seconds until the command writes, and from there to its end."""
    for _ in range(2):  # the second one counts
        _fresh(base, folder, olds)
        child = _started(command, folder)
        first, started = _until_written(folder, 60), time.monotonic()
        assert _waited(child) in (0, 1), command
        took = first, time.monotonic() - started
    return took


def _sleep(folder: Path, rng: random.Random, took: tuple[float, float]) -> None:
    """One kill in four at any moment, the others at any moment from the first thing written to the end."""
    if rng.random() < 0.25:
        time.sleep(rng.uniform(0, sum(took)))
    else:
        _until_written(folder, 3 * took[0] + 1)
        time.sleep(rng.uniform(0, took[1]))


def attack(name: str, command: str, olds: list[str], base: Path, kills: int, rng: random.Random) -> Counter[str]:
    """Kill so many times; what came of it."""
    folder, seen = base.parent / "work", Counter[str]()
    _fresh(base, folder, olds)
    before = _files(folder)
    took = _measured(command, base, folder, olds)
    after = _files(folder)
    while seen["killed"] < kills:
        _fresh(base, folder, olds)
        child = _started(command, folder)
        _sleep(folder, rng, took)
        os.kill(child, signal.SIGKILL)
        if _waited(child) != -signal.SIGKILL:
            seen["had ended"] += 1
            if seen["had ended"] > 5 * kills:
                break
            continue
        seen["killed"] += 1
        now = _files(folder)
        seen["during the work"] += now != before
        for wrong in _whole(command, now, before, after):
            seen[f"HALF: {wrong}"] += 1
        seen["drafts left"] += len(list(folder.rglob(".*.part")))
        until = time.monotonic() + 20
        while (code := _waited(_started(command, folder))) == 2 and time.monotonic() < until:
            time.sleep(0.2)  # a worker of the killed command may still hold the lock
        again = _files(folder)
        seen["same after another go"] += code in (0, 1) and again == after
        if code not in (0, 1) or again != after:
            differ = [key for key in {**again, **after} if again.get(key) != after.get(key)]
            seen[f"OTHER ({code}): {', '.join(differ[:3])}"] += 1
    return seen


def main() -> None:
    """Kills and prints a table."""
    parser = argparse.ArgumentParser(prog="kills")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", action="append", default=[])
    options = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    serving = os.fork()  # in a process of its own: a thread would be forked with a lock that it holds
    if serving == 0:
        server.serve_forever()
    try:
        with tempfile.TemporaryDirectory() as place:
            base = Path(place) / "base"
            base.mkdir()
            _prepare(base)
            _load(base, Path(place), _commands(server.server_address[1]))
            print("| command | kills | something written | files left half | drafts left | same after another go |")
            print("|---|---:|---:|---:|---:|---:|")
            for name, (command, olds) in _commands(server.server_address[1]).items():
                if options.only and name not in options.only:
                    continue
                seen = attack(name, command, olds, base, options.kills, random.Random(f"{name} {options.seed}"))
                half = sum(count for what, count in seen.items() if what.startswith("HALF"))
                print(
                    f"| {name} | {seen['killed']} | {seen['during the work']} | {half} | {seen['drafts left']} | "
                    f"{seen['same after another go']} |",
                    flush=True,
                )
                for what, count in seen.items():
                    if what.startswith(("HALF", "OTHER")):
                        print(f"  {what}: {count}", file=sys.stderr, flush=True)
    finally:
        os.kill(serving, signal.SIGKILL)
        os.waitpid(serving, 0)
