"""Constrained decoding: what the grammars accept, and that a random model under them passes what they promise."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.verdict import SURFACE
from pyrite.models.answering import Request, Settings
from pyrite.models.answering.decoding import Grammars
from pyrite.models.answering.grammar import language_grammar
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.answering.names_grammar import names_grammar
from pyrite.models.answering.own_keys import OwnKeys
from pyrite.models.devices import choose_compute
from pyrite.models.prompts import Prompt
from pyrite.models.sources import load, parse_source
from pyrite.problems.families import FAMILIES, draw
from pyrite.problems.problem import Problem

INDEXED = {
    "sets": {"P": ["bread", "white cake"], "T": [1, 2, 3]},
    "parameters": {
        "profit": {"index": ["P"], "values": {"bread": 3, "white cake": 5}},
        "hours": {"values": 40},
    },
    "variables": {
        "make": {"index": ["P", "T"], "domain": "integer", "lower": 0, "upper": 50},
        "stock": {"index": ["P", "T"], "domain": "continuous", "lower": 0},
    },
    "objective": {"sense": "maximize", "expression": "sum(profit[p]*make[p,t] for p in P for t in T)"},
    "constraints": {
        "labor_1": {"for": "t in T", "expression": "sum(make[p,t] for p in P) <= hours"},
        "start_2": {"for": "p in P", "expression": "stock[p,1] == make[p,1]"},
        "balance_3": {"for": "p in P, t in T if t > 1", "expression": "stock[p,t] == stock[p,t-1] + make[p,t]"},
        "band_4": "-3 <= make[bread,1] - make['white cake',2] <= 7.5",
    },
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = make_tiny(tmp_path_factory.mktemp("tiny"))
    return load(parse_source(str(folder)), choose_compute("cpu", "float32", 1))


def compact(document):
    return json.dumps(document, separators=(",", ":"))


def test_both_grammars_accept_the_indexed_example(accepts):
    problem = Problem.from_dict({"id": "a", "text": "x", "reference": INDEXED})
    assert accepts(language_grammar(), compact(INDEXED))
    assert accepts(names_grammar(problem), compact(INDEXED))


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_language_grammar_accepts_every_familys_reference(accepts, family):
    assert accepts(language_grammar(), draw(family, 5, "small").reference.to_json())
    assert accepts(language_grammar(), draw(family, 5, "medium").reference.to_json())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("make[p,1]", "make[p]"),  # arity
        ("make[p,1]", "bake[p,1]"),  # an undeclared name
        ("make[p,1]", "make[1,p]"),  # the order of the sets
        ("make[p,1]", "make[t,1]"),  # a name that is not bound here
        ("stock[p,1]", "stock[bread,1]"),  # then nothing uses p: left side no longer covers
        ("[p,t-1]", "[p,t-2]"),  # may leave the set
        (" if t > 1", ""),  # then t-1 may leave the set
        ("band_4", "labor_1"),  # a repeated key
        ("-3 <=", "make[bread,1] <="),  # an end of a chain that is not known
    ],
)
def test_the_names_grammar_refuses_what_stage_3_refuses(accepts, old, new):
    problem = Problem.from_dict({"id": "a", "text": "x", "reference": INDEXED})
    text = compact(INDEXED)
    assert old in text
    assert accepts(names_grammar(problem, numbered=True), text)
    assert not accepts(names_grammar(problem, numbered=True), text.replace(old, new, 1))
    if new != "labor_1":  # which is held beside the grammar where names are free
        assert not accepts(names_grammar(problem), text.replace(old, new, 1))


def refused(tiny, problem, constraints):
    """The text before the first token that a names constraint refuses; None when it takes all."""
    document = {**problem.reference.to_dict(), "constraints": constraints}
    text = json.dumps(document, separators=(",", ":")) if isinstance(constraints, dict) else constraints
    grammars = Grammars(tiny.tokenizer, len(tiny.tokenizer), [tiny.tokenizer.eos_token_id])
    constraint = grammars.start(names_grammar(problem), own_keys=True)
    tokens = tiny.tokenizer(text, add_special_tokens=False)["input_ids"]
    for place, token in enumerate(tokens):
        bits = torch.zeros((len(tiny.tokenizer) + 31) // 32, dtype=torch.int32)
        constraint.fill(bits)
        if not (int(bits[token // 32]) >> (token % 32)) & 1:
            return tiny.tokenizer.decode(tokens[:place])
        constraint.take(token)
    return None


def test_a_constraints_name_is_not_written_twice(tiny):
    problem = bakeries(1)[0]
    head = json.dumps({**problem.reference.to_dict(), "constraints": {}}, separators=(",", ":"))[:-2]
    name = next(iter(problem.reference.variables))
    twice = head + f'"a b":"{name} <= 1","a bc":"{name} <= 2","a b":"{name} <= 3"}}}}'
    assert refused(tiny, problem, {"a b": f"{name} <= 1", "a bc": f"{name} <= 2", "a": f"{name} <= 3"}) is None
    stopped = refused(tiny, problem, twice)
    assert stopped is not None
    assert stopped.removesuffix("a b") != stopped, stopped  # right before the quote that would close it


@given(st.lists(st.text("ab ", min_size=1, max_size=4), max_size=5), st.text("ab ", max_size=4))
def test_own_keys_knows_the_names_that_are_used(names, begun):
    keys = OwnKeys()
    body = "".join(f'"{name}":{{"for":"t in T","expression":"a <= 1"}},"{name}x":"b >= 2",' for name in names)
    keys.feed('{"variables":{"constraints":{"domain":"binary"}},"constraints": {' + body + f'"{begun}')
    assert keys.used == {part for name in names for part in (name, f"{name}x")}
    assert (keys.inside, keys.name) == (True, begun)


@pytest.mark.parametrize("text", ['{"variables":{}', '{"variables":{"x":{"domain":"real","lower":0}},', "x"])
def test_the_language_grammar_refuses(accepts, text):
    assert not accepts(language_grammar(), text)


def answers(tiny, problems, decoding, **settings):
    chosen = Settings(decoding=decoding, temperature=1.3, samples=2, max_new_tokens=400, seed=3, **settings)
    answerer = LocalAnswerer(tiny, Prompt(), chosen)
    requests = [Request(problem, sample) for problem in problems for sample in range(2)]
    return [output for batch in answerer.plan(requests) for output in answerer.answer(batch)]


def test_a_random_model_passes_stages_1_to_3_under_the_names_grammar(tiny):
    problems = {problem.id: problem for problem in bakeries(3)}
    for family in ("product-mix", "transportation"):
        problems[family] = Problem.from_dict({**draw(family, 3, "medium").to_dict(), "id": family, "text": "x"})
    problems["indexed"] = Problem.from_dict({"id": "indexed", "text": "x", "reference": INDEXED})
    complete = 0
    for output in answers(tiny, list(problems.values()), "names"):
        assert output.finish in ("stop", "length")
        if output.finish == "length":
            continue  # cut by the token limit and said so
        complete += 1
        problem = problems[output.problem_id]
        verdict = Judge(problem.as_reference(), Policy(time_limit=2.0)).judge(output.output)
        assert [verdict.stages[stage].status for stage in SURFACE] == ["pass"] * 3, (output.output, verdict.stages)
    assert complete >= 4


def test_a_random_model_writes_schema_valid_json_under_the_language_grammar(tiny):
    from pyrite.feasibility.language.document.reading import read_json
    from pyrite.feasibility.language.document.schema import validate

    complete = 0
    for output in answers(tiny, bakeries(8), "grammar"):
        if output.finish == "length":
            continue
        document, findings = read_json(output.output, Policy())
        assert {finding.code for finding in findings} <= {"duplicate-key"}  # which no grammar of this kind can forbid
        if not findings:
            complete += 1
            assert validate(document) == []
    assert complete >= 2


def test_without_a_reference_there_is_no_names_grammar():
    with pytest.raises(PyriteError, match="has no reference formulation; decoding = 'names' needs one"):
        names_grammar(Problem(id="p", text="x"))


def test_too_many_sets_are_said():
    reference = {
        "sets": {name: [1] for name in "ABCDE"},
        "variables": {"x": {"index": list("ABCDE"), "domain": "binary"}},
        "objective": {"sense": "feasibility"},
        "constraints": {},
    }
    with pytest.raises(PyriteError, match="needs 5 bound names"):
        names_grammar(Problem.from_dict({"id": "p", "text": "x", "reference": reference}))
