"""Other people's answers: every layout read to the same verdicts, or refused by what is wrong with it."""

from __future__ import annotations

# ruff: noqa: E501 - rows of other programs are as long as they are
import datetime
import decimal
import gzip
import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.problems.files import read_problems
from pyrite.problems.lines import Records
from pyrite.problems.problem import Problem
from pyrite.results.outputs import Output
from pyrite.results.readers.containers import decoded
from pyrite.results.readers.reading import READERS, parse_map, read_answers

SHARED = Path(__file__).parents[3] / "shared" / "cases" / "layouts"
REFERENCE = {
    "variables": {"bread": {"domain": "integer", "lower": 0}, "cake": {"domain": "integer", "lower": 0}},
    "objective": {"sense": "maximize", "expression": "3*bread + 5*cake"},
    "constraints": {"oven": "2*bread + 4*cake <= 120", "contract": "bread >= 10"},
}
GOOD = json.dumps(REFERENCE)
CUT = GOOD[:60]
PROBLEMS = [
    Problem.from_dict({"id": name, "text": f"The bakery of {name} bakes bread and cake.", "reference": REFERENCE})
    for name in ("p1", "p2", "7")
]


def read(path: Path, **options: Any) -> Records[Output]:
    return read_answers(path, PROBLEMS, **options)


def write(folder: Path, *rows: Any, name: str = "answers") -> Path:
    path = folder / name
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n", encoding="utf-8")
    return path


def chat(content: Any, finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    return {
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
        ]
    }


def batch(name: str, body: Any, status: int = 200) -> dict[str, Any]:
    return {"id": "r", "custom_id": name, "response": {"status_code": status, "body": body}, "error": None}


LAYOUTS: dict[str, list[Any]] = {
    "ours": [{"problem_id": "p1", "output": GOOD}, {"problem_id": "p2", "output": GOOD}],
    "usual names": [{"id": "p1", "response": GOOD}, {"id": "p2", "response": GOOD}],
    "one list": [[{"task_id": "p1", "completion": GOOD}, {"task_id": "p2", "completion": GOOD}]],
    "a map with rows": [{"results": [{"id": "p1", "output": GOOD}, {"id": "p2", "output": GOOD}]}],
    "output as object": [{"id": "p1", "output": REFERENCE}, {"id": "p2", "output": [{"type": "text", "text": GOOD}]}],
    "OpenAI batch": [batch("p1", chat(GOOD)), batch("p2", chat([{"type": "text", "text": GOOD}]))],
    "vLLM batch": [batch("p1", chat(GOOD, reasoning_content="{x}")), batch("p2", chat(GOOD, reasoning_content=None))],
    "Responses batch": [
        batch(name, {"output": [{"type": "reasoning"}, {"type": "message", "content": [{"type": "output_text", "text": GOOD}]}]})
        for name in ("p1", "p2")
    ],
    "Anthropic batch": [
        {"custom_id": name, "result": {"type": "succeeded", "message": {"content": [{"type": "thinking", "thinking": CUT}, {"type": "text", "text": GOOD}], "stop_reason": "end_turn"}}}
        for name in ("p1", "p2")
    ],
    "lm-eval": [
        {"doc_id": i, "doc": {"id": name}, "target": "", "resps": [[GOOD]], "filtered_resps": [GOOD], "filter": kind}
        for i, name in enumerate(("p1", "p2"))
        for kind in ("none", "strip")
    ],
    "inspect": [
        {"status": "success", "eval": {}, "samples": [
            {"id": name, "epoch": 1, "output": {"choices": [{"message": {"content": GOOD}, "stop_reason": "stop"}], "completion": GOOD}}
            for name in ("p1", "p2")
        ]}
    ],
    "promptfoo": [
        {"results": {"version": 3, "results": [
            {"vars": {"id": name, "question": "?"}, "response": {"output": GOOD}, "testIdx": i} for i, name in enumerate(("p1", "p2"))
        ]}}
    ],
    "messages": [
        {"id": name, "messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": GOOD}]} for name in ("p1", "p2")
    ],
    "messages without ids": [
        {"messages": [{"role": "user", "content": f"Solve. {problem.text}"}, {"role": "assistant", "content": GOOD}]}
        for problem in PROBLEMS[:2]
    ],
    "LLaMA-Factory": [{"prompt": problem.text, "predict": GOOD, "label": GOOD} for problem in PROBLEMS[:2]],
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("packing", ["lines", "indented", "gzip", "utf-16", "CRLF"])
def test_every_layout_is_read_the_same(layout: str, packing: str, tmp_path: Path) -> None:
    rows = LAYOUTS[layout]
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n"
    if packing == "indented":
        text = json.dumps(rows[0] if len(rows) == 1 else rows, indent=2)
    raw = text.replace("\n", "\r\n" if packing == "CRLF" else "\n").encode("utf-16" if packing == "utf-16" else "utf-8")
    path = tmp_path / "whatever.name"
    path.write_bytes(gzip.compress(raw) if packing == "gzip" else raw)
    answers = read(path)
    assert [answer.key for answer in answers] == [("p1", 0), ("p2", 0)]
    judge = Judge(PROBLEMS[0].as_reference())
    assert all(judge.judge(answer.answer).substance for answer in answers)


