"""Problem and output files: nothing is lost, everything unusable is named, half lines are repaired."""

import json
import subprocess
import sys
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite import Problem
from pyrite.feasibility.errors import PyriteError, PyriteWarning
from pyrite.problems.files import problem_set_hash, read_problems
from pyrite.problems.lines import LineWriter, append_lines, read_lines, repair_last_line, write_lines
from pyrite.results.outputs import Output, read_outputs

PROBLEM = {"id": "p1", "text": "Bake.", "optimum": 12, "family": "mix", "note": {"kept": True}}


def write(path, *lines, end="\n"):
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines) + end.encode())
    return path


def test_problems_and_their_unknown_fields(tmp_path):
    path = write(tmp_path / "p.jsonl", json.dumps(PROBLEM), "", json.dumps({"id": "p2", "text": "More."}))
    problems = read_problems(path)
    assert [problem.id for problem in problems] == ["p1", "p2"]
    assert problems.complaints == []
    assert problems[0].to_dict() == PROBLEM


def test_outputs_and_their_unknown_fields(tmp_path):
    lines = [
        {"problem_id": "a", "sample": 2, "output": "x", "finish": "stop", "seconds": 0.5, "tokens": 7},
        {"problem_id": "a", "output": ""},
        {"problem_id": "b", "output": "é\n\u2028"},
        {"problem_id": "a", "output": "third"},
    ]
    outputs = read_outputs(write(tmp_path / "o.jsonl", *map(json.dumps, lines)))
    assert [output.key for output in outputs] == [("a", 2), ("a", 3), ("b", 0), ("a", 4)]
    assert outputs[0].to_dict() == lines[0]
    assert outputs[2].output == "é\n\u2028"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"problem_id": "a", "output": ', "not JSON"),
        ("[1]", "a JSON object is needed, this is a list"),
        ("null", "this is null"),
        ('"text"', "this is a string"),
        ("17", "this is a number"),
        (
            b'{"problem_id": "a", "output": "\xff"}',
            r"not UTF-8 \(byte 32 of the line is 0xff\); save the file as UTF-8",
        ),
        ('{"output": "x"}', "non-empty string 'problem_id'"),
        ('{"problem_id": "a"}', "string 'output'"),
        ('{"problem_id": "a", "output": ["x"]}', "string 'output'"),
        ('{"problem_id": "a", "output": "x", "sample": -1}', "'sample' is a whole number"),
        ('{"problem_id": "a", "output": "x", "sample": true}', "'sample' is a whole number"),
        ('{"problem_id": "a", "output": "x", "finish": 3}', "'finish'"),
        ('{"problem_id": "a", "output": "x", "seconds": "3"}', "'seconds'"),
        ('{"problem_id": "ok", "sample": 0, "output": "again"}', "already given in line 1; the first counts"),
        ("[" * 200_000, "nested too deeply"),
        ('{"problem_id": ' + "9" * 5000 + "}", "not readable JSON"),
    ],
)
def test_a_broken_line_is_named_and_the_others_are_read(tmp_path, line, reason):
    path = write(
        tmp_path / "o.jsonl", '{"problem_id": "ok", "output": "first"}', line, '{"problem_id": "z", "output": "last"}'
    )
    outputs = read_outputs(path)
    assert [output.output for output in outputs] == ["first", "last"]
    (complaint,) = outputs.complaints
    assert complaint.line == 2
    with pytest.raises(PyriteError, match=f"^{path}, line 2: .*{reason}"):
        read_outputs(path, strict=True)
    assert len(str(complaint)) < 300


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"text": "x"}, "non-empty string 'id'"),
        ({"id": "q", "text": ""}, "non-empty string 'text'"),
        ({"id": "p1", "text": "x"}, "already used in line 1; the first counts"),
        ({"id": "q", "text": "x", "status": "solved"}, "status is optimal"),
        ({"id": "q", "text": "x", "optimum": "12"}, "cannot be read"),
        ({"id": "q", "text": "x", "optimum": float("nan")}, "cannot be read"),
        ({"id": "q", "text": "x", "reference": {"variables": {}}}, "cannot be read"),
        ({"id": "q", "text": "x", "reference": [1]}, "cannot be read"),
    ],
)
def test_a_broken_problem_is_named(tmp_path, line, reason):
    path = write(tmp_path / "p.jsonl", json.dumps(PROBLEM), json.dumps(line))
    problems = read_problems(path)
    assert [problem.id for problem in problems] == ["p1"]
    assert reason in problems.complaints[0].reason
    with pytest.raises(PyriteError, match="line 2"):
        read_problems(path, strict=True)


@pytest.mark.parametrize("read", [read_problems, read_outputs])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "there is no such file"),
        (b"", "is empty"),
        (b"\n  \n", "is empty"),
        ('{"id": "p"}'.encode("utf-16"), "this is UTF-16; save it as UTF-8"),
        (b"{\n", "no usable .* in it; .*line 1: not JSON"),
    ],
)
def test_a_file_that_holds_nothing_is_one_clear_line(tmp_path, read, content, reason):
    path = tmp_path / "f.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PyriteError, match=reason) as caught:
        read(path)
    assert caught.value.exit_code == 2
    assert "\n" not in caught.value.message


def test_a_folder_is_not_a_file(tmp_path):
    with pytest.raises(PyriteError, match="is a folder"):
        read_problems(tmp_path)


