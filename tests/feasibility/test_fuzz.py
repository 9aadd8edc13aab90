"""Mutated outputs: no crash, no hang past the limit, and no ``feasible`` that exact re-evaluation denies.

Good formulations are damaged in three ways: bytes of the text, the structure of the JSON, and the text of expressions.
Every pass of stage 5 is checked by a second, independent evaluator that parses the expressions with Python's own parser
(never evaluating model text: only arithmetic nodes are walked) and writes out sums and families by itself.
"""

import ast
import itertools
import json
import random
import re
import time
from fractions import Fraction

import pytest

from pyrite import Formulation, Policy
from pyrite.feasibility.codes import CODES
from pyrite.feasibility.language.document.reading import extract
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.scoring.pool import GRACE, Pool
from pyrite.feasibility.scoring.reference import Reference
from pyrite.feasibility.verdict import STAGES

pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning")  # Python's opinion of a mutant such as `1in P`

FLAT = {
    "variables": {
        "bread": {"domain": "integer", "lower": 0},
        "cake": {"domain": "continuous", "lower": 0, "upper": 40},
    },
    "objective": {"sense": "maximize", "expression": "3*bread + 5.5*cake - (bread - 2)/4"},
    "constraints": {
        "oven": "2*bread + 4*cake <= 120",
        "contract": "bread >= 10",
        "between": "-5 <= bread - 2*cake <= 1e2",
        "shelf": "bread/2 + -(cake - 3) <= 40.25",
    },
}
INDEXED = {
    "sets": {"P": ["bread", "cake"], "T": [1, 2, 3]},
    "parameters": {
        "profit": {"index": ["P"], "values": {"bread": 3, "cake": 5.25}},
        "hours": {"values": 40},
        "need": {"index": ["P", "T"], "values": {"bread": {"1": 1, "2": 2, "3": 3}, "cake": {"1": 0, "2": 1, "3": 2}}},
    },
    "variables": {
        "make": {"index": ["P", "T"], "domain": "integer", "lower": 0, "upper": 50},
        "stock": {"index": ["P", "T"], "domain": "continuous", "lower": 0},
    },
    "objective": {
        "sense": "maximize",
        "expression": "sum(profit[p]*make[p,t] for p in P for t in T) - sum(stock[p,3] for p in P)",
    },
    "constraints": {
        "labor": {"for": "t in T", "expression": "sum(make[p,t] for p in P) <= hours"},
        "start": {"for": "p in P", "expression": "stock[p,1] == make[p,1] - need[p,1]"},
        "balance": {
            "for": "p in P, t in T if t > 1",
            "expression": "stock[p,t] == stock[p,t-1] + make[p,t] - need[p,t]",
        },
        "late": {
            "for": "t in T if t >= 2 and not t == 2",
            "expression": "sum(t*make[p,t] for p in P if p != 'cake') <= 90",
        },
    },
}
CURVED = {
    "variables": {"x": {"domain": "continuous", "lower": -3, "upper": 4}, "y": {"domain": "continuous", "lower": None}},
    "objective": {"sense": "minimize", "expression": "(x - 1)**2 + 2*y*y - x*y + 3"},
    "constraints": {"line": "x + y == 1.5"},
}
SEEDS = [
    json.dumps(FLAT),
    json.dumps(INDEXED),
    json.dumps(CURVED),
    "Sure:\n```json\n" + json.dumps(FLAT, indent=1) + "\n```\nDone.",
]
REFERENCES = [Formulation.from_dict(document) for document in (FLAT, INDEXED, CURVED, FLAT)]
POLICY = Policy(time_limit=2.0, equivalence_seconds=0.5, max_rows=2_000, max_columns=2_000, max_terms=20_000)

TOKENS = r"""
sum ( ) [ ] { } " ' : , + - * / ** ^ <= >= == = < > != for in if and or not 0 1 -1 0.5 1e3 1e-9 1e15 1e400 007
99999999999999999999 bread cake make stock P T p t hours profit need null true false NaN Infinity -Infinity integer
continuous binary minimize maximize feasibility lower upper index domain variables objective constraints sets parameters
values expression sense \ \u0000 \ud800 é ∑ ≤
"""
WORDS = [*TOKENS.split(), " ", "\t", "\n"]


def mutate(rng, text):
    """One to four damages, of any of the three kinds."""
    kinds = [damage_text, damage_structure, damage_expression, exchange, exchange, exchange]
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 4])):
        text = rng.choice(kinds)(rng, text)
    return text


