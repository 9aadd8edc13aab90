"""Answers of other programs, each layout with its traps: only the model's text, for its own problem, so it is long."""

from __future__ import annotations

# ruff: noqa: E501 - rows of other programs are as long as they are
import bz2
import json
import lzma
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pyrite.feasibility.errors import PyriteError
from pyrite.problems.lines import Records
from pyrite.problems.problem import Problem
from pyrite.results.outputs import Output
from pyrite.results.readers.names import ids_in
from pyrite.results.readers.reading import parse_map, read_answers

TEXTS = {
    "a": "A farmer plants wheat and rye on at most ten fields this year.",
    "b": "A farmer plants wheat and rye on at most ten fields this year. Each field of rye needs two workers.",
    "c": "A dairy fills milk into bottles and cartons of two sizes.",
}
PROBLEMS = [Problem.from_dict({"id": name, "text": text}) for name, text in TEXTS.items()]
A, B, C = TEXTS.values()
FORMULATION = {"variables": {"x": {}}, "objective": {"sense": "minimize", "expression": "x"}, "constraints": {}}


def of(name: str) -> str:
    return f"the answer to {name}"


def read(folder: Path, *rows: Any, problems: list[Problem] = PROBLEMS, **options: Any) -> Records[Output]:
    path = folder / "answers"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read_answers(path, problems, **options)


def read_text(folder: Path, text: str, **options: Any) -> Records[Output]:
    path = folder / "answers"
    path.write_bytes(text.encode())
    return read_answers(path, PROBLEMS, **options)


def found(answers: Records[Output]) -> dict[str, str]:
    """The answers by problem; a second sample of a problem is a fault."""
    assert all(answer.sample == 0 for answer in answers)
    return {answer.problem_id: answer.output for answer in answers}


def right(*names: str) -> dict[str, str]:
    return {name: of(name) for name in names}


def said(answers: Records[Output]) -> str:
    return "\n".join(map(str, answers.complaints))


# Whose answer it is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("none", [{}, {"id": None}, {"id": ""}])
def test_one_row_without_an_id_is_lost_by_name(place: int, none: dict[str, Any], tmp_path: Path) -> None:
    rows = [{"id": name, "output": of(name)} for name in "abc"]
    rows[place] = {**none, "output": of("?")}
    answers = read(tmp_path, *rows)
    assert found(answers) == right(*(name for number, name in enumerate("abc") if number != place))
    assert f"line {place + 1}: the row has no id" in said(answers)
    with pytest.raises(PyriteError, match="has no id"):
        read(tmp_path, *rows, strict=True)


def test_a_row_without_an_id_is_found_by_its_prompt(tmp_path: Path) -> None:
    rows = [{"id": "a", "output": of("a")}, {"prompt": f"Solve: {C}", "output": of("c")}]
    assert found(read(tmp_path, *rows)) == right("a", "c")


def test_rows_without_ids_are_taken_in_order_and_that_is_said(tmp_path: Path) -> None:
    answers = read(tmp_path, *({"output": of(name)} for name in "abc"))
    assert found(answers) == right("a", "b", "c")
    assert "matched with the problems by their order" in said(answers)
    with pytest.raises(PyriteError, match="2 rows, 3 problems"):
        read(tmp_path, {"output": "?"}, {"output": "?"})


