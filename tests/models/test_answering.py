"""Answering: the decoding loop against plain generate, batches, resuming, limits, out of memory."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.answering import Request, Settings, answer_problems, sample_seed
from pyrite.models.answering import local as local_module
from pyrite.models.answering.drafting import Shared, Tracker
from pyrite.models.answering.generating import AnswerRow, draw, generate_rows, plain_generate
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.answering.next_token import OneModel
from pyrite.models.answering.stopping import TokenText
from pyrite.models.devices import choose_compute
from pyrite.models.prompts import Prompt
from pyrite.models.sources import load, parse_source
from pyrite.problems.problem import Problem
from pyrite.results.outputs import read_outputs


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = make_tiny(tmp_path_factory.mktemp("tiny"))
    return load(parse_source(str(folder)), choose_compute("cpu", "float32", 1))


def rows_of(tiny, count, limit=24, **more):
    prompts = [tiny.tokenizer(Prompt().render(problem, tiny.tokenizer))["input_ids"] for problem in bakeries(count)]
    return [AnswerRow(number, prompt, limit, **more) for number, prompt in enumerate(prompts)]


def collect(generate, tiny, rows, **more):
    pad, ends, text = tiny.tokenizer.pad_token_id, frozenset([tiny.tokenizer.eos_token_id]), TokenText(tiny.tokenizer)
    if generate is plain_generate:
        found = plain_generate(tiny.model, rows, pad=pad, ends=ends, text=text)
    else:
        found = generate_rows(OneModel(tiny.model, pad), rows, ends=ends, text=text, **more)
    return {row.number: (row.tokens, row.finish) for row in found}


class Counted:
    """A model that counts its passes."""

    def __init__(self, model):
        self.model, self.config, self.parameters, self.count = model, model.config, model.parameters, 0

    def __call__(self, **inputs):
        self.count += 1
        return self.model(**inputs)


def test_the_loop_gives_what_generate_gives_row_by_row(tiny):
    found = collect(generate_rows, tiny, rows_of(tiny, 7))
    for row in rows_of(tiny, 7):
        ids = torch.tensor([row.prompt])
        whole = tiny.model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=24, do_sample=False
        )
        tokens = whole[0, len(row.prompt) :].tolist()
        if tiny.tokenizer.eos_token_id in tokens:
            tokens = tokens[: tokens.index(tiny.tokenizer.eos_token_id)]
        assert found[row.number][0] == tokens[: len(found[row.number][0])]
        assert found[row.number][1] == ("length" if len(found[row.number][0]) == 24 else "stop")


def test_plain_generate_gives_the_same_as_the_loop(tiny):
    assert collect(plain_generate, tiny, rows_of(tiny, 5)) == collect(generate_rows, tiny, rows_of(tiny, 5))


@pytest.mark.parametrize("drafts", [1, 4, 9])
def test_drafts_change_nothing_that_is_written(tiny, drafts):
    """In float32; an untrained model repeats itself, so many drafts are kept."""
    plain = collect(generate_rows, tiny, rows_of(tiny, 9, 60))
    passes = Counted(tiny.model)
    assert (
        collect(generate_rows, SimpleNamespace(model=passes, tokenizer=tiny.tokenizer), rows_of(tiny, 9, 60)) == plain
    )
    without = passes.count
    passes.count = 0
    drafted = SimpleNamespace(model=passes, tokenizer=tiny.tokenizer)
    assert collect(generate_rows, drafted, rows_of(tiny, 9, 60), drafts=drafts) == plain
    assert passes.count < without


@pytest.mark.parametrize("drafts", [2, 5])
def test_sampled_rows_are_the_same_with_and_without_drafts(tiny, drafts):
    def sampled(drafts):
        rows = rows_of(tiny, 6, 40, temperature=0.2)
        for row in rows:
            row.uniform = np.random.default_rng(sample_seed(5, (f"p{row.number}", 0)))
        return collect(generate_rows, tiny, rows, drafts=drafts)

    assert sampled(drafts) == sampled(0)


@given(st.lists(st.integers(0, 3), min_size=2, max_size=60), st.integers(1, 6), st.integers(0, 6))
def test_a_proposal_is_what_followed_the_same_tokens_before(tokens, most, room):
    tracker = Tracker(tokens, most, Shared())
    proposed = tracker.propose(room)
    assert len(proposed) <= min(most, room)
    if proposed:
        whole = ",".join(map(str, tokens))
        assert ",".join(map(str, [*tokens[-2:], *proposed])) in whole
    elif min(most, room) and len(tokens) > 2:
        assert tuple(tokens[-2:]) not in {tuple(tokens[at : at + 2]) for at in range(len(tokens) - 2)}


def test_rows_of_a_batch_learn_from_each_other():
    shared = Shared()
    one, other = Tracker([1, 2], 3, shared), Tracker([7, 8], 3, shared)
    for token in (4, 5, 6, 9):
        one.append(token)
    assert other.propose(3) == []
    other.append(4)
    other.append(5)
    assert other.propose(3) == [6, 9]


def test_refused_drafts_get_shorter_and_kept_ones_longer():
    tracker = Tracker([1, 2, 3, 4, 5, 6, 1, 2], 3, Shared())
    assert tracker.propose(9) == [3, 4, 5]
    tracker.learn(3, 0)
    assert tracker.propose(9) == [3, 4]
    tracker.learn(2, 2)
    assert tracker.propose(9) == [3, 4, 5]


def test_rows_that_end_early_do_not_disturb_the_others(tiny):
    alone = {row.number: collect(generate_rows, tiny, [row])[row.number] for row in rows_of(tiny, 6, 40)}
    uneven = rows_of(tiny, 6, 40)
    for row in uneven:
        row.limit = 3 + 7 * (row.number % 4)
    together = collect(generate_rows, tiny, uneven)
    for number, (tokens, finish) in together.items():
        assert alone[number][0][: len(tokens)] == tokens
        assert finish in ("stop", "length")


def test_a_sampled_row_depends_on_its_own_numbers_only(tiny):
    def sampled(count):
        rows = rows_of(tiny, count, 16, temperature=1.0)
        for row in rows:
            row.uniform = np.random.default_rng(sample_seed(5, (f"p{row.number}", 0)))
        return collect(generate_rows, tiny, rows)

    many, few = sampled(6), sampled(2)
    assert all(many[number] == few[number] for number in few)
    assert len({tuple(tokens) for tokens, _ in many.values()}) > 1


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=12), st.floats(0, 0.999999), st.floats(0.05, 1.0))
@settings(max_examples=200)
def test_draw_stays_within_the_nucleus(logits, uniform, top_p):
    tensor = torch.tensor(logits, dtype=torch.float64)
    chosen = draw(tensor, 1.0, top_p, uniform)
    probabilities = torch.softmax(tensor, 0)
    above = probabilities[probabilities > probabilities[chosen]].sum().item()
    assert above < top_p + 1e-9


def test_draw_has_the_right_frequencies():
    logits = torch.log(torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64))
    numbers = (np.arange(1000) + 0.5) / 1000
    counts = np.bincount([draw(logits, 1.0, 1.0, float(number)) for number in numbers], minlength=3)
    assert counts.tolist() == [500, 300, 200]


def answerer(tiny, **settings):
    return LocalAnswerer(tiny, Prompt(), Settings(**{"max_new_tokens": 12, "batch_size": 4, **settings}))


def run(one, problems, path):
    return answer_problems(one, problems, one.settings, path)


def test_batches_are_by_length_and_planned_over_everything(tiny):
    problems = [Problem(id=str(n), text="long " * (20 - n)) for n in range(10)]
    plan = answerer(tiny).plan([Request(problem, 0) for problem in problems])
    assert [len(batch) for batch in plan] == [4, 4, 2]
    assert [request.problem.id for batch in plan for request in batch] == [str(n) for n in range(9, -1, -1)]


def test_going_on_gives_the_same_file_content_as_undisturbed(tiny, tmp_path):
    problems = bakeries(10)
    run(answerer(tiny), problems, tmp_path / "whole.jsonl")
    whole = {output.key: output.output for output in read_outputs(tmp_path / "whole.jsonl")}
    lines = (tmp_path / "whole.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "part.jsonl").write_text("".join(lines[:5]) + lines[5][:20])  # died within a line
    tally = run(answerer(tiny), problems, tmp_path / "part.jsonl")
    assert (tally.before, tally.answered) == (5, 5)
    assert {output.key: output.output for output in read_outputs(tmp_path / "part.jsonl")} == whole


def test_samples_and_seed(tiny, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run(answerer(tiny, samples=3, temperature=1.0, seed=seed), bakeries(2), tmp_path / name)
    a, b, c = ({o.key: o.output for o in read_outputs(tmp_path / name)} for name in "abc")
    assert a == b
    assert a != c
    assert set(a) == {(problem.id, sample) for problem in bakeries(2) for sample in range(3)}


def test_cuts_and_prompts_that_do_not_fit_are_counted(tiny, tmp_path):
    problems = [*bakeries(3), Problem(id="huge", text="word " * 3000)]
    tally = run(answerer(tiny), problems, tmp_path / "o.jsonl")
    outputs = {output.problem_id: output for output in read_outputs(tmp_path / "o.jsonl")}
    assert tally.too_long == 1
    assert (outputs["huge"].finish, outputs["huge"].output) == ("prompt-too-long", "")
    assert tally.cut == sum(output.finish == "length" for output in outputs.values())
    assert "1 prompts too long" in tally.sentence()
    again = run(answerer(tiny), problems, tmp_path / "o.jsonl")
    assert (again.answered, again.cut, again.too_long) == (0, tally.cut, 1)


def test_out_of_memory_halves_the_batch_once_and_then_says_the_knob(tiny, tmp_path, monkeypatch):
    real, most = generate_rows, 2

    def short(model, rows, **rest):
        if len(rows) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(model, rows, **rest)

    monkeypatch.setattr(local_module, "generate_rows", short)
    said = []
    one = answerer(tiny)
    one.note = said.append
    assert run(one, bakeries(8), tmp_path / "o.jsonl").answered == 8
    assert said == ["out of memory: going on with batches of 2 (--batch-size)"]
    most = 1
    with pytest.raises(PyriteError, match="lower --batch-size or --max-new-tokens") as stopped:
        run(answerer(tiny), bakeries(8), tmp_path / "p.jsonl")
    assert stopped.value.exit_code == 3


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"samples": 0}, "samples is at least 1"),
        ({"samples": 2}, "several samples of a greedy answer"),
        ({"temperature": -1}, "temperature lies between"),
        ({"top_p": 0}, "top_p lies above 0"),
        ({"decoding": "json"}, "decoding is one of free, grammar, names"),
        ({"max_new_tokens": 0}, "max_new_tokens is at least 1"),
    ],
)
def test_bad_settings_are_refused(settings, said):
    with pytest.raises(PyriteError, match=said):
        Settings(**settings)


def test_two_problems_with_one_id_are_refused(tiny, tmp_path):
    with pytest.raises(PyriteError, match="same id"):
        run(answerer(tiny), [*bakeries(1), *bakeries(1)], tmp_path / "o.jsonl")