def damage_text(rng, text):
    at = rng.randrange(len(text) + 1)
    length = rng.choice([0, 1, 1, 2, 5, 40])
    kind = rng.randrange(5)
    if kind == 0:
        return text[:at] + text[at + max(1, length) :]
    if kind == 1:
        return text[:at] + rng.choice(WORDS) + text[at + length :]
    if kind == 2:
        return (
            text[:at]
            + chr(rng.choice([0, 7, 34, 92, 123, 125, 0xD800, 0xFEFF, 0x1F600, rng.randrange(128)]))
            + text[at:]
        )
    if kind == 3:
        return text[:at] if rng.random() < 0.3 else text + text[at:]
    other = rng.randrange(len(text) + 1)
    return text[:at] + text[other : other + rng.randrange(60)] + text[at:]


def paths(node, here=()):
    yield here
    if isinstance(node, dict):
        for key, value in node.items():
            yield from paths(value, (*here, key))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from paths(value, (*here, place))


def damage_structure(rng, text):
    found = text[text.find("{") : text.rfind("}") + 1]
    try:
        document = json.loads(found)
    except (ValueError, RecursionError):
        return damage_text(rng, text)
    spots = [path for path in paths(document) if path]
    if not spots:
        return text
    *way, last = rng.choice(spots)
    parent = document
    for key in way:
        parent = parent[key]
    kind = rng.randrange(5)
    if kind == 0:
        del parent[last]
    elif kind == 1:
        values = [None, True, 0, -1, 2.5, 1e300, "", "x", [], {}, [1, 1], {"": 0}, 10**30, "2*bread <= 3", -0.0]
        parent[last] = rng.choice(values)
    elif kind == 2 and isinstance(parent, dict):
        parent[rng.choice(WORDS)] = parent.pop(last)
    elif kind == 3 and isinstance(parent[last], int | float) and not isinstance(parent[last], bool):
        parent[last] = rng.choice([parent[last] * -1, parent[last] * 1e9, parent[last] / 7, parent[last] + 1])
    else:
        value = document
        for key in rng.choice(spots):
            value = value[key]
        parent[last] = json.loads(json.dumps(value))
    return text.replace(found, json.dumps(document), 1)


def damage_expression(rng, text):
    strings = list(re.finditer(r'"(?:[^"\\]|\\.)*"', text))
    long = [match for match in strings if len(match.group()) > 8]
    if not long:
        return damage_text(rng, text)
    match = rng.choice(long)
    tokens = re.findall(r"[A-Za-z_]\w*|\d+(?:\.\d+)?|\*\*|[<>=!]=|\s+|.", match.group()[1:-1])
    at = rng.randrange(len(tokens))
    kind = rng.randrange(4)
    if kind == 0:
        del tokens[at]
    elif kind == 1:
        tokens[at] = rng.choice(WORDS)
    elif kind == 2:
        tokens.insert(at, rng.choice(WORDS))
    else:
        other = rng.randrange(len(tokens))
        tokens[at], tokens[other] = tokens[other], tokens[at]
    return text[: match.start() + 1] + "".join(tokens) + text[match.end() - 1 :]


def exchange(rng, text):
    """A number, a relation, a sign or a name for another of its kind: most of these still read well."""
    kinds = [
        r"\d+(?:\.\d+)?",
        r"[<>=]=",
        r" [-+*/] ",
        r"\b[a-z]+\b",
        '"(?:integer|continuous|binary|minimize|maximize)"',
    ]
    found = list(re.finditer(rng.choice(kinds), text))
    if not found:
        return text
    match, other = rng.choice(found), rng.choice(found)
    word = (
        other.group() if rng.random() < 0.5 or not match.group()[0].isdigit() else str(rng.choice([0, 1, 7, 0.3, 1e6]))
    )
    return text[: match.start()] + word + text[match.end() :]


def python_text(text):
    """What our grammar reads and Python does not: line breaks and leading zeros."""
    return re.sub(r"(?<![\w.])0+(?=\d)", "", " ".join(text.split()))


# The second evaluator ---------------------------------------------------------------------------------------------