ENDINGS = [
    (batch("p1", chat(None, refusal="No.")), "refused"),
    (batch("p1", chat("", "content_filter")), "filtered"),
    (batch("p1", chat(CUT, "length")), "truncated"),
    (batch("p1", chat(GOOD, "length")), "unfinished"),
    (batch("p1", chat(None)), "no-output"),
    (batch("p1", {"error": {"message": "This model's maximum context length is 4096 tokens"}}, 400), "prompt-too-long"),
    (batch("p1", {"error": {"code": "content_filter", "message": "filtered"}}, 400), "filtered"),
    ({"custom_id": "p1", "response": None, "error": {"message": "expired"}}, "request-failed"),
    (batch("p1", chat(None, "tool_calls", tool_calls=[{"function": {"name": "f", "arguments": GOOD}}])), "wrapper"),
    ({"problem_id": "p1", "output": None}, "no-output"),
    ({"problem_id": "p1", "output": ""}, "empty-output"),
    ({"problem_id": "p1", "output": CUT, "finish_reason": "length"}, "truncated"),
    ({"problem_id": "p1", "output": GOOD, "stop_reason": "max_tokens"}, "unfinished"),
    ({"id": "p1", "epoch": 1, "error": {"message": "boom"}}, "request-failed"),
    ({"vars": {"id": "p1"}, "response": {"error": "429"}}, "request-failed"),
]


@pytest.mark.parametrize(("row", "code"), ENDINGS)
def test_answers_that_are_none_keep_their_place(row: Any, code: str, tmp_path: Path) -> None:
    (answer,) = read(write(tmp_path, row))
    assert answer.key == ("p1", 0)
    verdict = Judge(PROBLEMS[0].as_reference()).judge(answer.answer)
    assert (verdict.surface, verdict.substance, verdict.stages["parses"].code) == (False, False, code)
    json.dumps(answer.to_dict(), allow_nan=False)


def test_samples(tmp_path: Path) -> None:
    several = [
        {"id": "p1", "outputs": [GOOD, CUT]},
        {"id": "p2", "output": GOOD, "sample": "3"},
        {"id": 7, "output": GOOD},
    ]
    assert [answer.key for answer in read(write(tmp_path, *several))] == [("p1", 0), ("p1", 1), ("p2", 3), ("7", 0)]
    epochs = [{"id": "p1", "epoch": epoch, "output": {"completion": GOOD}} for epoch in (1, 2)]
    assert [answer.key for answer in read(write(tmp_path, *epochs))] == [("p1", 0), ("p1", 1)]
    repeats = {"doc_id": 0, "doc": {"id": "p1"}, "resps": [[GOOD, CUT]]}
    assert [answer.key for answer in read(write(tmp_path, repeats))] == [("p1", 0), ("p1", 1)]


