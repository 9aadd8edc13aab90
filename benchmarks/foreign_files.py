"""Damaged files for every reader of Pyrite: a valid file of each kind, ways to break it, and who reads it.

Whatever is in a file, only a :class:`PyriteError` may come out of its reader. Damage is drawn from a seed: places of
the text, of the JSON or TOML in it, of its words; so an input that did harm is made again from its reader and number.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import struct
import tomllib
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pyrite import Policy, Problem, score
from pyrite.feasibility.convert import read as read_program
from pyrite.feasibility.errors import PyriteError, PyriteWarning
from pyrite.feasibility.language.document.reading import extract
from pyrite.models.gguf_header import check_gguf_header
from pyrite.models.recipes import parse_recipe, recipe_text
from pyrite.problems.files import read_problems
from pyrite.problems.importers.importing import import_problems
from pyrite.problems.importers.records import ImportOptions
from pyrite.problems.lines import line_of
from pyrite.reports.gate.rules import read_rules
from pyrite.reports.gate.snapshot import FORMAT, read_baseline
from pyrite.results.outputs import Output
from pyrite.results.readers.reading import read_answers
from pyrite.results.run import RunFolder

FORMULATION: dict[str, Any] = {
    "variables": {"x": {"domain": "integer", "lower": 0}, "y": {"domain": "continuous", "lower": 0, "upper": 4}},
    "objective": {"sense": "maximize", "expression": "3*x + y"},
    "constraints": {"cap": "2*x + y <= 9"},
}
INDEXED: dict[str, Any] = {
    "sets": {"P": ["bread", "cake"], "T": [1, 2]},
    "parameters": {"profit": {"index": ["P"], "values": {"bread": 3, "cake": 5.25}}, "hours": {"values": 40}},
    "variables": {"make": {"index": ["P", "T"], "domain": "integer", "lower": 0, "upper": 50}},
    "objective": {"sense": "maximize", "expression": "sum(profit[p]*make[p,t] for p in P for t in T)"},
    "constraints": {"labor": {"for": "t in T if t > 1", "expression": "sum(make[p,t] for p in P) <= hours"}},
}
ANSWER = json.dumps(FORMULATION)
TEXT = "A bakery bakes bread and cake and wants to earn as much as it can in 40 hours."
PROBLEMS = [
    Problem.from_dict({"id": name, "text": f"{TEXT} ({name})", "reference": FORMULATION}) for name in ("p1", "p2")
]
POLICY = Policy(time_limit=2.0, max_rows=2_000, max_columns=2_000, max_terms=20_000)

LP = """\\ a plan
Maximize
 profit: 3 x + 5.5 y - 2 z + [ - x ^ 2 + x * y ] / 2
Subject To
 oven: 2 x + 4 y <= 120
 -5 <= x - y <= 1e2
 c#2: 3 x - 0.5 z >= -7
Bounds
 -inf <= x <= 40
 z free
 y >= 1.5
General
 x
Binary
 b_1
End
"""
MPS = """NAME          PLAN
OBJSENSE
    MAX
ROWS
 N  COST
 L  OVEN
 G  LEAST
 E  SAME
COLUMNS
    M1  'MARKER'  'INTORG'
    X  COST  3  OVEN  2
    X  LEAST  1
    M2  'MARKER'  'INTEND'
    Y  COST  5.5  OVEN  4
    Y  SAME  1
RHS
    RHS  OVEN  120  LEAST  10
RANGES
    RNG  LEAST  4
BOUNDS
 UP BND  X  40
 FR BND  Y
QUADOBJ
    Y  Y  -1