class Evaluator:
    """The language once more, by other means: Python's parser on the text, dictionaries for everything, Fractions."""

    def __init__(self, document, plan):
        self.sets = document.get("sets", {})
        self.parameters = document.get("parameters", {})
        self.plan = plan

    def loops(self, generators, bound):
        """Bindings of ``[(name, set)]`` and conditions, one after the other."""
        spaces = [[{name: member} for member in self.sets[set_name]] for name, set_name in generators]
        for choice in itertools.product(*spaces):
            yield bound | {key: value for part in choice for key, value in part.items()}

    def family(self, text, bound):
        """``p in P, t in T if t > 1``: rewritten as a Python comprehension."""
        head, _, condition = python_text(text).partition(" if ")
        loops = " ".join(f"for {part}" for part in head.split(","))
        tree = ast.parse(f"[0 {loops} {'if ' + condition if condition else ''}]".strip(), mode="eval").body
        assert isinstance(tree, ast.ListComp)
        return self.comprehension(tree.generators, bound)

    def comprehension(self, generators, bound):
        names = [(g.target.id, g.iter.id) for g in generators]
        conditions = [test for g in generators for test in g.ifs]
        for scope in self.loops(names, bound):
            if all(self.condition(test, scope) for test in conditions):
                yield scope

    def condition(self, node, bound):
        if isinstance(node, ast.BoolOp):
            results = [self.condition(value, bound) for value in node.values]
            return all(results) if isinstance(node.op, ast.And) else any(results)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return not self.condition(node.operand, bound)
        (comparison,), left, right = node.ops, self.index(node.left, bound), self.index(node.comparators[0], bound)
        compare = {
            ast.Eq: lambda: left == right,
            ast.NotEq: lambda: left != right,
            ast.Lt: lambda: left < right,
            ast.LtE: lambda: left <= right,
            ast.Gt: lambda: left > right,
            ast.GtE: lambda: left >= right,
        }
        return compare[type(comparison)]()

    def index(self, node, bound):
        if isinstance(node, ast.Name):
            return bound.get(node.id, node.id)
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.UnaryOp):
            return -self.index(node.operand, bound)
        left, right = self.index(node.left, bound), self.index(node.right, bound)
        return (
            left + right
            if isinstance(node.op, ast.Add)
            else left - right
            if isinstance(node.op, ast.Sub)
            else left * right
        )

    def value(self, node, bound, text):
        if isinstance(node, ast.Constant):
            return Fraction(ast.get_source_segment(text, node))
        if isinstance(node, ast.UnaryOp):
            return -self.value(node.operand, bound, text)
        if isinstance(node, ast.BinOp):
            left, right = self.value(node.left, bound, text), self.value(node.right, bound, text)
            if isinstance(node.op, ast.Pow):
                return left * left
            operators = {
                ast.Add: left.__add__,
                ast.Sub: left.__sub__,
                ast.Mult: left.__mul__,
                ast.Div: left.__truediv__,
            }
            return operators[type(node.op)](right)
        if isinstance(node, ast.Call):
            (generator,) = node.args
            assert isinstance(generator, ast.GeneratorExp)
            return sum(
                (self.value(generator.elt, scope, text) for scope in self.comprehension(generator.generators, bound)),
                start=Fraction(0),
            )
        name, members = (node.id, []) if isinstance(node, ast.Name) else (node.value.id, node.slice)
        if not isinstance(members, list):
            members = members.elts if isinstance(members, ast.Tuple) else [members]
        members = [self.index(member, bound) for member in members]
        if name in self.parameters:
            found = self.parameters[name]["values"]
            for member in members:
                found = found[str(member)]
            return Fraction(str(found)) if isinstance(found, float) else Fraction(found)
        if name in bound and not members:
            return Fraction(bound[name])
        return self.plan[f"{name}[{','.join(map(str, members))}]" if members else name]

    def holds(self, text, bound, tolerance):
        text = python_text(re.sub(r"(?<![<>=!])=(?!=)", "==", text))
        tree = ast.parse(text, mode="eval").body
        sides = [self.value(node, bound, text) for node in (tree.left, *tree.comparators)]
        for operator, left, right in zip(tree.ops, sides, sides[1:], strict=False):
            # Generous about the scale: the program moves constants across, which changes max(1, |right-hand side|).
            slack = tolerance * max(1, abs(left), abs(right))
            excess = {ast.LtE: left - right, ast.GtE: right - left, ast.Eq: abs(left - right)}[type(operator)]
            if excess > slack:
                return False
        return True


def denied(document, plan, policy):
    """Constraints, bounds or integralities that the second evaluator finds broken at the plan."""
    evaluator = Evaluator(document, plan)
    tolerance = Fraction(str(policy.row_tolerance))
    broken = []
    for name, item in document["constraints"].items():
        text, scopes = item, [{}]
        if isinstance(item, dict):
            text, scopes = item["expression"], evaluator.family(item["for"], {})
        broken += [name for scope in scopes if not evaluator.holds(text, scope, tolerance)]
    for full, value in plan.items():
        item = document["variables"][full.partition("[")[0]]
        lower, upper = item.get("lower"), item.get("upper")
        if item["domain"] == "binary":
            lower, upper = max(lower or 0, 0), 1 if upper is None else min(upper, 1)
        if lower is not None and Fraction(lower) - value > tolerance * max(1, abs(Fraction(lower))):
            broken.append(full)
        if upper is not None and value - Fraction(upper) > tolerance * max(1, abs(Fraction(upper))):
            broken.append(full)
        if item["domain"] != "continuous" and abs(value - round(value)) > Fraction(str(policy.integer_tolerance)):
            broken.append(full)
    return broken