def test_two_identical_rows_are_named(tmp_path: Path) -> None:
    row = {"problem_id": "p1", "output": GOOD}
    answers = read(write(tmp_path, row, row))
    assert [answer.key for answer in answers] == [("p1", 0), ("p1", 1)]
    assert "same answer" in str(answers.complaints[0])
    again = read(write(tmp_path, {**row, "sample": 0}, {**row, "sample": 0}))
    assert (len(again), "with the same text" in str(again.complaints[0])) == (1, True)
    with pytest.raises(PyriteError, match="already given"):
        read(write(tmp_path, {**row, "sample": 0}, {**row, "sample": 0, "output": "no"}), strict=True)


REFUSED = [
    ([{"question": "?", "reply": GOOD}], "no known layout; its rows have question, reply"),
    ([{"prompt": "..", "predict": GOOD, "label": ""}], "name no problem.*1 rows, 3 problems"),
    ([[1, 2]], "a list of JSON objects is needed"),
    ([[]], "no usable output"),
    ([{"messages": [{"role": "user", "content": "?"}], "id": "p1"}], "no message of an assistant"),
]


@pytest.mark.parametrize(("rows", "message"), REFUSED)
def test_what_cannot_be_read_is_refused_by_what_is_wrong(rows: list[Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(PyriteError, match=message):
        read(write(tmp_path, *rows))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "is empty"),
        (b"\x00" * 100, "empty but for zeros"),
        (b"\x1f\x8b\x08\x00damaged", "gzip data is damaged"),
        (b"\x28\xb5\x2f\xfddamaged", "zstd"),
        (b"PK\x03\x04damaged", "archive is damaged"),
        (b"PAR1damaged", "parquet"),
        (b"ARROW1damaged", "arrow"),
        (b"a,b\n1,2\n", "its rows have a, b"),
        (b'{"problem_id": "p1", ', "half written"),
        (b"\x89PNG\r\n", "not JSON"),
    ],
)
def test_damaged_files_are_refused_in_one_line(raw: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(raw)
    with pytest.raises(PyriteError, match=message) as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_map(tmp_path: Path) -> None:
    path = write(tmp_path, {"meta": {"key": 7}, "deep": [{"said": GOOD}], "why": "length"})
    (answer,) = read(path, mapping=parse_map("problem_id=meta.key,output=deep.0.said,finish=why"))
    assert (answer.key, answer.output, answer.finish) == (("7", 0), GOOD, "length")
    with pytest.raises(PyriteError, match="no row has 'text'; it has meta, deep, why"):
        read(path, mapping=parse_map("output=text"))
    for wrong in ("output", "problem_id=a", "text=b", "output="):
        with pytest.raises(PyriteError, match="--map"):
            parse_map(wrong)


def test_tables(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text('problem_id;output\np1;"' + GOOD.replace('"', '""') + '"\np2;\n', encoding="utf-8")
    assert [(answer.problem_id, answer.finish) for answer in read(path)] == [("p1", None), ("p2", "no-output")]
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import ipc, parquet

    table = pyarrow.table({"id": [7, 8], "response": [GOOD, None], "score": [float("nan"), 1.0]})
    parquet.write_table(table, path)
    assert [(answer.problem_id, answer.finish) for answer in read(path)] == [("7", None), ("8", "no-output")]
    path.write_bytes(pyarrow.compress(json.dumps({"id": "p1", "output": GOOD}).encode(), codec="zstd", asbytes=True))
    assert [answer.key for answer in read(path)] == [("p1", 0)]
    folder = tmp_path / "saved" / "test"
    folder.mkdir(parents=True)
    with ipc.new_stream(folder / "data-00000-of-00001.arrow", table.schema) as writer:
        writer.write_table(table)
    (folder / "state.json").write_text("{}")
    assert [answer.problem_id for answer in read(tmp_path / "saved")] == ["7", "8"]


def test_a_saved_data_set(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_list([{"problem_id": "p1", "output": GOOD}]).save_to_disk(tmp_path / "set")
    assert [answer.key for answer in read(tmp_path / "set")] == [("p1", 0)]


def test_an_inspect_archive_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", "{}")
        for name in ("p1", "p2"):
            archive.writestr(
                f"samples/{name}_epoch_1.json", json.dumps({"id": name, "epoch": 1, "output": {"completion": GOOD}})
            )
        archive.writestr("samples/bad_epoch_1.json", "{")
        archive.writestr("../../etc/passwd", "x")
    answers = read(path)
    assert sorted(answer.problem_id for answer in answers) == ["p1", "p2"]
    assert "bad_epoch_1" in str(answers.complaints[0])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(PyriteError, match="without samples"):
        read(path)


@given(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])
)
def test_texts_survive_their_encoding(text: str, encoding: str) -> None:
    line = json.dumps({"output": text}, ensure_ascii=False)
    assert json.loads(decoded(line.encode(encoding), [])) == {"output": text}


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"{", b"[{", b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\xff\xfe", b"id,output\n"]),
)
def test_nothing_gives_a_traceback(tmp_path_factory: pytest.TempPathFactory, noise: bytes, start: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise"
    path.write_bytes(start + noise)
    with suppress(PyriteError):
        read(path)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["id", "output", "choices", "message", "content", "response", "body", "custom_id", "vars", "epoch", "doc_id", "resps",
         "messages", "role", "status_code", "error", "result", "type", "text", "samples", "results", "finish"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(_values, max_size=3))
def test_odd_rows_give_no_traceback(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    path = tmp_path_factory.getbasetemp() / "rows"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with suppress(PyriteError):
        for answer in read(path):
            json.dumps(answer.to_dict(), allow_nan=False)


def test_the_readers_are_found() -> None:
    assert {"batch", "lm-eval", "inspect", "promptfoo", "llama-factory", "messages", "plain"} <= set(READERS.names())


SHARED_FILES = {
    "cp1252.jsonl": 2, "crlf.jsonl": 2, "cr.jsonl": 2, "array.json": 2, "concat.jsonl": 2, "pyrite.jsonl": 2, "id_response.jsonl": 2,
    "samples_opt_2026-01-01T00-00-00.jsonl": 1, "dups.jsonl": 3,
}  # fmt: skip


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared cases are not here")
@pytest.mark.parametrize("path", sorted(SHARED.glob("*")) if SHARED.is_dir() else [], ids=lambda path: path.name)
def test_the_files_that_people_hold(path: Path) -> None:
    if path.name == "problems.jsonl":
        return
    problems = read_problems(SHARED / "problems.jsonl")
    if path.name == "llamafactory.jsonl":
        with pytest.raises(PyriteError, match="2 rows, 3 problems"):
            read_answers(path, problems)
        return
    answers = read_answers(path, problems)
    if path.name in SHARED_FILES:
        assert len(answers) == SHARED_FILES[path.name]
    judge = Judge(problems[0].as_reference())
    for answer in answers:
        verdict = judge.judge(answer.answer)
        none = answer.finish in ("length", "no-output") or answer.output in ("no", "{}")
        assert verdict.substance is not none, answer


def test_columns_that_are_no_json_become_text(tmp_path: Path) -> None:
    """Tables hold bytes, times and decimals; outputs are JSON."""
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    row = {
        "problem_id": "p1", "output": b"an answer", "at": datetime.datetime(2026, 1, 2), "cost": decimal.Decimal("1.5"),
        "inner": {"day": datetime.date(2026, 1, 2)},
    }  # fmt: skip
    parquet.write_table(pyarrow.Table.from_pylist([row]), tmp_path / "o.parquet")
    (output,) = read_answers(tmp_path / "o.parquet")
    assert output.output == "an answer"
    assert output.extra == {"at": "2026-01-02 00:00:00", "cost": "1.5", "inner": {"day": "2026-01-02"}}


def test_damaged_offsets_of_a_table_are_refused(tmp_path: Path) -> None:
    """pyarrow reads foreign memory, and ends the process, unless it is asked to look at the offsets first."""
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import ipc

    sink = io.BytesIO()
    table = pyarrow.Table.from_pylist([{"problem_id": "p1", "output": "x" * 64}, {"problem_id": "p2", "output": "y"}])
    with ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    data = sink.getvalue()
    offsets = (0).to_bytes(4, "little") + (64).to_bytes(4, "little") + (65).to_bytes(4, "little")
    assert data.count(offsets) == 1
    (tmp_path / "o.arrow").write_bytes(data.replace(offsets, offsets[:8] + (1 << 30).to_bytes(4, "little")))
    with pytest.raises(PyriteError, match="arrow data is damaged"):
        read_answers(tmp_path / "o.arrow")