ENDATA
"""
MOF: dict[str, Any] = {
    "version": {"major": 1, "minor": 7},
    "variables": [{"name": "x"}, {"name": "y"}],
    "objective": {
        "sense": "max",
        "function": {
            "type": "ScalarAffineFunction",
            "terms": [{"coefficient": 2.0, "variable": "x"}],
            "constant": 0.0,
        },
    },
    "constraints": [
        {"function": {"type": "Variable", "name": "x"}, "set": {"type": "Interval", "lower": 0, "upper": 4}},
        {"function": {"type": "Variable", "name": "y"}, "set": {"type": "Integer"}},
        {
            "name": "c",
            "function": {
                "type": "ScalarQuadraticFunction",
                "affine_terms": [{"coefficient": 1, "variable": "y"}],
                "quadratic_terms": [{"coefficient": 2, "variable_1": "x", "variable_2": "x"}],
                "constant": 1,
            },
            "set": {"type": "LessThan", "upper": 9},
        },
    ],
}
BASELINE: dict[str, Any] = {
    "format": FORMAT,
    "policy": Policy().to_dict(),
    "policy_digest": Policy().digest,
    "problem_set_hash": "0",
    "versions": {"pyrite": "0.1.0"},
    "problems": {"p": ["0", "family", "ppppppppp/p"], "q": ["1", None, "pf-------/f"]},
}
RULES: dict[str, Any] = {
    "gate": {
        "significant": 0.05,
        "unknowns": "bound",
        "protected": ["p"],
        "off": ["feasible"],
        "max_surface_only_growth": 0.1,
        "stages": {"substance": {"max_drop": 0.02, "min_rate": 0.5, "max_broken": 3}},
    }
}


def _chat(content: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, "reasoning_content": "{x}"}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


OUTPUT_ROWS: dict[str, list[Any]] = {
    "ours": [{"problem_id": "p1", "sample": 0, "output": ANSWER, "finish": "length", "seconds": 1.5}],
    "usual names": [{"id": "p1", "response": ANSWER}, {"id": "p2", "response": FORMULATION}],
    "one list": [[{"task_id": "p1", "completion": ANSWER}, {"task_id": "p2", "completion": ANSWER}]],
    "a map": [
        {"results": [{"id": "p1", "output": ANSWER}, {"id": "p2", "output": [{"type": "text", "text": ANSWER}]}]}
    ],
    "OpenAI batch": [{"custom_id": "p1", "response": {"status_code": 200, "body": _chat(ANSWER)}, "error": None}],
    "Responses batch": [
        {
            "custom_id": "p2",
            "response": {
                "status_code": 200,
                "body": {
                    "output": [{"type": "message", "content": [{"type": "output_text", "text": ANSWER}]}],
                    "status": "completed",
                },
            },
        }
    ],
    "Anthropic batch": [
        {
            "custom_id": "p1",
            "result": {
                "type": "succeeded",
                "message": {"content": [{"type": "text", "text": ANSWER}], "stop_reason": "end_turn"},
            },
        }
    ],
    "lm-eval": [
        {
            "doc_id": 0,
            "doc": {"id": "p1"},
            "target": "",
            "resps": [[ANSWER]],
            "filtered_resps": [ANSWER],
            "filter": "none",
        }
    ],
    "inspect": [
        {
            "status": "success",
            "eval": {},
            "samples": [
                {
                    "id": "p1",
                    "epoch": 1,
                    "output": {
                        "choices": [{"message": {"content": ANSWER}, "stop_reason": "stop"}],
                        "completion": ANSWER,
                    },
                }
            ],
        }
    ],
    "promptfoo": [
        {"results": {"version": 3, "results": [{"vars": {"id": "p1"}, "response": {"output": ANSWER}, "testIdx": 0}]}}
    ],
    "messages": [
        {"messages": [{"role": "user", "content": PROBLEMS[0].text}, {"role": "assistant", "content": ANSWER}]},
    ],
    "LLaMA-Factory": [{"prompt": problem.text, "predict": ANSWER, "label": ANSWER} for problem in PROBLEMS],
    "csv": [],
}
IMPORT_ROWS: dict[str, dict[str, Any]] = {
    "nl4opt": {
        "-1": {
            "document": "A bakery bakes at most 40 cakes.",
            "vars": ["bread", "cake"],
            "var_mentions": ["bread", "cake"],
            "params": ["3", "5"],
            "obj_declaration": {
                "type": "objective",
                "direction": "maximize",
                "name": "profit",
                "terms": {"bread": "3"},
            },
            "const_declarations": [
                {
                    "type": "upperbound",
                    "direction": "at most",
                    "limit": "40",
                    "var": "cake",
                    "operator": "LESS_OR_EQUAL",
                },
                {
                    "type": "linear",
                    "direction": "at most",
                    "limit": "120",
                    "terms": {"bread": "2", "cake": "4"},
                    "operator": "LESS_OR_EQUAL",
                },
                {
                    "type": "ratio",
                    "direction": "at least",
                    "limit": "20%",
                    "var": "bread",
                    "operator": "GREATER_OR_EQUAL",
                },
            ],
        }
    },
    "mamo": {"id": 1, "Question": TEXT, "Answer": "120.5", "Category": "Linear"},
    "optibench": {"question": TEXT, "results": {"bread": "3", "profit": "75.0"}, "type": "linear-notable", "index": 0},
    "industryor": {"en_question": TEXT, "en_answer": "120", "difficulty": "Easy", "id": 3},
    "optmath": {"en_question": TEXT, "en_answer": -3.25, "question_id": "q"},
    "questions": {"question": TEXT, "answer": "No Best Solution"},
    "table": {"id": "a", "text": TEXT, "optimum": 12, "reference": FORMULATION, "data": {"sets": {"P": ["a"]}}},
    "nlp4lp": {
        "description": TEXT,
        "parameters": '{"Hours": {"shape": [], "definition": "hours"}}',
        "optimus_code": "import gurobipy",
        "solution": '{"variables": {"bread": 3}, "objective": 120}',
    },
}
PLAN_TEXT = json.dumps({"values": {"x": 3, "y": {"a": 1.5}}, "objective": 42})


NAMES = (
    "GGUF header", "LP", "MPS", "MathOptFormat", "baseline", "formulation", "gate rules", "imports", "outputs", "plan",
    "problems", "program text", "recipe", "run.json", "verdict lines",
)  # fmt: skip
"""The readers, without loading any of them."""


@dataclass(frozen=True)
class Target:
    """One reader: valid files, how often a share of all inputs is drawn for it, and the call."""

    name: str
    files: tuple[bytes, ...]
    read: Callable[[bytes, Path], object]
    share: int
    dump: Callable[[Any], bytes] | None = None
    """How a document becomes a file; None for files that are no JSON and no TOML."""
    load: Callable[[bytes], Any] = json.loads


def _json(document: Any) -> bytes:
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _toml(document: Any) -> bytes:
    """A table as TOML, as far as the values allow; keys are quoted."""
    if not isinstance(document, dict):
        return _toml({"method": document})
    lines, tables = [], []
    for key, value in document.items():
        if isinstance(value, dict):
            pairs = "\n".join(f"{json.dumps(inner)} = {_toml_value(item)}" for inner, item in value.items())
            tables.append(f"[{json.dumps(key)}]\n{pairs}")
        else:
            lines.append(f"{json.dumps(key)} = {_toml_value(value)}")
    return "\n".join([*lines, *tables]).encode("utf-8", "surrogatepass")


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return '""' if value is None else json.dumps(value)


# The calls -------------------------------------------------------------------------------------------------------


def _kept(data: bytes, folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def _text(data: bytes) -> str:
    """The text, with lone surrogates where the bytes are theirs: answers come as JSON, which can say them."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _read_formulation(data: bytes, folder: Path) -> None:
    text = _text(data)
    found = extract(text, POLICY)
    if found.document is not None:
        read_program(text[found.start : found.end], "json", POLICY)