def assert_sane(text, verdict, policy=POLICY):
    """What no output may break, whatever it is; True when a feasible point was re-evaluated."""
    codes = {result.code for result in verdict.stages.values() if result.code}
    assert "internal-error" not in codes, (text, verdict.to_dict())
    assert codes <= set(CODES), (text, codes)
    json.dumps(verdict.to_dict(), allow_nan=False)
    failed = verdict.first_failure
    if failed:
        assert all(verdict.stages[s].status == "skipped" for s in STAGES[STAGES.index(failed) + 1 :])
    if verdict.stages["equivalent"].status == "pass" and verdict.stages["value"].code != "other-words":
        # Other words: the same order of preference in numbers that are scaled or shifted.
        assert abs(verdict.optimum - verdict.reference_optimum) <= 2e-6 * max(1, abs(verdict.reference_optimum))
    if verdict.stages["feasible"].status != "pass":
        return False
    details = verdict.stages["bounded"].details
    assert "plan" in details, (text, verdict.to_dict())
    plan = {name: Fraction(value) for name, value in details["plan"].items()}
    plan |= {name: Fraction(value) for name, value in details.get("plan_exact", {}).items()}
    if details.get("plan_omitted"):
        return False
    document = plain(extract(text, policy).document)
    assert not denied(document, plan, policy), (text, details, denied(document, plan, policy))
    return True


def plain(value):
    """The document as read (exact numbers inside)."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def fuzz(count, seed, references=(None,)):
    """Mutants of all seeds; how many there were, how many passed the surface, how many were re-evaluated."""
    rng = random.Random(seed)
    judges = [Judge(Reference(formulation), POLICY) for formulation in references]
    surface = evaluated = 0
    slowest = 0.0
    for _ in range(count):
        which = rng.randrange(len(SEEDS))
        judge = judges[which % len(judges)]
        text = mutate(rng, SEEDS[which])
        started = time.monotonic()
        verdict = judge.judge(text)
        slowest = max(slowest, time.monotonic() - started)
        surface += verdict.surface
        evaluated += assert_sane(text, verdict)
    assert slowest < POLICY.time_limit + GRACE + 2, f"one took {slowest:.1f} s"
    return count, surface, evaluated


def test_the_seeds_themselves_pass_and_the_evaluator_can_say_no():
    for text in SEEDS:
        verdict = Judge(Reference(), POLICY).judge(text)
        assert verdict.substance is True
        assert assert_sane(text, verdict)
        document = plain(extract(text, POLICY).document)
        details = verdict.stages["bounded"].details
        plan = {name: Fraction(value) for name, value in details["plan"].items()}
        for name in plan:
            assert denied(document, {**plan, name: plan[name] + 1000}, POLICY), (
                f"moving {name} far must break something"
            )


def test_mutants_quick():
    count, surface, evaluated = fuzz(1_500, seed=1)
    # The mutations must not all die at the door, or nothing behind it is tested.
    assert surface > count * 0.1
    assert evaluated > count * 0.05


def test_mutants_against_the_formulation_they_were_made_from():
    """Stages 7 to 9 take part too."""
    count, surface, evaluated = fuzz(300, seed=2, references=REFERENCES)
    assert surface > count * 0.1
    assert evaluated > count * 0.05


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_mutants_thorough(seed):
    """8 times 25,000 mutants, every one judged in this process and re-evaluated; half of them against references."""
    count, surface, evaluated = fuzz(25_000, seed=100 + seed, references=REFERENCES if seed % 2 else (None,))
    assert surface > count * 0.1
    assert evaluated > count * 0.05


def test_mutants_through_the_pool_agree_with_those_in_process():
    rng = random.Random(7)
    texts = [mutate(rng, rng.choice(SEEDS)) for _ in range(150)]
    judge = Judge(Reference(), POLICY)
    with Pool(POLICY, 2) as pool:
        verdicts = list(pool.judge([("p", n, text) for n, text in enumerate(texts)], {"p": Reference()}))
    assert pool.killed == 0
    for number, (text, verdict) in enumerate(zip(texts, verdicts, strict=True)):
        here = judge.judge(text, "p", number)
        if "time-limit" not in {r.code for v in (here, verdict) for r in v.stages.values()}:
            assert {**here.to_dict(), "seconds": 0} == {**verdict.to_dict(), "seconds": 0}


@pytest.mark.parametrize("size", [1, 1_000, 100_000])
def test_random_bytes_and_brackets(size):
    rng = random.Random(size)
    judge = Judge(Reference(), POLICY)
    for alphabet in ('{}[]":, ', '{"a', "[]", '{"variables":', '\\u0"d8', "0123456789eE+-.", "\0\ud800é"):
        text = "".join(rng.choice(alphabet) for _ in range(size))
        for prefix in ("", '{"variables":', '{"variables":{"x":{"domain":"integer","lower":'):
            verdict = judge.judge(prefix + text)
            assert_sane(prefix + text, verdict)
            assert verdict.surface is False