def test_a_byte_order_mark_is_passed_over(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(PROBLEM).encode() + b"\r\n")
    assert read_problems(path)[0].id == "p1"


def test_an_output_of_fifty_megabytes_is_read(tmp_path):
    path = write(
        tmp_path / "o.jsonl",
        json.dumps({"problem_id": "a", "output": "x" * 50_000_000}),
        '{"problem_id":"b","output":""}',
    )
    assert [len(output.output) for output in read_outputs(path)] == [50_000_000, 0]


def test_standard_input():
    code = "from pyrite.results.outputs import read_outputs; print(read_outputs('-')[0].output)"
    line = b'{"problem_id": "a", "output": "from a pipe"}\n'
    done = subprocess.run([sys.executable, "-c", code], input=line, capture_output=True, check=True)
    assert done.stdout == b"from a pipe\n"


# Writing ----------------------------------------------------------------------------------------------------------

texts = st.text(st.characters(), max_size=40)  # lone surrogates too


@given(st.lists(st.tuples(texts, st.integers(0, 3), texts), max_size=6))
def test_what_is_written_reads_back(tmp_path_factory, items):
    path = tmp_path_factory.mktemp("files") / "o.jsonl"
    outputs = [
        Output(f"p{i}{name}", sample, text, extra={"more": text}) for i, (name, sample, text) in enumerate(items)
    ]
    append_lines(path, (output.to_dict() for output in outputs))
    assert list(read_lines(path)) == [output.to_dict() for output in outputs]
    path.read_bytes().decode("utf-8")


@given(cut=st.integers(0, 200), last=st.sampled_from(["\n", ""]))
def test_whatever_a_dead_writer_left_the_next_one_goes_on(tmp_path_factory, cut, last):
    """Cut the file anywhere: whole lines stay, a half line goes, and what is appended stands on a line of its own."""
    path = tmp_path_factory.mktemp("files") / "v.jsonl"
    whole = "".join(json.dumps({"n": n, "text": "é" * n}, ensure_ascii=False) + "\n" for n in range(5)).encode()
    left = whole[: min(cut, len(whole))] + last.encode() * (cut == 0)
    path.write_bytes(left)
    complete = [json.loads(line) for line in left.split(b"\n") if _is_json(line)]
    append_lines(path, [{"n": "new"}])
    lines = read_lines(path, strict=True)
    assert list(lines) == [*complete, {"n": "new"}]


def _is_json(line):
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def test_repair_says_whether_there_was_something_to_do(tmp_path):
    path = tmp_path / "v.jsonl"
    assert repair_last_line(path) is False
    path.write_text('{"a": 1}\n')
    assert repair_last_line(path) is False
    path.write_text('{"a": 1}\n{"a"')
    assert repair_last_line(path) is True
    assert path.read_text() == '{"a": 1}\n'
    path.write_text('{"a": 1}')
    assert repair_last_line(path) is True
    assert path.read_text() == '{"a": 1}\n'


def test_a_half_line_longer_than_a_block_is_found(tmp_path):
    path = tmp_path / "v.jsonl"
    path.write_text('{"a": 1}\n{"a": "' + "x" * 200_000)
    assert repair_last_line(path) is True
    assert path.read_text() == '{"a": 1}\n'


def test_one_writer_at_a_time(tmp_path):
    path = tmp_path / "v.jsonl"
    with LineWriter(path) as writer:
        writer.write({"a": 1})
        with pytest.raises(PyriteError, match="another process is writing"):
            LineWriter(path)
    with LineWriter(path) as writer:
        writer.write({"a": 2})
    assert [line["a"] for line in read_lines(path)] == [1, 2]


def test_each_record_is_on_disk_at_once(tmp_path):
    path = tmp_path / "v.jsonl"
    with LineWriter(path) as writer:
        writer.write({"a": 1})
        assert path.read_text() == '{"a":1}\n'


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "p.jsonl"
    write_lines(path, [{"a": 1}])

    def broken():
        yield {"a": 2}
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_lines(path, broken())
    assert path.read_text() == '{"a":1}\n'


def test_the_hash_names_the_set_and_not_its_order():
    one, two = Problem.from_dict(PROBLEM), Problem.from_dict({"id": "p2", "text": "More."})
    assert problem_set_hash([one, two]) == problem_set_hash([two, one])
    assert problem_set_hash([one]) != problem_set_hash([one, two])
    changed = Problem.from_dict({**PROBLEM, "optimum": 13})
    assert problem_set_hash([changed]) != problem_set_hash([one])


@pytest.mark.parametrize(("field", "meant"), [
    ("formulation", "reference"), ("refrence", "reference"), ("Optimum", "optimum"), ("objective_value", "optimum"),
    ("unit", "units"), ("datas", "data"),
])  # fmt: skip
def test_fields_that_are_nearly_known_are_named(field: str, meant: str) -> None:
    with pytest.warns(PyriteWarning, match=f"'{field}' is unknown and not used; did you mean '{meant}'"):
        problem = Problem.from_dict({"id": "p", "text": "t", field: "kept"})
    assert problem.extra == {field: "kept"}


def test_other_fields_are_kept_without_a_word() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Problem.from_dict({"id": "p", "text": "t", "optimum": 3, "value": 3, "difficulty": "easy", "twin": "q"})
    with pytest.raises(PyriteError, match="needs a non-empty string 'text'; the field 'question' is unknown"):
        Problem.from_dict({"id": "p", "question": "t"})