NAMED: dict[str, list[Any]] = {
    "null beside another": [{"id": None, "task_id": name, "output": of(name)} for name in "cab"],
    "run and task": [{"id": f"run-{name}", "task_id": name, "output": of(name)} for name in "cab"],
    "one run": [{"id": "run", "name": name, "output": of(name)} for name in "cab"],
    "place and name": [{"index": i, "uid": name, "output": of(name)} for i, name in enumerate("cab")],
    "metadata": [{"id": i, "metadata": {"problem_id": name}, "output": of(name)} for i, name in enumerate("cab")],
    "other case": [{"ID": name, "Output": of(name)} for name in "cab"],
    "camel case": [{"problemId": name, "modelOutput": of(name)} for name in "cab"],
    "an unusual name": [{"level_0": name, "level_1": "x", "output": of(name)} for name in "cab"],
    "an unusual name beside": [{"id": i, "ref": name, "output": of(name)} for i, name in enumerate("cab")],
    "columns": [{"id": ["c", "a", "b"], "output": [of("c"), of("a"), of("b")]}],
    "columns of maps": [{"id": {"0": "c", "1": "a"}, "output": {"0": of("c"), "1": of("a")}, "n": 2}],
    "names and cells": [{"columns": ["id", "output"], "index": [0, 1], "data": [["c", of("c")], ["a", of("a")]]}],
    "by id": [{name: of(name) for name in "cab"}],
    "by id, rows": [{name: {"origin_prompt": "?", "prediction": of(name), "id": 9} for name in "cab"}],
    "by number, ids within": [{str(i): {"id": name, "output": of(name)} for i, name in enumerate("cab")}],
    "by number": [{str(i): {"prediction": of(name), "gold": ""} for i, name in enumerate("abc")}],
    "rows inside": [{"adapter": {}, "request_states": [
        {"instance": {"id": name}, "request": {"prompt": "?"}, "result": {"completions": [{"text": of(name)}]}} for name in "cab"
    ]}],
    "test cases": [{"testCases": [{"name": name, "input": "?", "actualOutput": of(name), "expectedOutput": "x"} for name in "cab"]}],
    "a task's samples": [{"results": {}, "samples": {"t": [{"doc_id": 0, "doc": {"id": "c"}, "resps": [[of("c")]]}]}}],
    "numbers from 0": [{"idx": i, "output": of("abc"[i])} for i in (2, 0, 1)],
    "numbers from 1": [{"id": i + 1, "output": of("abc"[i])} for i in (2, 0, 1)],
    "a document's number": [{"doc_id": str(i), "doc": {"x": 1}, "resps": [[of("abc"[i])]]} for i in (2, 0, 1)],
}  # fmt: skip


@pytest.mark.parametrize("layout", NAMED)
def test_ids_are_found_where_they_stand(layout: str, tmp_path: Path) -> None:
    answers = found(read(tmp_path, *NAMED[layout]))
    assert answers == right(*answers)
    assert {"a", "c"} & set(answers)


PROMPTED: dict[str, list[Any]] = {
    name: [{name: text, "output": of(problem)} for problem, text in (("c", C), ("a", A), ("b", B))]
    for name in ("prompt", "question", "query", "user_input", "problem_text", "problem", "instruction", "text")
} | {
    "messages": [{"prompt": [{"role": "system", "content": A}, {"role": "user", "content": C}], "output": of("c")}],
    "a request": [{"request": {"contents": [{"role": "user", "parts": [{"text": C}]}]}, "output": of("c")}],
    "instruction and input": [{"instruction": C, "input": "", "output": of("c")}],
    "white space": [{"prompt": "<|user|>\n" + C.replace(" ", "\n  "), "output": of("c")}],
    "unknown ids": [{"id": f"uuid-{name}", "prompt": TEXTS[name], "output": of(name)} for name in "cab"],
    "numbers that are no order": [{"index": i, "prompt": TEXTS[n], "output": of(n)} for i, n in enumerate("cab")],
    "completion ids": [
        {"id": f"chatcmpl-{n}", "prompt": TEXTS[n], "choices": [{"index": 0, "message": {"content": of(n)}}]} for n in "cab"
    ],
    "inspect's numbers": [
        {"id": i, "epoch": 1, "input": TEXTS[n], "output": {"completion": of(n)}} for i, n in enumerate("cab", start=1)
    ],
    "a document": [{"doc_id": i, "doc": {"problem": TEXTS[n]}, "resps": [[of(n)]], "filter": "none"} for i, n in enumerate("cab")],
    "what was sent": [
        {"doc_id": i, "doc": {}, "arguments": {"gen_args_0": {"arg_0": f"Q: {TEXTS[n]}\nA:"}}, "resps": [[of(n)]]}
        for i, n in enumerate("ca")
    ],
}  # fmt: skip


@pytest.mark.parametrize("layout", PROMPTED)
def test_prompts_find_their_problem(layout: str, tmp_path: Path) -> None:
    """Also where one problem's text is the beginning of another's, and against numbers and order."""
    answers = found(read(tmp_path, *PROMPTED[layout]))
    assert answers == right(*answers)
    assert "c" in answers


