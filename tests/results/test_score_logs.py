"""Other harnesses' logs compared: their own scores, paired by question."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from pyrite.feasibility.errors import PyriteError
from pyrite.results.readers.containers import read_rows
from pyrite.results.score_logs import compare_logs, read_score_log


def inspect_sample(name: str, value: object, epoch: int = 1, text: str = "?") -> dict[str, Any]:
    return {"id": name, "epoch": epoch, "input": text + name, "output": {}, "scores": {"match": {"value": value}}}


def inspect_log(path: Path, samples: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"version": 2, "samples": samples}))
    return path


def lm_eval_log(path: Path, scores: dict[str, float], metric: str = "exact_match") -> Path:
    rows = [
        {"doc_id": place, "doc": {"q": name}, "resps": [["x"]], "filter": "none", "metrics": [metric], metric: score}
        for place, (name, score) in enumerate(scores.items())
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def zstd_archive(path: Path, members: dict[str, bytes]) -> Path:
    """A zip whose members are packed by zstd (method 93), as inspect writes it."""
    pyarrow = pytest.importorskip("pyarrow")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, pyarrow.compress(text, "zstd", asbytes=True))
    raw = bytearray(stream.getvalue())
    with zipfile.ZipFile(io.BytesIO(bytes(raw))) as archive:
        places = [(info.header_offset, members[info.filename]) for info in archive.infolist()]
    central = raw.index(b"PK\x01\x02")
    for offset, text in places:
        for place in (offset + 8, central + 10):
            struct.pack_into("<H", raw, place, 93)
        for place in (offset + 14, central + 16):
            struct.pack_into("<I", raw, place, zlib.crc32(text))
        for place in (offset + 22, central + 24):
            struct.pack_into("<I", raw, place, len(text))
        central = raw.find(b"PK\x01\x02", central + 4)
    path.write_bytes(raw)
    return path


def test_inspects_words_and_numbers_are_passes(tmp_path: Path) -> None:
    values = ["C", "I", "N", 1, 0, 1.0, True, False, float("nan"), None]
    log = read_score_log(inspect_log(tmp_path / "a.json", [inspect_sample(f"q{i}", v) for i, v in enumerate(values)]))
    assert list(log.scores["match"].values()) == [1, 0, 0, 1, 0, 1, 1, 0, 2, 2]


def test_a_score_that_is_no_pass_is_named_and_left_out(tmp_path: Path) -> None:
    samples = [inspect_sample("a", {"f1": 0.25, "right": 1}), inspect_sample("b", {"f1": 1, "right": 0})]
    log = read_score_log(inspect_log(tmp_path / "a.json", samples))
    assert list(log.scores) == ["match/right"]
    assert log.notes == ["match/f1 is left out: it has values other than 0 and 1 (0.25)"]
    with pytest.raises(PyriteError, match=r"no score of 0 and 1 in it; match is left out.*\(P\)"):
        read_score_log(inspect_log(tmp_path / "p.json", [inspect_sample("a", "P"), inspect_sample("b", "C")]))


def test_pairs_are_by_question_and_p_is_mcnemars(tmp_path: Path) -> None:
    before = {f"q{i}": float(i < 30) for i in range(60)}
    after = {name: float(score if i % 6 else 1 - score) for i, (name, score) in enumerate(before.items())}
    logs = [read_score_log(lm_eval_log(tmp_path / n, s)) for n, s in (("a.jsonl", before), ("b.jsonl", after))]
    (change,), flips = compare_logs(*logs)
    lost = sum(before[name] > after[name] for name in before)
    gained = sum(before[name] < after[name] for name in before)
    assert (change.lost, change.gained, change.pairs) == (lost, gained, 60)
    assert change.p == change.p_holm == pytest.approx(binomtest(lost, lost + gained, 0.5).pvalue)
    assert [flip.direction for flip in flips] == ["lost"] * lost + ["gained"] * gained


def test_several_tries_hang_together(tmp_path: Path) -> None:
    tries = [inspect_sample(f"q{i}", "C" if i % 2 else "I", e) for i in range(8) for e in (1, 2, 3)]
    flipped = [{**s, "scores": {"match": {"value": "C"}}} for s in tries]
    logs = [read_score_log(inspect_log(tmp_path / n, s)) for n, s in (("a.json", tries), ("b.json", flipped))]
    (change,), _ = compare_logs(*logs)
    assert (change.pairs, change.problems, change.test) == (24, 8, "sign-flip permutation by problem")


def test_other_questions_are_refused(tmp_path: Path) -> None:
    one = read_score_log(inspect_log(tmp_path / "a.json", [inspect_sample("q", "C")]))
    other = read_score_log(inspect_log(tmp_path / "b.json", [inspect_sample("q", "C", text="another ")]))
    with pytest.raises(PyriteError, match="question 'q' is another one in the second log"):
        compare_logs(one, other)
    strange = read_score_log(inspect_log(tmp_path / "c.json", [inspect_sample("z", "C")]))
    with pytest.raises(PyriteError, match="share no question"):
        compare_logs(one, strange)
    lm = read_score_log(lm_eval_log(tmp_path / "d.jsonl", {"a": 1.0}))
    with pytest.raises(PyriteError, match="share no score: match against exact_match"):
        compare_logs(one, lm)
    with pytest.raises(PyriteError, match="is scored twice in row 2"):
        read_score_log(inspect_log(tmp_path / "e.json", [inspect_sample("q", "C"), inspect_sample("q", "C")]))
    (tmp_path / "f.jsonl").write_text('{"problem_id": "p", "output": "x"}\n')
    with pytest.raises(PyriteError, match="row 1 is of no known log"):
        read_score_log(tmp_path / "f.jsonl")


def test_an_eval_packed_by_zstd_is_read(tmp_path: Path) -> None:
    samples = [inspect_sample(f"q{i}", "C" if i % 2 else "I") for i in range(4)]
    members = {f"samples/q{i}_epoch_1.json": json.dumps(s).encode() for i, s in enumerate(samples)}
    path = zstd_archive(tmp_path / "a.eval", {**members, "header.json": b"{}"})
    assert [row for _, row in read_rows(str(path), "a").rows] == samples
    assert list(read_score_log(path).scores["match"].values()) == [0, 1, 0, 1]


@pytest.mark.parametrize("damage", ["size", "checksum", "cut", "header"])
def test_a_damaged_member_is_named_and_the_rest_is_read(tmp_path: Path, damage: str) -> None:
    samples = [inspect_sample(f"q{i}", "C") for i in range(2)]
    members = {f"samples/q{i}_epoch_1.json": json.dumps(s).encode() for i, s in enumerate(samples)}
    path = zstd_archive(tmp_path / "a.eval", members)
    raw = bytearray(path.read_bytes())
    central = raw.index(b"PK\x01\x02")
    if damage == "size":
        struct.pack_into("<I", raw, central + 24, 5)
    elif damage == "checksum":
        struct.pack_into("<I", raw, central + 16, 1)
    elif damage == "header":
        struct.pack_into("<H", raw, 26, 60000)
    else:
        raw[60:70] = bytes(10)
    path.write_bytes(raw)
    found = read_rows(str(path), "a")
    assert [row for _, row in found.rows] == samples[1:]
    assert found.broken[0][1].startswith("samples/q0_epoch_1.json: ")


def test_the_command(tmp_path: Path) -> None:
    a = lm_eval_log(tmp_path / "a.jsonl", {f"q{i}": float(i > 2) for i in range(9)})
    b = lm_eval_log(tmp_path / "b.jsonl", {f"q{i}": 1.0 for i in range(9)})
    command = [sys.executable, "-m", "pyrite", "compare", str(a), str(b)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "a.jsonl → b.jsonl" in shown
    assert "+33.3" in shown
    told = json.loads(subprocess.run([*command, "--json"], capture_output=True, text=True, check=True).stdout)
    assert told["changes"][0]["gained"] == len(told["flips"]) == 3
