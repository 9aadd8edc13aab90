"""The endpoint answerer against a small server on this machine that fails in the ways servers fail."""

import json

import pytest
from scripted_server import Server
from tiny_model import bakeries

from pyrite.feasibility.errors import PyriteError
from pyrite.models.answering import Settings, answer_problems
from pyrite.models.answering.endpoint import EndpointAnswerer
from pyrite.models.prompts import Prompt
from pyrite.results.outputs import read_outputs


@pytest.fixture
def serve():
    servers = []

    def start(script=()):
        servers.append(Server(script))
        return servers[-1]

    yield start
    for server in servers:
        server.http.shutdown()
        server.http.server_close()


def answerer(server, **options):
    options = {"parallel": 2, "attempts": 4, "pause": 0.01, **options}
    return EndpointAnswerer(server.address, Prompt(), Settings(max_new_tokens=9), **options)


def test_answers_are_written_with_what_the_server_says(serve, tmp_path, monkeypatch):
    monkeypatch.setenv("PYRITE_API_KEY", "secret")
    server = serve()
    one = answerer(server)
    tally = answer_problems(one, bakeries(5), one.settings, tmp_path / "o.jsonl")
    assert (tally.answered, tally.cut, tally.tokens) == (5, 0, 25)
    assert {output.output for output in read_outputs(tmp_path / "o.jsonl")} == {'{"a": 1}'}
    assert server.paths[0] == ("/v1/chat/completions", "Bearer secret")
    assert server.bodies[0]["model"] == "some-model"
    assert server.bodies[0]["max_tokens"] == 9
    assert [turn["role"] for turn in server.bodies[0]["messages"]] == ["system", "user"]
    assert "secret" not in json.dumps(one.identity())


def test_overload_and_broken_connections_are_tried_again(serve, tmp_path):
    server = serve([429, 503, "cut", 500])
    one = answerer(server, parallel=1, attempts=6)
    assert answer_problems(one, bakeries(2), one.settings, tmp_path / "o.jsonl").answered == 2
    assert len(server.bodies) == 6


def test_an_endpoint_that_stays_down_stops_resumably(serve, tmp_path):
    server = serve(["ok", "ok", *[503] * 40])
    one = answerer(server, parallel=1)
    with pytest.raises(PyriteError, match=r"did not answer after 4 attempts \(503 status 503\)") as stopped:
        answer_problems(one, bakeries(5), one.settings, tmp_path / "o.jsonl")
    assert stopped.value.exit_code == 3
    assert len(read_outputs(tmp_path / "o.jsonl")) == 2
    server.script.clear()
    tally = answer_problems(one, bakeries(5), one.settings, tmp_path / "o.jsonl")
    assert (tally.before, tally.answered) == (2, 3)
    assert len({output.key for output in read_outputs(tmp_path / "o.jsonl")}) == 5


def test_nobody_there_stops_resumably(tmp_path):
    one = EndpointAnswerer("http://127.0.0.1:9/v1#m", Prompt(), Settings(), 1, attempts=2, pause=0.01)
    with pytest.raises(PyriteError, match="did not answer after 2 attempts") as stopped:
        answer_problems(one, bakeries(1), one.settings, tmp_path / "o.jsonl")
    assert stopped.value.exit_code == 3


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (401, r"refused the request \(401\): status 401"),
        (403, r"refused the request \(403\)"),
        (404, r"refused the request \(404\)"),
        ('{"choices": [{"index": 0}]}', None),
        ('{"choices": [3]}', "no chat completion"),
    ],
)
def test_what_cannot_get_better_is_said_at_once(serve, tmp_path, step, said):
    server = serve([step])
    one = answerer(server, parallel=1)
    if said is None:
        answer_problems(one, bakeries(1), one.settings, tmp_path / "o.jsonl")
        assert [output.output for output in read_outputs(tmp_path / "o.jsonl")] == [""]
        return
    with pytest.raises(PyriteError, match=said) as stopped:
        answer_problems(one, bakeries(1), one.settings, tmp_path / "o.jsonl")
    assert stopped.value.exit_code == 2
    assert len(server.bodies) == 1


def test_an_endpoint_needs_a_model_and_decodes_freely():
    with pytest.raises(PyriteError, match="names no model"):
        EndpointAnswerer("http://127.0.0.1:9/v1", Prompt(), Settings())
    with pytest.raises(PyriteError, match="constrained decoding needs the model itself"):
        EndpointAnswerer("http://127.0.0.1:9/v1#m", Prompt(), Settings(decoding="grammar"))