def test_prompts_against_the_order_are_never_matched_by_it(tmp_path: Path) -> None:
    rows = [{"prompt": C, "output": of("c")}, {"prompt": A, "output": of("a")}, {"prompt": "?", "output": of("?")}]
    answers = read(tmp_path, *rows)
    assert found(answers) == right("c", "a")
    assert "line 3: the row has no id" in said(answers)
    assert "states no problem's text" in said(answers)
    several = read(tmp_path, {"prompt": A + C, "output": "?"}, {"prompt": C, "output": of("c")})
    assert found(several) == right("c")
    assert "states several problems" in said(several)
    agreeing = read(tmp_path, {"prompt": A, "output": of("a")}, {"output": of("b")}, {"prompt": C, "output": of("c")})
    assert found(agreeing) == right("a", "b", "c")
    assert "by their order" in said(agreeing)


STRANGE = [
    [{"id": name, "output": "?"} for name in ("x", "y", "z")],
    [{"id": name, "index": i, "output": "?"} for i, name in enumerate(("x", "y", "z"))],
    [{"id": i, "output": "?"} for i in (1, 2, 4)],
    [{"id": i, "output": "?"} for i in (0, 1)],
    [{"id": f"00{i}", "output": "?"} for i in range(3)],
]


@pytest.mark.parametrize("rows", STRANGE)
def test_strange_ids_stay_strange(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    answers = read(tmp_path, *rows)
    assert [answer.problem_id for answer in answers] == [str(row["id"]) for row in rows]


def test_a_place_does_not_stand_in_for_an_id(tmp_path: Path) -> None:
    numbered = [Problem.from_dict({"id": str(i), "text": f"Problem number {i} is about nothing."}) for i in range(5)]
    rows = [{"id": f"other-{i}", "index": i, "output": "?"} for i in range(5)]
    assert {answer.problem_id for answer in read(tmp_path, *rows, problems=numbered)} == {row["id"] for row in rows}


def test_an_export_keeps_its_ids(tmp_path: Path) -> None:
    row = {"problem_id": "a", "sample": 0, "output": "x", "finish": None, "seconds": None, "extra": "{}"}
    assert [answer.problem_id for answer in read(tmp_path, row)] == ["a"]
    named = [{"problem_id": own, "source": other, "output": of(own)} for own, other in ("ab", "bc", "ca")]
    assert found(read(tmp_path, *named)) == right("a", "b", "c")


def test_only_one_column_of_ids_counts(tmp_path: Path) -> None:
    rows = [{"left": one, "right": other, "output": of(own)} for one, other, own in ("bca", "cab", "abc")]
    answers = read(tmp_path, *rows)
    assert found(answers) == right("a", "b", "c")
    assert "by their order" in said(answers)


@pytest.mark.parametrize("wrong", [["a"], {"$oid": "a"}, True, 1.5])
def test_an_id_of_another_kind_is_an_error(wrong: Any, tmp_path: Path) -> None:
    with pytest.raises(PyriteError, match=r"'id' is a (list|dict|bool|float), .*--map"):
        read(tmp_path, {"id": wrong, "output": "?"})
    assert ids_in({"id": wrong, "task_id": "a"}) == {"task_id": "a"}


@pytest.mark.parametrize("asked", ["{}", "Formulate this: {} Answer:"])
def test_numbers_that_count_from_elsewhere_do_not_count(asked: str, tmp_path: Path) -> None:
    numbered = [Problem.from_dict({"id": str(i), "text": text}) for i, text in enumerate(TEXTS.values())]
    rows = [{"id": i + 1, "prompt": asked.format(text), "output": of(str(i))} for i, text in enumerate(TEXTS.values())]
    answers = read(tmp_path, *rows, problems=numbered)
    assert found(answers) == right("0", "1", "2")
    assert "3 rows are numbers, and their prompts state other problems (line 1: '1', '0')" in said(answers)
    rows = [{"id": i, "prompt": asked.format(text), "output": of(str(i))} for i, text in enumerate(TEXTS.values())]
    assert not read(tmp_path, *rows, problems=numbered).complaints


def test_what_counts_is_said(tmp_path: Path) -> None:
    both = read(tmp_path, {"id": "a", "task_id": "b", "output": of("a")})
    assert found(both) == right("a")
    assert "names two problems, 'a' and 'b'" in said(both)
    prompt = read(tmp_path, {"id": "a", "prompt": C, "output": of("a")})
    assert found(prompt) == right("a")
    assert "the text of 'c' as its prompt" in said(prompt)
    run = read(tmp_path, {"id": "run", "task_id": "b", "output": of("b")})
    assert "'id' ('run' in line 1) is no problem's id; 'task_id' is" in said(run)
    assert not read(tmp_path, {"id": "a", "index": 7, "output": "?"}).complaints


# Which text is the answer ---------------------------------------------------------------------------------------------

SAID = of("a")
CHOSEN: list[dict[str, Any]] = [
    {"question": A, "answer": "known", "model_answer": SAID},
    {"instruction": A, "output": "known", "prediction": SAID},
    {"output": "known", "predict": SAID},
    {"answer": 42, "pred": SAID},
    {"text": A, "generated": SAID},
    {"text": A + "\n", "model_answer": SAID},
    {"content": C, "model_response": SAID},
    {"output": None, "response": SAID},
    {"prediction": 42, "response": SAID},
    {"prediction": 42, "output": SAID},
    {"text": "Solve this.", "output": SAID},
    {"output": A, "response": SAID},
    {"response": SAID, "completion": [{"role": "assistant", "content": SAID}]},
    {"actual_output": SAID, "expected_output": "known"},
    {"messages": [{"role": "user", "content": "?"}], "output": SAID},
    {"messages": [{"role": "user", "content": "e"}, {"role": "assistant", "content": "example"}, {"role": "user", "content": "?"}],
     "output": SAID},
    {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "known"}], "prediction": SAID},
    {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": SAID}], "answer": "known"},
    {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": SAID}], "response": None},
    {"choices": ["yes", "no"], "output": SAID},
    {"candidates": [{"text": "another"}, {"content": "another"}], "output": SAID},
    {"message": {"role": "assistant", "content": SAID}, "done": True},
]  # fmt: skip


@pytest.mark.parametrize("row", CHOSEN)
def test_the_answer_is_the_models(row: dict[str, Any], tmp_path: Path) -> None:
    assert found(read(tmp_path, {"id": "a", **row})) == right("a")


UNDECIDED: list[dict[str, Any]] = [
    {"response": "one", "prediction": "another"},
    {"output": "one", "answer": "another"},
    {"content": "one", "text": "another"},
    {"output": "one", "messages": [{"role": "assistant", "content": "another"}]},
]


@pytest.mark.parametrize("row", UNDECIDED)
def test_two_texts_that_may_be_the_answer_are_refused(row: dict[str, Any], tmp_path: Path) -> None:
    rows = [{"id": "b", **dict.fromkeys(row, "same")}, {"id": "a", **row}]
    with pytest.raises(PyriteError, match=r"line 1.*hold different texts.*--map problem_id=KEY,output=\w+ or"):
        read(tmp_path, rows[1])
    (answer,) = read(tmp_path, rows[1], mapping=parse_map(f"output={next(iter(row))}"))
    assert (answer.problem_id, answer.output) == ("a", "one")


def test_no_answer_is_taken_from_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(PyriteError, match="no known layout; its rows have id, message"):
        read(tmp_path, {"id": "a", "message": {"role": "user", "content": "?"}})
    with pytest.raises(PyriteError, match="no known layout; its rows have id, text, reference"):
        read(tmp_path, *({"id": problem.id, "text": problem.text, "reference": FORMULATION} for problem in PROBLEMS))
    talk = [{"role": "user", "content": "e"}, {"role": "assistant", "content": "example"}]
    with pytest.raises(PyriteError, match="after the last of its user"):
        read(tmp_path, {"id": "a", "messages": [*talk, {"role": "user", "content": A}]})
    rows = [{"id": "a", "messages": talk, "prediction": SAID}, {"id": "b", "messages": talk, "prediction": None}]
    assert [(answer.output, answer.finish) for answer in read(tmp_path, *rows)] == [(SAID, None), ("", "no-output")]
    own = read(tmp_path, {"problem_id": "a", "output": A, "prediction": "extra"})
    assert own[0].output == A
    assert read(tmp_path, {"id": "a", "output": A, "n": 1})[0].output == A


def test_a_column_called_filter_is_a_column(tmp_path: Path) -> None:
    rows = [{"problem_id": "a", "output": str(i), "filter": kind} for i, kind in enumerate(("none", "kept"))]
    assert [(answer.sample, answer.extra["filter"]) for answer in read(tmp_path, *rows)] == [(0, "none"), (1, "kept")]


# What a text is wrapped in --------------------------------------------------------------------------------------------


def gemini(*texts: str, **more: Any) -> dict[str, Any]:
    parts = [[{"text": "hm", "thought": True}, {"text": text[:5]}, {"text": text[5:]}] for text in texts]
    return {
        "candidates": [{"content": {"role": "model", "parts": part}, "finishReason": "STOP", **more} for part in parts]
    }


MESSAGE = {"role": "assistant", "content": SAID}
WRAPPED: list[dict[str, Any]] = [
    {"key": "a", "response": gemini(SAID)},
    {"id": "a", "response": gemini(SAID)},
    {"id": "a", **gemini(SAID)},
    {"custom_id": "a", "response": gemini(SAID)},
    {"status": "", "request": {"contents": [{"role": "user", "parts": [{"text": A}]}]}, "response": gemini(SAID)},
    {"id": "a", "outputs": [{"index": 0, "text": SAID, "token_ids": []}]},
    {"id": "a", "outputs": [{"generated_text": SAID}]},
    {"id": "a", "completion": [MESSAGE]},
    {"id": "a", "completion": [{"role": "tool", "content": "?"}, MESSAGE]},
    {"id": "a", "output": [MESSAGE]},
    {"id": "a", "output": [{"type": "reasoning"}, {"type": "message", "content": [{"type": "output_text", "text": SAID}]}]},
    {"id": "a", "response": MESSAGE},
    {"id": "a", "response": {"text": SAID}},
    {"id": "a", "response": {"id": "c", "choices": [{"index": 0, "message": MESSAGE}]}},
    {"id": "a", "outputs": [[SAID]]},
    {"id": "run", "inputs": {"id": "a", "question": "?"}, "outputs": {"output": SAID}},
    {"question_id": "a", "choices": [{"index": 0, "turns": [SAID]}]},
    {"id": "a", "model_response": {"text": [SAID], "input": "?"}},
    {"id": "a", "object": "response", "status": "completed", "output": [{"type": "message", "content": [{"text": SAID}]}]},
    {"recordId": "a", "modelOutput": {"output": {"message": {"role": "assistant", "content": [{"text": SAID}]}}}},
]  # fmt: skip


@pytest.mark.parametrize("row", WRAPPED)
def test_texts_are_unwrapped(row: dict[str, Any], tmp_path: Path) -> None:
    answers = read(tmp_path, row)
    assert found(answers) == right("a")
    assert answers[0].finish in (None, "stop", "STOP")


SEVERAL: list[dict[str, Any]] = [
    {"completions": [{"text": "0"}, {"text": "1"}]},
    {"outputs": [["0"], ["1"]]},
    {"outputs": [{"index": 1, "text": "1"}, {"index": 0, "text": "0"}]},
    {"choices": [{"index": 1, "text": "1"}, {"index": 0, "message": {"content": "0"}}]},
    {"response": {"candidates": [{"index": i, "content": {"parts": [{"text": str(i)}]}} for i in (1, 0)]}},
    {"responses": [{"role": "assistant", "content": "0"}, {"role": "assistant", "content": "1"}]},
]


@pytest.mark.parametrize("row", SEVERAL)
def test_several_answers_are_samples(row: dict[str, Any], tmp_path: Path) -> None:
    assert {answer.sample: answer.output for answer in read(tmp_path, {"id": "a", **row})} == {0: "0", 1: "1"}


def test_one_of_several_answers_may_be_missing(tmp_path: Path) -> None:
    answers = read(tmp_path, {"id": "a", "outputs": ["0", None]})
    assert [(answer.sample, answer.output, answer.finish) for answer in answers] == [
        (0, "0", None),
        (1, "", "no-output"),
    ]


KEPT: list[Any] = [
    FORMULATION,
    {"objective": {"expression": "x"}, "text": "half a formulation"},
    {"text": "my answer", "formulation": FORMULATION},
    {"response": FORMULATION},
    [FORMULATION],
    {"anything": 1},
]


@pytest.mark.parametrize("value", KEPT)
def test_a_formulation_is_no_wrapping(value: Any, tmp_path: Path) -> None:
    (answer,) = read(tmp_path, {"id": "a", "output": value})
    assert json.loads(answer.output) == value


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"choices": [{"index": 0, "delta": {}}]}, "a choice has neither message nor text"),
    ({"choices": [{"index": 0, "turns": ["x", "y"]}]}, "2 turns"),
    ({"choices": []}, "no choices"),
    ({"response": {"candidates": [{}]}}, "neither content nor a reason"),
    ({"response": {"candidates": []}}, "no candidates"),
    ({"output": ["x", "y"], "finish_reason": ["stop"]}, "1 endings to 2 answers"),
]


