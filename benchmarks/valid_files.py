"""A valid file of each kind that Pyrite reads, small, by hand: what ``foreign_files`` damages."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from functools import cache
from typing import Any

from pyrite import Policy, Problem, score
from pyrite.reports.gate.snapshot import FORMAT
from pyrite.results.outputs import Output

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


PULP = """import pulp
p = pulp.LpProblem("plan", pulp.LpMaximize)
x = {i: pulp.LpVariable(f"x_{i}", lowBound=0, cat="Integer") for i in range(3)}
p += pulp.lpSum(3 * x[i] for i in x), "profit"
for i in x:
    p += 2 * x[i] <= 9
p.solve()
print(pulp.value(p.objective))
"""
GUROBI = """import gurobipy as gp
from gurobipy import GRB
m = gp.Model("plan")
x = m.addVars(["a", "b"], vtype=GRB.INTEGER, name="x")
m.setObjective(gp.quicksum(3 * x[k] for k in x), GRB.MAXIMIZE)
m.addConstrs((x[k] <= 4 for k in x), name="cap")
m.optimize()
"""


def packed(rows: list[Any]) -> list[bytes]:
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
def gguf() -> bytes:
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
def verdict() -> dict[str, Any]:
    (verdict,) = score([PROBLEMS[0]], [Output("p1", 0, ANSWER)], workers=0)
    return verdict.to_dict()


CHAT: dict[str, Any] = {
    "choices": [{"index": 0, "message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}],
    "usage": {"completion_tokens": 9, "prompt_tokens": 5},
}
"""What an endpoint answers."""

STREAM = f"data: {json.dumps({'choices': [{'delta': {'content': ANSWER}, 'finish_reason': None}]})}\n\ndata: [DONE]\n"
"""The same as events that nobody asked for."""

RECORD: dict[str, Any] = {
    "step": 2,
    "examples": 4,
    "left_out": 0,
    "recipe": {
        "name": "tiny",
        "data": {"families": ["knapsack"], "grids": [], "file": "", "size": "small", "split": "train"},
        "schedule": {"seed": 0, "learning_rate": 1e-3},
    },
    "recipe_digest": "abc",
    "base": {"source": "embedded", "weights": "0"},
    "method": {"name": "lora", "options": {"r": 4}},
    "objective": {"name": "supervised"},
    "parameters": {"trainable": 10, "total": 100},
    "tokens": {"seen": 40, "learned": 20},
    "loss": 1.5,
    "seconds": 2.5,
    "flops": 1e9,
    "compute": "cpu",
    "versions": {"torch": "2"},
}
"""What stands beside a checkpoint, as far as its card says it."""

GRID: dict[str, Any] = {
    "name": "three",
    "physics": "ac",
    "base": 100.0,
    "slack": "b1",
    "buses": [
        {"name": "b1", "place": [0.5, 1.5]},
        {"name": "b2", "demand": 40.0, "reactive_demand": 5.0, "conductance": 0.5, "lowest": 0.95},
        {"name": "b3", "demand": 30.0},
    ],
    "generators": [
        {
            "name": "g1",
            "bus": "b1",
            "lowest": 0.0,
            "highest": 90.0,
            "reactive_lowest": -50.0,
            "cost": [0.01, 20.0, 5.0],
        },
        {"name": "g2", "bus": "b3", "lowest": 10.0, "highest": 60.0},
    ],
    "branches": [
        {"name": "l1", "start": "b1", "end": "b2", "r": 0.01, "x": 0.1, "b": 0.02, "tap": 0.98, "shift": 2.5},
        {"name": "l2", "start": "b2", "end": "b3", "r": 0.02, "x": 0.2, "limit": 60.0},
    ],
}
JUDGED: dict[str, Any] = {
    "problem": {**PROBLEMS[0].to_dict(), "split": "train"},
    "chosen": ANSWER,
    "rejected": "{}",
    "rejected_from": {"finish": "length"},
}
RECORDED: dict[str, Any] = {
    "library": "gurobipy",
    "columns": [
        ["bread", "", None, None, "integer", 0, 40],
        ["", "make", ["a", 1], ["make", ["a", 1]], "continuous", 0.0, None],
        ["", "", None, ["y", None], "binary", None, 1e30],
    ],
    "rows": [["oven", [[0, 2], [1, 4.5]], [], 1, None, 120], ["q", [[2, 1]], [[0, 0, 1]], 0, -1, 0.30000000000000004]],
    "sense": "maximize",
    "objective": [[[0, 3], [1, 5]], [[0, 1, -1]], 0.5],
    "notes": ["a note"],
}
MISSPELT = [
    "{'variables': {'x': {'domain': 'Integer', 'lower': 0,}}, 'objective': {'sense': 'max', 'expression': '3x'}, "
    "'constraints': ['2x \u2264 9', 'x >= 1']}",
    '```json\n{"variables": {"x": {"domain": "continuous", "upper": Infinity}}, // all\n "objective": {"sense": '
    '"minimise", "expression": "x\u00b2 + 2\u00b7x"}, "constraints": {"c": "x => 1_000"}}\n```',
]
NOTEBOOK: dict[str, Any] = {
    "cells": [
        {"cell_type": "markdown", "source": ["# A plan"]},
        {"cell_type": "code", "source": PULP.splitlines(keepends=True), "outputs": []},
    ],
    "metadata": {"kernelspec": {"language": "python"}},
    "nbformat": 4,
}
STUDY = """name = "small"
[axes]
method = ["lora", {label = "base", name = "none"}, {label = "DoRA", name = "dora", options = {r = 4}}]
data.count = [100, 400]
[search]
factors = [0.3, 1]
problems = 30
[also.varied]
families = ["product-mix"]
texts = "varied"
count = 20
[analysis]
baseline = "lora"
[model]
source = "embedded"
[method]
name = "lora"
options = {r = 16, lora_alpha = 32}
[data]
families = ["product-mix", "knapsack"]
[schedule]
epochs = 1
[answers.problems]
families = ["product-mix"]
count = 20
"""
_ASKED: dict[str, Any] = {
    "run": "runs/step-50", "examples": 100, "problems": ["p1", "p2"], "families": ["f"], "samples": [0, 0],
    "problem": [0, 1], "family": [0, 0], "states": {"parses": "11", "substance": "02"}, "cut": 1,
}  # fmt: skip
CELL: dict[str, Any] = {
    "format": 1, "cell": "cell", "labels": {"method": "lora"}, "learning_rate": 1e-3, "candidates": [{"factor": 1}],
    "recipe": {}, "weights": "w", "parameters": {"total": 10}, "tokens": {"seen": 1}, "flops": 1, "examples": 100,
    "left_out": 0, "loss": 0.5, "held_out_loss": None, "asked": [_ASKED], "also": {"varied": _ASKED},
    "seconds": {"tune": 1.5}, "made_by": {},
}  # fmt: skip


def score_logs() -> list[bytes]:
    """An inspect log as JSON and as an archive, and lm-eval's samples."""
    samples = [
        {"id": f"q{place}", "epoch": 1, "input": "Q", "scores": {"judge": {"value": value}, "other": {"value": 0}}}
        for place, value in enumerate(["C", "I", 1.0, {"a": 1, "b": 0}])
    ]
    rows = [
        {"doc_id": place, "doc": {"id": f"q{place}"}, "target": "", "filter": "none", "acc": value, "metrics": ["acc"]}
        for place, value in enumerate([1.0, 0.0])
    ]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("header.json", json.dumps({"status": "success", "eval": {}}))
        for sample in samples:
            zipped.writestr(f"samples/{sample['id']}_epoch_1.json", json.dumps(sample))
    log = json.dumps({"status": "success", "eval": {}, "samples": samples}).encode()
    return [log, archive.getvalue(), "".join(json.dumps(row) + "\n" for row in rows).encode()]


@cache
def columns() -> tuple[bytes, ...]:
    """Outputs as parquet (two codecs), as an arrow file and as an arrow stream. Needs pyarrow."""
    import pyarrow
    from pyarrow import ipc, parquet

    table = pyarrow.Table.from_pylist(
        [{"problem_id": problem.id, "sample": 0, "output": ANSWER, "meta": {"a": [1.5, None]}} for problem in PROBLEMS]
    )
    found = []
    for codec in ("snappy", "none"):
        sink = io.BytesIO()
        parquet.write_table(table, sink, compression=codec)
        found.append(sink.getvalue())
    for write in (ipc.new_file, ipc.new_stream):
        sink = io.BytesIO()
        with write(sink, table.schema) as writer:
            writer.write_table(table)
        found.append(sink.getvalue())
    return tuple(found)
