"""Small made-up rows in the layouts of public benchmarks, written for the tests; no row is from a published set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def nl4opt_record(**changes: Any) -> dict[str, Any]:
    """Two goods, one of every kind of declaration, names and numbers written in several ways."""
    record = {
        "document": "A kiln fires cups and bowls. A cup earns $3 and a bowl $5; plan the firing for the most profit.",
        "vars": ["cups", "bowls"],
        "obj_declaration": {"type": "objective", "direction": "maximize", "terms": {"cup": "3", "bowl": "five"}},
        "const_declarations": [
            {"type": "linear", "limit": "25", "terms": {"cups": "2", "Bowls": "3"}, "operator": "LESS_OR_EQUAL"},
            {"type": "sum", "limit": "1,000", "operator": "LESS_OR_EQUAL"},
            {"type": "upperbound", "limit": "30", "var": "cups", "operator": "LESS_OR_EQUAL"},
            {"type": "lowerbound", "limit": "2", "var": "cups", "operator": "GREATER_OR_EQUAL"},
            {"type": "ratio", "limit": "90%", "var": "bowl", "operator": "LESS_OR_EQUAL"},
            {"type": "xby", "x_var": "cups", "param": "twice", "y_var": "bowls", "operator": "LESS_OR_EQUAL"},
            {"type": "xy", "x_var": "cups", "y_var": "bowls", "operator": "LESS_OR_EQUAL"},
        ],
        "order_mapping": {"cups": 0, "bowls": 1, "cup": 0},
    }
    return {**record, **changes}


def write_nl4opt(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps({str(100 + k): record}) + "\n" for k, record in enumerate(records)))
    return path


MAMO = [
    {
        "id": 1,
        "Question": "Bake bread for the most profit.",
        "Answer": "120",
        "Category": "optimization",
        "Type": "easy_lp",
    },
    {"id": 2, "Question": "Ship crates at the least cost.", "Answer": "$1,200", "Type": "complex_lp"},
    {"id": 3, "Question": "", "Answer": "7", "Type": "easy_lp"},
    {"id": 4, "Question": "Cut rolls.", "Answer": None, "Type": "easy_lp"},
]
INDUSTRYOR = [
    {"id": 0, "en_question": "Plan the fleet.", "en_answer": "1.2e3", "difficulty": "Hard", "type": "LP"},
    {"id": 1, "en_question": "Plan the crews.", "en_answer": "No Best Solution", "difficulty": "Easy", "type": "IP"},
    {"id": 2, "en_question": "Plan the wards.", "en_answer": "12%", "difficulty": "Easy", "type": "IP"},
    {"id": 3, "en_question": "Plan the docks.", "en_answer": "infeasible", "difficulty": "Easy", "type": "IP"},
]
OPTMATH = [
    {"id": 0, "en_question": "Schedule two jobs.", "en_answer": 25.0},
    {"id": 0, "en_question": "Schedule three jobs.", "en_answer": 31},
]
OPTIBENCH = [
    {"question": "Sell vans and carts.", "index": 0, "type": "linear-notable",
     "results": {"The number of vans": "3.0", "The number of carts": "4.0", "The total profit": "90.5"}},
    {"question": "Open stations.", "index": 1, "type": "linear-table",
     "results": {"Whether to open in A": "1.0", "Whether to open in B": "0.0"}},
    {"question": "Paint walls.", "index": 2, "type": "linear-table", "results": {}},
]  # fmt: skip
DIET = {
    "input": {
        "food_set": ["oats", "milk"], "nutrient_set": ["fibre", "fat", "salt"], "cost": [2.5, 1], "need": [5, 6, 1],
        "content": [[3, 1, 0], [0, 2, 1]], "budget": 40, "remarks": "none",
    },
    "output": [7.5],
}  # fmt: skip
DIET_CODE = '''def diet(food_set, nutrient_set, cost, need, content, budget):
    """
    Args:
        food_set: list of foods
        content: 2D list of floats, indexed by [food_set][nutrient_set].
    """
'''


def write_complexor(root: Path) -> Path:
    for name, sample in {"diet": [DIET, {"input": {}, "output": ["No Best Solution"]}], "empty": []}.items():
        folder = root / name
        folder.mkdir(parents=True)
        (folder / "description.txt").write_text("Buy foods at the least cost so that every need is met.\n")
        (folder / "sample.json").write_text(json.dumps(sample))
        (folder / "code_example.py").write_text(DIET_CODE)
    return root


def write_nlp4lp(root: Path) -> Path:
    folder = root / "7"
    folder.mkdir(parents=True)
    (folder / "description.txt").write_text("Mix two feeds cheaply.")
    (folder / "solution.json").write_text(json.dumps({"variables": {"a": 1}, "objective": 12.25}))
    (folder / "parameters.json").write_text(json.dumps({"Price": [3, 4]}))
    (folder / "problem_info.json").write_text(json.dumps({"parameters": {"Price": {}, "Limit": {}}}))
    unsolved = root / "8"
    unsolved.mkdir()
    (unsolved / "description.txt").write_text("Mix three feeds cheaply.")
    (unsolved / "solution.json").write_text("")
    symbolic = root / "9"
    symbolic.mkdir()
    info = {"parametrized_description": "Spend at most Budget on goods of a given Price.", "parameters": {}}
    (symbolic / "problem_info.json").write_text(json.dumps(info))
    (symbolic / "parameters.json").write_text(json.dumps({"Price": [3, 4], "Budget": 9}))
    (symbolic / "solution.json").write_text(json.dumps({"objective": 3}))
    return root