@pytest.mark.parametrize(("row", "reason"), BROKEN)
def test_broken_wrappings_are_named(row: dict[str, Any], reason: str, tmp_path: Path) -> None:
    with pytest.raises(PyriteError, match=reason):
        read(tmp_path, {"id": "a", **row})


ENDED: list[tuple[dict[str, Any], str]] = [
    ({"response": "x", "done_reason": "length"}, "length"),
    ({"content": "x", "stop_type": "limit"}, "length"),
    ({"content": "x", "stopped_limit": True}, "length"),
    ({"output": "x", "finish_reason": "max_new_tokens"}, "length"),
    ({"output": "x", "finishReason": "FinishReason.MAX_TOKENS"}, "length"),
    ({"output": "x", "finish_reason": {"type": "length", "length": 9}}, "length"),
    ({"text": "x", "meta_info": {"finish_reason": {"type": "length"}}}, "length"),
    ({"generated_text": "x", "details": {"finish_reason": "length"}}, "length"),
    ({"output": ["x"], "finish_reason": ["length"]}, "length"),
    ({"outputs": [{"text": "x", "finish_reason": "length"}]}, "length"),
    ({"response": gemini("x", finishReason="MAX_TOKENS")}, "length"),
    (
        {"object": "response", "status": "incomplete", "output": [{"type": "message", "content": [{"text": "x"}]}]},
        "length",
    ),
    ({"response": {"object": "response", "status": "incomplete", "output": []}}, "length"),
    ({"response": {"candidates": [{"finishReason": "SAFETY"}]}}, "content-filter"),
    ({"response": {"candidates": [{"content": {"role": "model"}, "finishReason": "STOP"}]}}, "no-output"),
    ({"key": "a", "response": {"promptFeedback": {"blockReason": "SAFETY"}}}, "content-filter"),
    ({"key": "a", "error": {"code": 400, "message": "bad"}}, "failed"),
]


