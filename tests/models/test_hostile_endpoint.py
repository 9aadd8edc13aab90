"""An endpoint that misbehaves in every way servers do, chosen by the model's name: what each way gives."""

import json
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tiny_model import bakeries

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.models.answering import Settings, answer_problems
from pyrite.models.answering.endpoint import Asking, EndpointAnswerer, parse_fields
from pyrite.models.answering.transport import place_of
from pyrite.models.prompts import Prompt
from pyrite.results.outputs import read_outputs

GOOD = json.dumps(
    {"variables": {"x": {"domain": "binary"}}, "objective": {"sense": "maximize", "expression": "x"}, "constraints": {}}
)
KEY = "sk-very-secret-key"


def chat(content, finish="stop", **message):
    message = {"role": "assistant", "content": content, **message}
    usage = {"prompt_tokens": 5, "completion_tokens": 9}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}


def error(text, **more):
    return {"error": {"message": text, **more}}


OK = (200, chat(GOOD), {})
DEEP = "[" * 100_000


def misbehave(mode, body, nth, third):
    """Status, document (or text) and headers for the ``nth`` request with this prompt, from 1."""
    first = nth == 1
    system = any(turn["role"] == "system" for turn in body["messages"])
    answers = {
        "parts": (200, chat([{"type": "thinking", "thinking": "hm {x}"}, {"type": "text", "text": GOOD}]), {}),
        "reasoning": (200, chat(GOOD, reasoning_content="Let me think {x}"), {}),
        "reasoning-only": (200, chat(None, reasoning_content=GOOD), {}),
        "refusal": (200, chat(None, refusal="I can't help."), {}),
        "tool-call": (200, chat(None, "tool_calls", tool_calls=[{"function": {"name": "f", "arguments": GOOD}}]), {}),
        "filter": (200, chat("", "content_filter"), {}),
        "length": (200, chat(GOOD[:60], "length"), {}),
        "length-thinking": (200, chat(f"<think>Draft {GOOD} but", "length"), {}),
        "no-finish": (200, chat(GOOD, None), {}),
        "bad-usage": (200, chat(GOOD) | {"usage": {"completion_tokens": "12", "prompt_tokens": None}}, {}),
        "no-usage": (200, chat(GOOD) | {"usage": None}, {}),
        "legacy": (200, {"choices": [{"text": GOOD, "finish_reason": "stop"}]}, {}),
        "surrogate": (200, '{"choices":[{"message":{"content":"\\ud800 hi"},"finish_reason":"stop"}]}', {}),
        "stream": (200, f"data: {json.dumps({'choices': [{'delta': {'content': GOOD}}]})}\n\ndata: [DONE]\n", {}),
        "error-in-200": (200, error("Provider returned error", code=502), {}) if first else OK,
        "busy-in-200": (200, error("slow down", code=429), {}) if first else OK,
        "no-choices": (200, {"choices": []}, {}) if first else OK,
        "html": (200, "<html>Bad gateway</html>", {}) if first else OK,
        "list": (200, "[1, 2]", {}) if first else OK,
        "deep": (200, DEEP, {}) if first else OK,
        "nothing": (200, "", {}) if first else OK,
        "cut": (200, "CUT", {}) if first else OK,
        "520": (520, error("cloud"), {}) if first else OK,
        "529": (529, error("overloaded"), {}) if first else OK,
        "429-date": (429, error("slow"), {"Retry-After": formatdate(time.time() - 5)}) if first else OK,
        "quota": (429, error("You exceeded your current quota", code="insufficient_quota"), {}),
        "key": (401, error(f"Incorrect API key provided: {KEY}\n\x1b[31m::error::"), {}),
        "no-model": (404, error("model not found"), {}),
        "max-tokens": (400, error("Unsupported parameter: 'max_tokens' is not supported"), {})
        if "max_tokens" in body
        else OK,
        "no-seed": (422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs", "input": '"seed"'}]}, {})
        if "seed" in body
        else OK,
        "no-system": (400, error("System role not supported"), {}) if system else OK,
        "context": (400, error("This model's maximum context length is 4096 tokens"), {}) if third else OK,
        "filter-400": (400, error("filtered", code="content_filter"), {}) if third else OK,
        "bad-prompt": (400, error("cannot tokenize"), {}) if third else OK,
        "all-bad": (400, error("nope"), {}),
        "template": OK
        if body.get("chat_template_kwargs") == {"enable_thinking": False}
        else (200, chat("<think>"), {}),
    }
    return answers.get(mode, OK)


class Hostile:
    def __init__(self):
        self.seen, self.requests, self.lock = {}, [], threading.Lock()
        self.redirect = None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked = body["messages"][-1]["content"]
                with outer.lock:
                    nth = outer.seen[body["model"], asked] = outer.seen.get((body["model"], asked), 0) + 1
                    prompts = [prompt for model, prompt in outer.seen if model == body["model"]]
                    third = prompts.index(asked) == 2
                    outer.requests.append((self.path, dict(self.headers), body))
                if outer.redirect and self.path == "/v1/chat/completions":
                    self.send_response(307)
                    self.send_header("Location", outer.redirect)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                status, document, headers = misbehave(body["model"], body, nth, third)
                data = (document if isinstance(document, str) else json.dumps(document)).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "1000" if document == "CUT" else str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.http.server_port
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture
def server():
    made = Hostile()
    yield made
    made.http.shutdown()
    made.http.server_close()


def ask(server, mode, out, count=3, asking=None, host="127.0.0.1", **options):
    options = {"parallel": 1, "attempts": 3, "pause": 0.01, **options}
    address = f"http://{host}:{server.port}/v1#{mode}"
    one = EndpointAnswerer(address, Prompt(), Settings(max_new_tokens=9), asking=asking or Asking(), **options)
    answer_problems(one, bakeries(count), one.settings, out)
    return sorted(read_outputs(out), key=lambda output: output.problem_id)


# What the judge says of each of three answers: ok, or the code at which the surface ends.
EXPECTED = {
    "ok": "ok",
    "parts": "ok",
    "reasoning": "ok",
    "reasoning-only": "no-output",
    "refusal": "refused",
    "tool-call": "wrapper",
    "filter": "filtered",
    "length": "truncated",
    "length-thinking": "unfinished",
    "no-finish": "ok",
    "bad-usage": "ok",
    "no-usage": "ok",
    "legacy": "ok",
    "surrogate": "no-json",
    "stream": "ok",
    **dict.fromkeys(("error-in-200", "busy-in-200", "no-choices", "html", "list", "deep", "nothing", "cut"), "ok"),
    **dict.fromkeys(("520", "529", "429-date", "no-system"), "ok"),
}


@pytest.mark.parametrize("mode", EXPECTED)
def test_what_a_misbehaviour_gives(server, tmp_path, mode):
    outputs = ask(server, mode, tmp_path / "o.jsonl")
    verdicts = [Judge().judge(output.answer) for output in outputs]
    found = ["ok" if verdict.surface else verdict.stages["parses"].code for verdict in verdicts]
    assert found == [EXPECTED[mode]] * 3


def test_thoughts_are_kept_apart(server, tmp_path):
    (output,) = ask(server, "reasoning", tmp_path / "o.jsonl", count=1)
    assert (output.output, output.extra["reasoning"]) == (GOOD, "Let me think {x}")
    (output,) = ask(server, "no-system", tmp_path / "p.jsonl", count=1)
    assert "folded" in output.extra["system"]
    (output,) = ask(server, "bad-usage", tmp_path / "q.jsonl", count=1)
    assert (output.extra["tokens"], output.extra["prompt_tokens"]) == (12, 0)


@pytest.mark.parametrize(
    ("mode", "finish"), [("context", "prompt-too-long"), ("filter-400", "content-filter"), ("bad-prompt", "failed")]
)
def test_one_bad_prompt_is_recorded_and_the_run_goes_on(server, tmp_path, mode, finish):
    outputs = ask(server, mode, tmp_path / "o.jsonl", count=4)
    assert len(outputs) == 4
    failed = [output for output in outputs if output.finish != "stop"]
    assert [(output.finish, output.output) for output in failed] == [(finish, "")] * len(failed)
    assert len(failed) == 1
    assert "400" in failed[0].extra["error"]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("quota", "exceeded your current quota"),
        ("key", r"401.*Incorrect API key provided: \*\*\* \[31m::error::"),
        ("no-model", "404.*model not found"),
        ("max-tokens", "--request sets, renames or leaves out"),
        ("no-seed", "--request sets"),
        ("all-bad", "refused the first 5 prompts.*nope"),
    ],
)
def test_what_every_prompt_would_meet_ends_the_run(server, tmp_path, monkeypatch, mode, said):
    monkeypatch.setenv("PYRITE_API_KEY", KEY)
    with pytest.raises(PyriteError, match=said) as stopped:
        ask(server, mode, tmp_path / "o.jsonl", count=8)
    assert stopped.value.exit_code == 2
    assert KEY not in str(stopped.value)
    assert "\n" not in str(stopped.value)
    assert "\x1b" not in str(stopped.value)