def _read_model(form: Any) -> Callable[[bytes, Path], None]:
    def read(data: bytes, folder: Path) -> None:
        program = read_program(_text(data), form)
        assert program.columns is not None

    return read


def _read_outputs(data: bytes, folder: Path) -> None:
    for output in read_answers(_kept(data, folder, "answers"), PROBLEMS):
        line_of(output.to_dict())


def _read_verdicts(data: bytes, folder: Path) -> None:
    _kept(data, folder, "verdicts.jsonl")
    for verdict in RunFolder(folder).read_verdicts():
        line_of(verdict.to_dict())


def _read_run(data: bytes, folder: Path) -> None:
    _kept(data, folder, "run.json")
    run = RunFolder(folder)
    run.read_run()
    run.read_policy()


def _read_import(data: bytes, folder: Path) -> None:
    name = "rows.jsonl" if b"\n{" in data[:100_000] else "rows.json"
    outcome = import_problems(_kept(data, folder, name), options=ImportOptions(policy=POLICY))
    for problem in outcome.problems:
        line_of(problem.to_dict())


def _read_program_text(data: bytes, folder: Path) -> None:
    from pyrite.feasibility.recording.guests import guest, libraries
    from pyrite.feasibility.recording.rewriting import Lacking, imported_modules, rewrite
    from pyrite.feasibility.recording.source import SourceTrouble, parse

    tree = parse(_text(data))
    if isinstance(tree, SourceTrouble):
        return
    libraries(imported_modules(tree))
    with suppress(Lacking):
        rewrite(tree, guest("gurobipy").exports)