@pytest.mark.parametrize(("row", "ending"), ENDED)
def test_endings_are_understood(row: dict[str, Any], ending: str, tmp_path: Path) -> None:
    (answer,) = read(tmp_path, row if "key" in row else {"id": "a", **row})
    assert getattr(answer.answer, "finish", "stop") == ending


# Files ----------------------------------------------------------------------------------------------------------------

TABLES = {
    "pandas' index": ",problem_id,output\n0,c,{c}\n1,a,{a}\n",
    "pandas' unnamed": "Unnamed: 0,id,output\n0,c,{c}\n1,a,{a}\n",
    "ids as pandas' index": ",output\nc,{c}\na,{a}\n",
    "odd names": "id,output,acc (%),lat:ms,score[0],time/s\nc,{c},1,2,3,4\na,{a},1,2,3,4\n",
    "a quoted delimiter": 'id;"x,y,z";output\nc;1;{c}\na;2;{a}\n',
    "pipes": "id|output\nc|{c}\na|{a}\n",
    "its delimiter before": "sep=;\nid;output\nc;{c}\na;{a}\n",
    "comments before": "# a run\r\n#\r\n\r\nid,output\r\nc,{c}\r\na,{a}\r\n",
    "a trailing delimiter": "id,output,\nc,{c},\na,{a},\n",
    "blanks and capitals": " ID , Output \nc,{c}\na,{a}\n",
}