def test_fields_are_set_renamed_and_left_out(server, tmp_path):
    fields = parse_fields(["max_tokens:max_completion_tokens", "seed=", "temperature=0.5", "stop=END"])
    assert len(ask(server, "max-tokens", tmp_path / "o.jsonl", asking=Asking(fields))) == 3
    body = server.requests[0][2]
    assert (body["max_completion_tokens"], body["temperature"], body["stop"]) == (9, 0.5, "END")
    assert not {"max_tokens", "seed"} & set(body)
    asking = Asking(template=parse_fields(["enable_thinking=false"]))
    assert [output.output for output in ask(server, "template", tmp_path / "p.jsonl", asking=asking)] == [GOOD] * 3
    with pytest.raises(PyriteError, match="--request is name=value"):
        parse_fields(["nothing"])


def test_a_redirect_never_carries_the_key_to_another_host(server, tmp_path, monkeypatch):
    monkeypatch.setenv("PYRITE_API_KEY", KEY)
    other = Hostile()
    for target in (
        f"http://127.0.0.1:{other.port}/v1/elsewhere",
        f"http://localhost:{server.port}/v1/x",
        "//evil/x",
    ):
        server.redirect = target
        with pytest.raises(PyriteError, match="the key is not sent to another host"):
            ask(server, "ok", tmp_path / "o.jsonl", count=1)
    assert other.requests == []
    other.http.shutdown()
    other.http.server_close()
    server.redirect = "/v1/chat/completions2"
    assert [output.output for output in ask(server, "ok", tmp_path / "o.jsonl", count=1)] == [GOOD]
    server.redirect = "/v1/chat/completions"
    with pytest.raises(PyriteError, match="redirects without end"):
        ask(server, "ok", tmp_path / "p.jsonl", count=1)