def _read_plan(data: bytes, folder: Path) -> None:
    from pyrite.feasibility.plans.plan import read_plan

    found = extract(_text(data), POLICY, formulation=False)
    read_plan(found.document, {"x": ((),), "y": (("a",), ("b",))})


# The valid files -------------------------------------------------------------------------------------------------


def _packed(rows: list[Any]) -> list[bytes]:
    """The same rows in every packing."""
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if not rows:
        sheet = 'problem_id,sample,output\np1,0,"' + ANSWER.replace('"', '""') + '"\np2,0,none\n'
        return [sheet.encode(), sheet.encode("utf-16"), sheet.replace(",", "\t").encode()]
    archive = io.BytesIO()
    sample = rows[0]["samples"][0] if isinstance(rows[0], dict) and "samples" in rows[0] else rows[0]
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("header.json", json.dumps({"status": "success", "eval": {}}))
        packed.writestr("samples/1.json", json.dumps(sample))
    packings = [lines.encode(), lines.encode("utf-16"), gzip.compress(lines.encode(), mtime=0)]
    return [*packings, archive.getvalue()] if isinstance(sample, dict) and "results" not in sample else packings


@cache
def _gguf() -> bytes:
    """A small language model's header with a tensor, by hand: entries of every kind."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    def entry(name: str, kind: int, value: bytes) -> bytes:
        return text(name) + struct.pack("<I", kind) + value

    entries = [
        entry("general.architecture", 8, text("llama")),
        entry("general.alignment", 4, struct.pack("<I", 32)),
        entry("llama.block_count", 4, struct.pack("<I", 1)),
        entry("llama.rope.freq_base", 6, struct.pack("<f", 1e4)),
        entry("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 3) + text("<s>") + text("a") + text("b")),
        entry("tokenizer.ggml.scores", 9, struct.pack("<IQ", 6, 3) + struct.pack("<fff", 0, 1, 2)),
        entry("nested", 9, struct.pack("<IQ", 9, 1) + struct.pack("<IQ", 0, 2) + b"ab"),
        entry("flag", 7, b"\1"),
        entry("big", 10, struct.pack("<Q", 1 << 40)),
    ]
    tensor = text("token_embd.weight") + struct.pack("<IQQIQ", 2, 32, 3, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(entries)) + b"".join(entries) + tensor
    return head + b"\0" * (-len(head) % 32) + b"\0" * (32 * 3 * 4)


@cache
def _verdict() -> dict[str, Any]:
    (verdict,) = score([PROBLEMS[0]], [Output("p1", 0, ANSWER)], workers=0)
    return verdict.to_dict()


@cache
def targets() -> dict[str, Target]:
    """Every reader by its name."""
    formulations = [_json(FORMULATION), _json(INDEXED), b"Sure:\n```json\n" + _json(INDEXED) + b"\n```\nDone."]
    outputs = [data for rows in OUTPUT_ROWS.values() for data in _packed(rows)]
    imports = [_json(row) + b"\n" for row in IMPORT_ROWS.values()]
    imports += [_json([row]) for row in IMPORT_ROWS.values()]
    problem = {**PROBLEMS[0].to_dict(), "optimum": 12, "status": "optimal", "family": "f", "split": "test"}
    problem["data"] = {"sets": {"P": ["a"]}, "parameters": {"c": {"index": ["P"], "values": {"a": 1}}}}
    run = {
        "policy": Policy().to_dict(),
        "versions": {"pyrite": "0.1.0"},
        "problem_set_hash": "0",
        "task": "formulation",
    }
    programs = [_PULP.encode(), _GUROBI.encode()]
    found = (
        Target("formulation", tuple(formulations), _read_formulation, 26, _json),
        Target("LP", (LP.encode(),), _read_model("lp"), 16),
        Target("MPS", (MPS.encode(),), _read_model("mps"), 16),
        Target("MathOptFormat", (_json(MOF),), _read_model("mof"), 10, _json),
        Target("outputs", tuple(outputs), _read_outputs, 10, _json),
        Target("problems", (_json(problem) + b"\n",), _read_problems, 4, _json),
        Target("imports", tuple(imports), _read_import, 4, _json),
        Target("recipe", (recipe_text("demo").encode(),), _read_recipe, 2, _toml, lambda d: tomllib.loads(d.decode())),
        Target("gate rules", (_toml(RULES),), _read_gate, 2, _toml, lambda d: tomllib.loads(d.decode())),
        Target("verdict lines", (_json(_verdict()) + b"\n",), _read_verdicts, 3, _json),
        Target("run.json", (_json(run),), _read_run, 2, _json),
        Target("baseline", (_json(BASELINE),), _read_baseline, 3, _json),
        Target("GGUF header", (_gguf(),), lambda d, f: check_gguf_header(_kept(d, f, "m.gguf")), 4),
        Target("program text", tuple(programs), _read_program_text, 2),
        Target("plan", (PLAN_TEXT.encode(),), _read_plan, 2, _json),
    )
    return {target.name: target for target in found}


def _read_problems(data: bytes, folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PyriteWarning)  # names that are nearly right, told once a name
        problems = read_problems(_kept(data, folder, "p.jsonl"))
    for problem in problems:
        line_of(problem.to_dict())


def _read_recipe(data: bytes, folder: Path) -> None:
    _ = parse_recipe(recipe_text(_kept(data, folder, "recipe.toml"))).digest


def _read_gate(data: bytes, folder: Path) -> None:
    read_rules(_kept(data, folder, "gate.toml"))


def _read_baseline(data: bytes, folder: Path) -> None:
    read_baseline(_kept(data, folder, "baseline.json"))


_PULP = """import pulp
p = pulp.LpProblem("plan", pulp.LpMaximize)
x = {i: pulp.LpVariable(f"x_{i}", lowBound=0, cat="Integer") for i in range(3)}
p += pulp.lpSum(3 * x[i] for i in x), "profit"
for i in x:
    p += 2 * x[i] <= 9