@pytest.mark.parametrize("layout", TABLES)
def test_tables_are_read_as_programs_write_them(layout: str, tmp_path: Path) -> None:
    answers = read_text(tmp_path, TABLES[layout].format(a=of("a"), c=of("c")))
    assert found(answers) == right("c", "a")
    assert not answers.complaints


def test_a_single_column_and_names_for_map(tmp_path: Path) -> None:
    answers = read_text(tmp_path, "output\nthe answer to a\nthe answer to b\nthe answer to c\n")
    assert found(answers) == right("a", "b", "c")
    assert "by their order" in said(answers)
    mapped = read_text(tmp_path, "kind,said\na,the answer to a\n", mapping=parse_map("problem_id=kind,output=said"))
    assert found(mapped) == right("a")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("| id | output |\n|---|---|\n| a | x |\n", "neither JSON nor CSV"),
        ("- id: a\n  output: x\n", "neither JSON nor CSV"),
        ("Dear all: here it is.\n", "neither JSON nor CSV"),
        ("id,output,output\na,x,y\n", "two columns are called 'output'"),
        ("id,output\na\n", "more or fewer fields"),
        ("#\n" * 50_000, "neither JSON nor CSV"),
    ],
)
def test_what_is_no_table_is_refused(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(PyriteError, match=reason) as caught:
        read_text(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_printed_objects_one_after_the_other(tmp_path: Path) -> None:
    rows = [{"id": name, "output": of(name), "more": [{}, {}]} for name in "ca"]
    for between in ("\n", "\n\n", ",\n"):
        assert found(read_text(tmp_path, between.join(json.dumps(row, indent=2) for row in rows))) == right("c", "a")
    cut = read_text(tmp_path, "\n".join(json.dumps(row, indent=2) for row in rows)[:-30])
    assert found(cut) == right("c")
    assert "what follows is not read" in said(cut)
    marked = "".join(f"\x1e{json.dumps(row)}\n" for row in rows)
    assert found(read_text(tmp_path, marked)) == right("c", "a")


def test_packed_files(tmp_path: Path) -> None:
    raw = "".join(json.dumps({"id": name, "output": of(name)}) + "\n" for name in "ca").encode()
    path = tmp_path / "packed"
    for packed in (bz2.compress(raw), lzma.compress(raw), lzma.compress(raw[:50]) + lzma.compress(raw[50:])):
        path.write_bytes(packed)
        assert found(read_answers(path, PROBLEMS)) == right("c", "a")
        path.write_bytes(packed[:-20])
        with pytest.raises(PyriteError, match="data is damaged"):
            read_answers(path, PROBLEMS)
    path.write_bytes(lzma.compress(b"x") * 300)
    with pytest.raises(PyriteError, match="more than 256 streams"):
        read_answers(path, PROBLEMS)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("folder/", "")
        archive.writestr("folder/answers.jsonl", raw)
    assert found(read_answers(path, PROBLEMS)) == right("c", "a")
    with zipfile.ZipFile(tmp_path / "outer", "w") as archive:
        archive.writestr("inner.zip", path.read_bytes())
    with pytest.raises(PyriteError, match="without samples"):
        read_answers(tmp_path / "outer", PROBLEMS)


def test_map_reaches_rows_inside(tmp_path: Path) -> None:
    cases = {"testCases": [{"k": name, "said": {"it": of(name)}} for name in "ca"]}
    assert found(read(tmp_path, cases, mapping=parse_map("problem_id=k,output=said.it"))) == right("c", "a")
    by_id = {name: {"said": of(name)} for name in "ca"}
    assert found(read(tmp_path, by_id, mapping=parse_map("output=said"))) == right("c", "a")
    named = [{"id": name, "said": of(name)} for name in "cab"]
    assert found(read(tmp_path, *named, mapping=parse_map("output=said"))) == right("c", "a", "b")
    tasks = {"samples": {"t": [{"doc_id": 0}], "u": [{"doc_id": 0}]}}
    with pytest.raises(PyriteError, match=r"several tasks \(t, u\)"):
        read(tmp_path, tasks)
