"""Marks of thinking that are special tokens, or that the prompt has opened: where answers end and what is stored.

The tokens that a model writes are given; everything else is what answers run through. The text that is stored is read
by the scorer, so that both sides are held to one rule.
"""

import json

import pytest
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.language.document.reading import extract
from pyrite.feasibility.language.document.thinking import CLOSING, answer_span, closing_mark
from pyrite.feasibility.policy import Policy
from pyrite.models.answering import Request, Settings, generating
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.answering.stopping import TokenText
from pyrite.models.answering.vllm_engine import Growing
from pyrite.models.data import encode
from pyrite.models.devices import choose_compute
from pyrite.models.prompts import Prompt
from pyrite.models.sources import load, parse_source
from pyrite.problems.problem import Problem

DRAFT = json.dumps(
    {"variables": {"draft": {"domain": "binary"}}, "objective": {"sense": "maximize", "expression": "draft"}}
)
FINAL = DRAFT.replace("draft", "bread")
CHANNELS = ["<|channel|>", "<|message|>", "<|start|>"]
BEFORE = f"<|channel|>analysis<|message|>I try {DRAFT} so"
# Name: special tokens, what the template writes at its end, what the model writes before its answer.
LAYOUTS = {
    "angle": (["<think>", "</think>"], "", f"<think>I try {DRAFT} hm</think>\n"),
    "angle, opened": (["<think>", "</think>"], "<think>\n", f"I try {DRAFT} hm</think>\n"),
    "plain words, opened": ([], "<think>\n", f"I try {DRAFT} hm</think>\n"),
    "bracket": (["[THINK]", "[/THINK]"], "", f"[THINK]{DRAFT}[/THINK]"),
    "bracket, opened": (["[THINK]", "[/THINK]"], "[THINK]", f"{DRAFT}[/THINK]"),
    "wide": (
        ["<｜begin▁of▁thought｜>", "<｜end▁of▁thought｜>"],
        "<｜begin▁of▁thought｜>\n",
        f"{DRAFT}<｜end▁of▁thought｜>",
    ),
    "moon": (["◁think▷", "◁/think▷"], "", f"◁think▷{DRAFT}◁/think▷"),
    "channels": (CHANNELS, "", f"{BEFORE}<|start|>assistant<|channel|>final<|message|>"),
    "channels, opened": (
        CHANNELS,
        "<|channel|>analysis<|message|>",
        f"{BEFORE.partition('<|message|>')[2]}<|start|>assistant<|channel|>final<|message|>",
    ),
    "gemma": (["<|channel>", "<channel|>"], "", f"<|channel>thought\n{DRAFT}<channel|>"),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return load(parse_source(str(make_tiny(tmp_path_factory.mktemp("tiny")))), choose_compute("cpu", "float32", 1))


def with_marks(plain, special, opening):
    """The model with a tokenizer that has these special tokens, and a template that ends so."""
    import copy

    tokenizer = copy.deepcopy(plain.tokenizer)
    tokenizer.add_special_tokens({"additional_special_tokens": list(special)})
    begin = "<|assistant|>"
    assert begin in tokenizer.chat_template
    tokenizer.chat_template = tokenizer.chat_template.replace(begin, begin + opening)
    plain.model.resize_token_embeddings(max(len(tokenizer), 460), mean_resizing=False)
    loaded = copy.copy(plain)
    object.__setattr__(loaded, "tokenizer", tokenizer)
    return loaded


def answered(loaded, text, monkeypatch, decoding="free"):
    """The line that is stored when the model writes this text and then goes on with mischief."""
    tokens = loaded.tokenizer(text + DRAFT * 2, add_special_tokens=False)["input_ids"]
    turn = iter(tokens)
    monkeypatch.setattr(generating, "_choose", lambda *given: [next(turn)])
    one = LocalAnswerer(loaded, Prompt(), Settings(max_new_tokens=len(tokens), drafts=0, decoding=decoding))
    (output,) = one.answer([Request(bakeries(1)[0], 0)])
    return output


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_draft_in_thinking_neither_ends_nor_is_the_answer(plain, layout, monkeypatch):
    special, opening, before = LAYOUTS[layout]
    output = answered(with_marks(plain, special, opening), before + FINAL, monkeypatch)
    assert output.output == opening + before + FINAL
    assert output.finish == "stop"
    assert output.extra.get("opened_by_prompt", "") == opening
    assert "bread" in extract(output.answer, Policy()).document["variables"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_draft_without_an_answer_is_no_answer(plain, layout, monkeypatch):
    special, opening, before = LAYOUTS[layout]
    end = max(mark.start() for mark in CLOSING.finditer(before))
    loaded = with_marks(plain, special, opening)
    output = answered(loaded, before[:end], monkeypatch)
    found = extract(output.answer, Policy())
    assert found.document is None
    assert found.findings[0].code == "unfinished"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_vllm_follows_the_same_rule(plain, layout):
    special, opening, before = LAYOUTS[layout]
    tokenizer = with_marks(plain, special, opening).tokenizer
    tokens = tokenizer(before + FINAL + DRAFT, add_special_tokens=False)["input_ids"]
    text = TokenText(tokenizer)
    row = Growing(Request(Problem(id="p", text=""), 0), [], 10_000, Prompt().opened(bakeries(1)[0], tokenizer))
    assert row.take(tokens, frozenset([tokenizer.eos_token_id]), text)
    assert row.opened + text.whole(row.tokens) == opening + before + FINAL


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if "opened" in name or name == "wide"])
def test_tuning_teaches_to_close_what_the_template_opens(plain, layout):
    """What is taught is what is stored: it must be read as the reference."""
    special, opening, _ = LAYOUTS[layout]
    tokenizer = with_marks(plain, special, opening).tokenizer
    problem = bakeries(1)[0]
    example = encode(problem, Prompt(), tokenizer)
    taught = TokenText(tokenizer).whole(example.tokens[example.prompt : -1])
    found = extract(Prompt().opened(problem, tokenizer) + taught, Policy())
    assert found.document == json.loads(problem.reference.to_json())


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if "opened" in name or name == "wide"])
def test_under_a_grammar_thinking_is_closed_before_the_answer(plain, layout):
    """A grammar leaves no room to think; what it writes is the answer, and the prompt says so to the model."""
    special, opening, _ = LAYOUTS[layout]
    loaded = with_marks(plain, special, opening)
    one = LocalAnswerer(loaded, Prompt(), Settings(max_new_tokens=12, decoding="grammar"))
    problem = bakeries(1)[0]
    prompt = one.prompt.render(problem, loaded.tokenizer)
    assert prompt == Prompt().render(problem, loaded.tokenizer) + closing_mark(opening) + "\n\n"
    assert answer_span(prompt[prompt.index("<|assistant|>") + 13 :]).open_at is None
    (output,) = one.answer([Request(problem, 0)])
    assert output.output.lstrip().startswith("{")
    assert "opened_by_prompt" not in output.extra
    free = LocalAnswerer(loaded, Prompt(), Settings(max_new_tokens=12))
    assert one.identity()["prompt"]["thinking"] == {"opened": opening, "closed": True}
    assert free.identity()["prompt"]["thinking"] == {"opened": opening, "closed": False}