def test_passwords_and_keys_reach_no_file_and_no_message(server, tmp_path):
    host = "user:hunter2@127.0.0.1"
    one = EndpointAnswerer(f"http://{host}:{server.port}/v1?api_key=hunter3#ok", Prompt(), Settings(), 1)
    assert "hunter" not in json.dumps(one.identity()) + one.url
    answer_problems(one, bakeries(1), one.settings, tmp_path / "o.jsonl")
    path, headers, _ = server.requests[0]
    assert path == "/v1/chat/completions?api_key=hunter3"
    assert headers["Authorization"].startswith("Basic ")
    with pytest.raises(PyriteError) as stopped:
        ask(server, "no-model", tmp_path / "p.jsonl", count=1, host=host)
    assert "hunter" not in str(stopped.value)
    assert "hunter" not in (tmp_path / "o.jsonl").read_text()


@pytest.mark.parametrize("address", ["ftp://host/v1", "http://", "http://host:port/v1", "file:///etc/passwd"])
def test_addresses_that_are_none(address):
    with pytest.raises(PyriteError, match="endpoint's address"):
        place_of(address)


def test_a_slow_server_is_given_up(tmp_path):
    import socket

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1#m"
        one = EndpointAnswerer(address, Prompt(), Settings(), 1, attempts=2, pause=0.01, asking=Asking(timeout=0.2))
        with pytest.raises(PyriteError, match="did not answer after 2 attempts") as stopped:
            answer_problems(one, bakeries(1), one.settings, tmp_path / "o.jsonl")
    assert stopped.value.exit_code == 3
