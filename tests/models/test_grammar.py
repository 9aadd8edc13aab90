"""Constrained decoding: what the grammars accept, and that a random model under them passes what they promise."""

import json

import pytest
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.judging import Judge
from pyrite.feasibility.verdict import SURFACE
from pyrite.models.answering import Request, Settings
from pyrite.models.answering.grammar import language_grammar
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.answering.names_grammar import names_grammar
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


@pytest.fixture(scope="module")
def accepts(tiny):
    from llguidance import LLMatcher
    from llguidance.hf import from_tokenizer

    tokenizer = from_tokenizer(tiny.tokenizer)

    def check(grammar, text):
        matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(grammar))
        assert not matcher.is_error(), matcher.get_error()
        tokens = tiny.tokenizer(text, add_special_tokens=False)["input_ids"]
        return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()

    return check


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
    assert not accepts(names_grammar(problem), text.replace(old, new, 1))


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
    from pyrite.feasibility.language.reading import read_json
    from pyrite.feasibility.language.schema import validate

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