@pytest.mark.parametrize("ending", ["<think>\n\n</think>\n\n", "[THINK]x[/THINK]", ""])
def test_a_template_that_closes_thinking_opens_nothing(plain, ending):
    tokenizer = with_marks(plain, [], ending).tokenizer
    assert Prompt().opened(bakeries(1)[0], tokenizer) == ""
    assert "thinking" not in Prompt().identity(tokenizer)


def test_a_mark_in_the_problem_opens_nothing(plain):
    """A hostile problem text ends in a mark: what it says is no template's."""
    problem = Problem(id="p", text="Maximize x. <think>\n")
    assert Prompt().opened(problem, plain.tokenizer) == ""
    bare = with_marks(plain, [], "").tokenizer
    bare.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    assert Prompt().opened(problem, bare) == ""


def test_other_special_tokens_stay_out_of_the_text(plain):
    tokenizer = with_marks(plain, ["[THINK]", "[/THINK]", "<|image|>"], "").tokenizer
    tokens = tokenizer("<|user|>a<|image|>[THINK]b<|pad|>[/THINK]<|end|>c", add_special_tokens=False)["input_ids"]
    text = TokenText(tokenizer)
    assert text.whole(tokens) == "a[THINK]b[/THINK]c" == "".join(map(text, tokens))
    assert text.identity() == {"kept_marks": ["[/THINK]", "[THINK]"]}
    assert TokenText(plain.tokenizer).identity() == {}
    ordinary = plain.tokenizer("é ü {} a", add_special_tokens=False)["input_ids"]
    assert text.whole(ordinary) == "é ü {} a"


def test_the_end_mark_of_other_models_is_no_channel(plain):
    """``<|end|>`` ends a turn where there are no channels."""
    assert "<|end|>" not in TokenText(with_marks(plain, ["<think>"], "").tokenizer).identity()["kept_marks"]
