"""Prompts: what the model reads, and the hash that stands for it."""

import json

import pytest
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.models.devices import choose_compute
from pyrite.models.prompts import SYSTEM, Prompt, question
from pyrite.models.sources import load, parse_source
from pyrite.problems.problem import Problem


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = make_tiny(tmp_path_factory.mktemp("tiny"))
    return load(parse_source(str(folder)), choose_compute("cpu", "float32", 1)).tokenizer


def test_worked_examples_are_earlier_turns(tokenizer):
    shown, asked = bakeries(2)
    text = Prompt("short", (shown,)).render(asked, tokenizer)
    parts = [SYSTEM["short"], shown.text, shown.reference.to_json(), asked.text]
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)
    assert text.endswith("<|assistant|>")


def test_the_hash_changes_with_everything_that_decides_the_text(tokenizer):
    class Other:
        chat_template = "{{ messages }}"

        def apply_chat_template(self, messages, **options):
            return str(messages)

    prompts = [Prompt("short"), Prompt("full"), Prompt("short", tuple(bakeries(1))), Prompt("short", (), "plain")]
    hashes = [prompt.identity(tokenizer)["hash"] for prompt in prompts] + [Prompt().identity(Other())["hash"]]
    assert len(set(hashes)) == len(hashes)
    assert Prompt("short").identity(tokenizer) == prompts[0].identity(tokenizer)


def test_without_chat_template_there_is_an_error_or_plain_headings(tmp_path):
    folder = make_tiny(tmp_path, chat=False)
    tokenizer = load(parse_source(str(folder)), choose_compute("cpu", "float32", 1)).tokenizer
    problem = bakeries(1)[0]
    with pytest.raises(PyriteError, match="no chat template"):
        Prompt().render(problem, tokenizer)
    text = Prompt(fallback="plain").render(problem, tokenizer)
    assert text.endswith("### Model\n")
    assert problem.text in text


def test_data_are_named_and_long_sets_are_cut_visibly():
    problem = Problem.from_dict(
        {
            "id": "p",
            "text": "Plan.",
            "data": {
                "sets": {"S": list(range(40))},
                "parameters": {"cap": {"values": 3}, "cost": {"index": ["S"], "values": {"1": 2}}},
            },
        }
    )
    text = question(problem)
    assert "set S: 0, 1, 2" in text
    assert "... (40 in all)" in text
    assert "parameter cap\n" in text
    assert text.endswith("parameter cost[S]")


def test_the_full_prompts_example_is_a_formulation_that_passes_the_surface():
    text = SYSTEM["full"].split("\n", 1)[1].split("\ndomain is")[0]
    json.loads(text)
    verdict = Judge(Problem(id="p", text="x").as_reference(), Policy()).judge(text)
    assert verdict.surface


def test_an_example_without_reference_is_refused():
    with pytest.raises(PyriteError, match="'p' has no reference"):
        Prompt("short", (Problem(id="p", text="x"),))
