"""Several endpoints at once and batch files: nothing is lost, nothing is counted twice, what is missing is named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from commands import pyrite
from scripted_server import Server
from tiny_model import bakeries

from pyrite.feasibility.errors import PyriteError
from pyrite.models.answering import Settings, answer_problems
from pyrite.models.answering.endpoint import EndpointAnswerer
from pyrite.models.answering.endpoints import SeveralEndpoints, addresses_of
from pyrite.models.answering.making import make_answerer
from pyrite.models.prompts import Prompt
from pyrite.models.sources import parse_source
from pyrite.problems.lines import write_lines
from pyrite.results.outputs import read_outputs

PROBLEMS = bakeries(12)


@pytest.fixture
def serve():
    servers: list[Server] = []

    def start(script: Sequence[object] = ()) -> Server:
        servers.append(Server(script))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def members(*servers: Server) -> list[EndpointAnswerer]:
    return [
        EndpointAnswerer(server.address, Prompt(), Settings(max_new_tokens=9), parallel=2, pause=0.01)
        for server in servers
    ]


def test_requests_are_spread(serve, tmp_path: Path) -> None:
    servers = [serve(), serve(), serve()]
    tally = answer_problems(SeveralEndpoints(members(*servers)), PROBLEMS, Settings(), tmp_path / "o.jsonl")
    assert tally.answered == len(PROBLEMS)
    assert {output.problem_id for output in read_outputs(tmp_path / "o.jsonl")} == {item.id for item in PROBLEMS}
    assert sum(len(server.bodies) for server in servers) == len(PROBLEMS)
    assert all(server.bodies for server in servers)


@pytest.mark.parametrize("trouble", ["closed", 500, 401])
def test_a_dead_endpoint_loses_nothing(serve, tmp_path: Path, trouble: object) -> None:
    good, bad = serve(), serve([] if trouble == "closed" else [trouble] * 100)
    if trouble == "closed":
        bad.stop()
    notes: list[str] = []
    both = SeveralEndpoints(members(bad, good), notes.append)
    tally = answer_problems(both, PROBLEMS, Settings(), tmp_path / "o.jsonl")
    assert tally.answered == len(PROBLEMS)
    assert len(good.bodies) == len(PROBLEMS)
    assert len(notes) == 1
    assert "1 of 2 endpoints are left" in notes[0]


def test_when_none_is_left_what_was_answered_is_kept(serve, tmp_path: Path) -> None:
    first, second = serve(["ok"] * 3 + [503] * 200), serve(["ok"] * 2 + [503] * 200)
    with pytest.raises(PyriteError, match="no endpoint is left") as caught:
        answer_problems(SeveralEndpoints(members(first, second)), PROBLEMS, Settings(), tmp_path / "o.jsonl")
    assert caught.value.exit_code == 3
    assert len(read_outputs(tmp_path / "o.jsonl")) == 5
    third = serve()
    tally = answer_problems(SeveralEndpoints(members(third)), PROBLEMS, Settings(), tmp_path / "o.jsonl")
    assert tally.before == 5
    assert len(read_outputs(tmp_path / "o.jsonl")) == len(PROBLEMS)


def test_what_goes_together() -> None:
    assert addresses_of("http://a/v1?x=1,2#m, https://b/v1#m") == ["http://a/v1?x=1,2#m", "https://b/v1#m"]
    prompt, settings = Prompt(), Settings()
    one, same, other = (EndpointAnswerer(f"http://{place}", prompt, settings) for place in ("a/v1#m", "a/v1#m", "b#n"))
    with pytest.raises(PyriteError, match="serve m, n"):
        SeveralEndpoints([one, other])
    with pytest.raises(PyriteError, match="given twice"):
        SeveralEndpoints([one, same])
    with pytest.raises(PyriteError, match="vllm"):
        make_answerer(parse_source("http://a/v1#m,http://b/v1#m"), prompt, Settings(tensor_parallel=2))


# Batch files ---------------------------------------------------------------------------------------------------------


def batch(folder: Path, *more: object) -> Any:
    write_lines(folder / "p.jsonl", (problem.to_dict() for problem in PROBLEMS))
    base = ("answer", "--model", "http://h/v1#gpt", "--problems", folder / "p.jsonl", "--out", folder / "run")
    return pyrite(*base, *more)


def result(name: str, text: str | None = "{}", status: int = 200, error: object = None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"completion_tokens": 3, "prompt_tokens": 4},
    }
    if error is not None:
        body = {"error": error}
    return {"id": "r", "custom_id": name, "response": {"status_code": status, "body": body}, "error": None}


def test_requests_are_written_and_results_read(tmp_path: Path) -> None:
    done = batch(tmp_path, "--batch-out", tmp_path / "requests.jsonl", "--request", "max_tokens:max_completion_tokens")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len({line["custom_id"] for line in lines}) == len(PROBLEMS)
    for line, problem in zip(lines, PROBLEMS, strict=True):
        assert (line["method"], line["url"]) == ("POST", "/v1/chat/completions")
        assert problem.text in line["body"]["messages"][-1]["content"]
        assert line["body"]["model"] == "gpt"
        assert "max_completion_tokens" in line["body"]
        assert len(line["custom_id"]) <= 64
    names = [line["custom_id"] for line in lines]
    rows = [
        *(result(name, f'{{"n": "{name}"}}') for name in reversed(names[3:])),  # providers keep no order
        result(names[0], None, 400, {"message": "This model's maximum context length is 8", "code": "x"}),
        result(names[1], None, 500, {"message": "server error"}),
        result(names[4], "twice"),
        result("of another run"),
    ]
    (tmp_path / "results.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n{broken\n", encoding="utf-8")
    again = ("--request", "max_tokens:max_completion_tokens", "--batch-in", tmp_path / "results.jsonl")
    done = batch(tmp_path, *again)
    assert done.returncode == 0, done.stderr
    found = {output.problem_id: output for output in read_outputs(tmp_path / "run" / "outputs.jsonl")}
    assert set(found) == {problem.id for place, problem in enumerate(PROBLEMS) if place not in (1, 2)}
    assert found[PROBLEMS[0].id].finish == "prompt-too-long"
    assert found[PROBLEMS[5].id].output == f'{{"n": "{names[5]}"}}'
    assert found[PROBLEMS[5].id].extra["tokens"] == 3
    for words in (
        "1 lines are no JSON",
        "1 lines belong to no request",
        "1 lines repeat",
        "1 requests failed",
        "server error",
        "2 requests have no answer yet",
    ):
        assert words in done.stderr
    # What is left is written again; the same results once more add nothing.
    assert batch(tmp_path, *again).returncode == 0
    assert len(read_outputs(tmp_path / "run" / "outputs.jsonl")) == len(PROBLEMS) - 2
    done = batch(tmp_path, "--batch-out", tmp_path / "rest.jsonl", "--request", "max_tokens:max_completion_tokens")
    rest = [json.loads(line)["custom_id"] for line in (tmp_path / "rest.jsonl").read_text("utf-8").splitlines()]
    assert rest == names[1:3]


def test_results_of_other_requests_are_refused(tmp_path: Path) -> None:
    assert batch(tmp_path, "--batch-out", tmp_path / "requests.jsonl").returncode == 0
    names = [json.loads(line)["custom_id"] for line in (tmp_path / "requests.jsonl").read_text("utf-8").splitlines()]
    (tmp_path / "results.jsonl").write_text("\n".join(json.dumps(result(name)) for name in names), encoding="utf-8")
    write_lines(tmp_path / "q.jsonl", (problem.to_dict() for problem in PROBLEMS))
    other = pyrite(
        "answer", "--model", "http://h/v1#gpt", "--problems", tmp_path / "q.jsonl", "--out", tmp_path / "other",
        "--batch-in", tmp_path / "results.jsonl", "--max-new-tokens", "7",
    )  # fmt: skip
    assert other.returncode == 2
    assert "none of its 12 lines belongs to these requests" in other.stderr
    for arguments, words in (
        (("--batch-out", tmp_path / "a.jsonl", "--batch-in", tmp_path / "b.jsonl"), "give one of them"),
        (("--batch-out", tmp_path / "no" / "a.jsonl"), "does not exist"),
        (("--batch-in", tmp_path / "missing.jsonl"), "there is no such file"),
        (("--batch-out", tmp_path / "a.jsonl", "--endpoint", "http://i/v1#gpt"), "one endpoint"),
    ):
        done = batch(tmp_path, *arguments)
        assert done.returncode == 2, done.stderr
        assert words in done.stderr