p.solve()
print(pulp.value(p.objective))
"""
_GUROBI = """import gurobipy as gp
from gurobipy import GRB
m = gp.Model("plan")
x = m.addVars(["a", "b"], vtype=GRB.INTEGER, name="x")
m.setObjective(gp.quicksum(3 * x[k] for k in x), GRB.MAXIMIZE)
m.addConstrs((x[k] <= 4 for k in x), name="cap")
m.optimize()
"""

# Damage ----------------------------------------------------------------------------------------------------------

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2.5, 1e308, -0.0, 10**400, 2**63, float("nan"), float("inf"), "", "p", "1", "-3.5",
    "x", "p" * 5_000, "\ud800", "\x00", "pass", "ppp/p", "maximize", "continuous", [], {}, [[]], [None], {"": 0},
    [1, 1], {"a": {}}, "2*x <= 3", "sum(x for i in P)", "1/0", "9" * 400, "<=", [{"type": "text"}], {"values": 3},
)  # fmt: skip
_PIECES: tuple[bytes, ...] = (
    *rb"""{ } [ ] , : " ' \ / ( ) + - * ** ^ <= >= == = < > 0 1 -1 1e400 1e-400 9999999999999999999999 .5 5. 0x1 inf
    -inf nan NaN Infinity null true false x y sum for in if not free st end bounds general binary semi sos ranges RHS
    BOUNDS UP LO FR BV MI PL FX 'MARKER' 'INTORG' ENDATA OBJSENSE MAX QSECTION NAME RANGES N L G E $ \ufeff \ud800
    import def lambda @ ; # ``` </think> """.split(),
    *(
        b"\n",
        b"\r",
        b"\t",
        b" ",
        b"\0",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\x1a",
        b"\xff" * 8,
    ),
)


