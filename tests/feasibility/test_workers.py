"""The pool for any task: a board that cannot be misread, order, blame, retries, and an end with the parent."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.workers.apart import run_apart, run_beside
from pyrite.feasibility.workers.board import BOARD_SIZE, MARKS, Board
from pyrite.feasibility.workers.pool import AHEAD, Workers
from pyrite.feasibility.workers.work import Again, Failure, Job, Known, Work

SEEN: list[object] = []
CALLS: list[str] = []
"""What a worker was asked for; each worker has its own."""


def acting(setup: str):
    """The inside of the workers here: does what the payload says."""

    def handle(payload, shared, board, tell):
        match payload:
            case "hang":
                board.mark(3, 7)
                time.sleep(60)
            case "die":
                board.mark(1, 2)
                os.kill(os.getpid(), signal.SIGKILL)
            case "defect":
                raise ZeroDivisionError("oops")
            case "refuse":
                raise PyriteError("not so", exit_code=3)
            case "shared":
                if shared["s"] == "bad":
                    board.prepare(True)
                    os._exit(3)
                return f"{setup} {shared['s']}", False
            case "tell":
                tell("a word")
            case "unsendable":
                return (lambda: None), False
            case ("count", word):
                board.mark(0, 1)
                CALLS.append(word)
                return f"{word} {CALLS.count(word)}", False
            case "tired":
                return os.getpid(), True
        return payload, False

    return handle


def pool(size: int = 1, **options) -> Workers:
    return Workers(Work(f"{__name__}:acting", "setup", **options), size)


def told(payload, failure: Failure):
    return payload, failure.code, failure.marks[:4]


def done(payloads, size=1, shared=None, broken=told, heard=SEEN.append, **options):
    with pool(size, **options) as workers:
        return list(workers.run([Job(p, "s" if p == "shared" else None) for p in payloads], broken, shared, heard))


def test_a_board_is_never_seen_torn(tmp_path):
    """A writer as fast as it can be; every record read must be one that was written whole."""
    path = tmp_path / "page"
    path.write_bytes(bytes(BOARD_SIZE))
    writer = os.fork()
    if writer == 0:
        with open(path, "r+b") as file:
            board, number = Board(file.fileno()), 0
            while True:
                number += 1
                board.begin(number)
                board.prepare(True)
                board.prepare(False)
                board.rest()
    try:
        reads, until = 0, time.monotonic() + 3
        with open(path, "r+b") as file:
            board = Board(file.fileno())
            while time.monotonic() < until:
                progress = board.read()
                reads += 1
                assert progress.number is None or progress.started > 0
        assert reads > 1_000
    finally:
        os.kill(writer, signal.SIGKILL)
        os.waitpid(writer, 0)


def test_a_record_that_stays_torn_gives_the_last_whole_one():
    with tempfile.TemporaryFile() as file:
        file.truncate(BOARD_SIZE)
        board = Board(file.fileno())
        assert board.read().number is None
        board.begin(6)
        whole = board.read()
        assert whole.number == 6
        board._page[: struct.calcsize("=Q")] = struct.pack("=Q", 99)
        assert board.read() == whole


def test_marks_begin_at_zero_and_are_kept():
    with tempfile.TemporaryFile() as file:
        file.truncate(BOARD_SIZE)
        board = Board(file.fileno())
        board.begin(0)
        board.mark(MARKS - 1, 5)
        assert board.read().marks == bytes(MARKS - 1) + b"\x05"
        board.begin(1)
        assert board.read().marks == bytes(MARKS)


def test_answers_come_in_order_and_jobs_are_drawn_as_needed():
    drawn: list[int] = []

    def source() -> Iterator[Job[int]]:
        for number in range(5 * AHEAD):
            drawn.append(number)
            yield Job(number)

    with pool(2, batch=16) as workers:
        answers = workers.run(source(), told)
        first = [next(answers) for _ in range(10)]
        assert first == list(range(10))
        assert len(drawn) <= AHEAD + 10 + 1
        assert list(answers) == list(range(10, 5 * AHEAD))
        assert workers.finished == 5 * AHEAD


def test_each_way_to_end_is_told_apart_and_costs_nobody_else_anything():
    answers = done(["a", "hang", "b", "die", "c", "defect", "d"], size=2, time_limit=0.7, batch=4)
    assert answers == [
        "a",
        ("hang", "time-limit", b"\0\0\0\7"),
        "b",
        ("die", "died", b"\0\2\0\0"),
        "c",
        ("defect", "raised", b""),
        "d",
    ]


def test_a_refusal_of_the_handler_reaches_the_caller():
    with pytest.raises(PyriteError, match="not so") as caught:
        done(["a", "refuse", "b"])
    assert caught.value.exit_code == 3


def test_what_jobs_share_is_sent_once_and_can_be_replaced():
    tries: list[str] = []

    def broken(payload, failure: Failure):
        assert failure.preparing
        tries.append(failure.message)
        return Again("good")

    assert done(["shared"] * 40, 2, {"s": "bad"}, broken, batch=8) == ["setup good"] * 40
    assert 1 <= len(tries) <= 2
    assert "exit status 3" in tries[0]


def test_a_second_call_does_not_remember_the_first_ones_names():
    with pool() as workers:
        for word in ("one", "two"):
            assert list(workers.run([Job("shared", "s")], told, {"s": word})) == [f"setup {word}"]


def test_a_job_that_cannot_be_received_is_given_up():
    class Poison:
        def __reduce__(self):
            return os._exit, (5,)

    with pool() as workers:
        [(_, code, _), answer] = list(workers.run([Job(Poison()), Job("well")], told))
    assert (code, answer) == ("died", "well")
    assert workers.killed == 3


def test_a_worker_says_things_while_it_works_and_a_tired_one_is_replaced():
    SEEN.clear()
    assert done(["tell", "x"]) == ["tell", "x"]
    assert SEEN == ["a word"]
    assert len(set(done(["tired", "tired"]))) == 2


def test_answers_that_travel_together_are_all_there_when_one_of_them_cannot():
    answers = done(["a", "unsendable", "b", "tell", "c"], batch=8)
    assert answers == ["a", ("unsendable", "raised", b""), "b", "tell", "c"]


def test_what_was_answered_and_not_yet_sent_is_asked_again_when_the_worker_dies():
    payloads = ["a", "b", "die", "c", "hang", "d"] * 8
    answers = done(payloads, batch=16, time_limit=0.5)
    assert [answer if isinstance(answer, str) else answer[0] for answer in answers] == payloads


def test_jobs_of_one_key_are_asked_once_where_that_may_be():
    def repeat(payload, answer):
        return f"{payload[1]} again" if answer.startswith("fine") else None

    words = ["fine", "bad", "fine", "other", "bad", "fine", "bad"]
    jobs = [Job(("count", word), same=word) for word in words]
    jobs[3] = Job(("count", "other"), known=Known("from elsewhere"))
    with pool(batch=4) as workers:
        answers = list(workers.run(jobs, told, repeat=repeat))
        assert workers.finished == len(jobs)
    assert answers == ["fine 1", "bad 1", "fine again", "from elsewhere", "bad 2", "fine again", "bad 3"]


def test_those_who_wait_for_one_that_dies_are_asked_for_themselves():
    jobs = [Job("die", same="k"), Job("a", same="k"), Job("b", same="k"), Job("c")]
    with pool(batch=4) as workers:
        answers = list(workers.run(jobs, told, repeat=lambda payload, answer: None))
    assert [answer if isinstance(answer, str) else answer[1] for answer in answers] == ["died", "a", "b", "c"]


def test_repeats_of_what_comes_from_elsewhere_are_drawn_as_needed():
    drawn: list[int] = []

    def source() -> Iterator[Job[int]]:
        for number in range(3 * AHEAD):
            drawn.append(number)
            yield Job(number, known=Known(-number)) if number % 3 else Job(number, same=number % 9)

    with pool(2, batch=16) as workers:
        answers = workers.run(source(), told, repeat=lambda payload, answer: payload)
        assert [next(answers) for _ in range(3)] == [0, -1, -2]
        assert len(drawn) <= AHEAD + 4
        assert list(answers) == [-n if n % 3 else n for n in range(3, 3 * AHEAD)]


def test_an_entry_that_does_not_exist_is_one_line():
    with Workers(Work("no_such_module:f"), 1) as workers, pytest.raises(PyriteError, match=r"do not start.*no_such"):
        list(workers.run([Job(1)], told))


def double(number: int, tell=None) -> int:
    if tell is not None:
        tell(("heard", number))
    if number == 13:
        raise PyriteError("thirteen", exit_code=2)
    if number == 14:
        raise KeyError("a defect")
    if number == 15:
        os.abort()
    return 2 * number


def test_a_function_apart():
    heard: list[object] = []
    assert run_apart(double, 4) == 8
    assert run_apart(double, 5, heard=heard.append) == 10
    assert heard == [("heard", 5)]
    with pytest.raises(PyriteError, match="thirteen"):
        run_apart(double, 13)
    with pytest.raises(RuntimeError, match=r"KeyError: 'a defect'(.|\n)*in double"):
        run_apart(double, 14)
    with pytest.raises(PyriteError, match="SIGABRT") as caught:
        run_apart(double, 15)
    assert caught.value.exit_code == 3


def test_a_process_is_kept_between_calls_until_one_kills_it():
    first = run_beside(os.getpid)
    assert first != os.getpid()
    assert run_beside(double, 4) == 8
    with pytest.raises(PyriteError, match="thirteen"):
        run_beside(double, 13)
    kept = run_beside(os.getpid)
    assert kept == run_beside(os.getpid)
    with pytest.raises(PyriteError, match="SIGABRT"):
        run_beside(double, 15)
    assert run_beside(double, 6) == 12
    assert run_beside(os.getpid) not in (first, kept)


def test_a_process_apart_ends_with_its_parent_and_takes_its_own_children_along(tmp_path):
    (tmp_path / "long_work.py").write_text(
        "import subprocess, sys, time\n"
        "def long(tell):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "    tell(child.pid)\n"
        "    time.sleep(60)\n"
    )
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from long_work import long\n"
        "from pyrite.feasibility.workers.apart import run_apart\n"
        "run_apart(long, heard=lambda pid: print(pid, flush=True))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    until = time.monotonic() + 10
    while time.monotonic() < until and _runs(child):
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