def _places(document: Any, here: tuple[Any, ...], found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The path of every value inside."""
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        found.append((*here, key))
        if isinstance(value, dict | list):
            _places(value, (*here, key), found)
    return found


def _value_at(document: Any, way: tuple[Any, ...]) -> Any:
    for key in way:
        document = document[key]
    return document


def _in_document(rng: random.Random, document: Any) -> Any:
    """One to four values replaced, taken out, copied elsewhere, or put under another name."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        every = _places(document, (), []) if isinstance(document, dict | list) else []
        if not every:
            return rng.choice(_VALUES)
        *way, last = rng.choice(every)
        at, what = _value_at(document, tuple(way)), rng.random()
        if what < 0.2:
            del at[last]
        elif what < 0.3 and isinstance(at, dict):
            at[rng.choice(("", "x", "id", "\ud800", "index", "values", "type"))] = at.pop(last)
        elif what < 0.45:
            at[last] = json.loads(json.dumps(_value_at(document, rng.choice(every))))
        elif what < 0.55 and isinstance(at[last], str) and at[last]:
            at[last] = _in_bytes(rng, at[last].encode("utf-8", "surrogatepass")).decode("utf-8", "surrogateescape")
        elif what < 0.6:
            at[last] = {"a": at[last]} if rng.random() < 0.5 else [at[last]] * rng.choice((1, 2, 30))
        else:
            at[last] = rng.choice(_VALUES)
    return document


def _in_bytes(rng: random.Random, data: bytes) -> bytes:
    """One to four pieces lost, put in, doubled, exchanged or turned around."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, length = rng.randrange(len(data) + 1), rng.choice((0, 1, 1, 4, 8, 40))
        what = rng.random()
        if what < 0.2:
            data = data[:at] + data[at + max(1, length) :]
        elif what < 0.55:
            data = data[:at] + rng.choice(_PIECES) + data[at + rng.choice((0, 0, length)) :]
        elif what < 0.65:
            data = data[:at] + bytes((rng.randrange(256),)) + data[at + 1 :]
        elif what < 0.75:
            other = rng.randrange(len(data) + 1)
            data = data[:at] + data[other : other + rng.randrange(60)] + data[at:]
        elif what < 0.8:
            data = data[:at]
        else:
            data = _in_words(rng, data)
    return data


_WORD = re.compile(rb"\s+|[A-Za-z_]\w*|[-+]?\d+(?:\.\d+)?|.", re.DOTALL)


def _in_words(rng: random.Random, data: bytes) -> bytes:
    words = _WORD.findall(data)
    if not words:
        return rng.choice(_PIECES)
    at, other = rng.randrange(len(words)), rng.randrange(len(words))
    what = rng.random()
    if what < 0.3:
        words[at], words[other] = words[other], words[at]
    elif what < 0.6:
        words[at] = words[other]
    elif what < 0.8:
        words[at : at + 1] = words[at : at + 1] * rng.choice((0, 2, 3, 200))
    else:
        lines = data.split(b"\n")
        line = lines.pop(rng.randrange(len(lines)))
        for _ in range(rng.choice((0, 1, 2))):
            lines.insert(rng.randrange(len(lines) + 1), line)
        return b"\n".join(lines)
    return b"".join(words)


def damaged(target: Target, number: int) -> bytes:
    """Input ``number`` of a reader: always the same."""
    rng = random.Random(f"{target.name} {number}")
    data = rng.choice(target.files)
    what = rng.random()
    if what < 0.02:
        return rng.randbytes(rng.choice((0, 1, 20, 200)))
    if what < 0.03:
        return rng.choice((b"[", b"{", b'{"a":', b"(", b"[[", b"-", b" ")) * rng.choice((50, 2_000, 20_000))
    if target.dump is not None and what < 0.6:
        with suppress(ValueError, RecursionError):
            documents = [target.load(data)] if data.lstrip()[:1] in b"{[" or target.load is not json.loads else []
            if documents:
                ending = b"\n" if data.endswith(b"\n") else b""
                data = target.dump(_in_document(rng, documents[0])) + ending
                if rng.random() < 0.1:
                    data = _in_bytes(rng, data)
                return data
    if data.startswith(b"\x1f\x8b") and what < 0.9:
        return gzip.compress(_in_bytes(rng, gzip.decompress(data)), 1, mtime=0)
    return _in_bytes(rng, data)


def survives(target: Target, data: bytes, folder: Path) -> bool:
    """Whether the reader took the file; False when it refused it with one line. Anything else it raises goes on."""
    try:
        target.read(data, folder)
    except PyriteError:
        return False
    return True
