"""Proxy-tuning and emulated fine-tuning: held to their identities; cached, recomputed, written ahead."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare
from tiny_model import bakeries, make_tiny
from typer.testing import CliRunner

from pyrite.cli.main import app
from pyrite.feasibility.errors import PyriteError
from pyrite.models.answering import Request, Settings
from pyrite.models.answering.generating import AnswerRow, distribution, draw, generate_rows, keep_or_replace
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.answering.logit_arithmetic import Combined, load_ensemble, nucleus
from pyrite.models.answering.making import make_answerer
from pyrite.models.answering.next_token import OneModel
from pyrite.models.answering.stopping import TokenText
from pyrite.models.companions import Companions, Delta, companions_of
from pyrite.models.devices import choose_compute
from pyrite.models.prompts import Prompt
from pyrite.models.recipes import parse_recipe
from pyrite.models.sources import load, parse_source
from pyrite.problems.lines import write_lines

CPU = choose_compute("cpu", "float32", 1)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A larger model, a small one, and the small one as if it had been tuned: one tokenizer."""
    ground = tmp_path_factory.mktemp("models")
    return {
        "large": make_tiny(ground / "large", seed=1, layers=3),
        "small": make_tiny(ground / "small", seed=2),
        "tuned": make_tiny(ground / "tuned", seed=3),
    }


@pytest.fixture(scope="module")
def loaded(folders):
    return {name: load(parse_source(str(folder)), CPU) for name, folder in folders.items()}


def rows_of(loaded, count, limit=16, temperature=0.0):
    tokenizer = loaded["large"].tokenizer
    rows = [AnswerRow(n, Prompt().tokens(p, tokenizer), limit, temperature) for n, p in enumerate(bakeries(count))]
    for row in rows:
        if temperature:
            row.uniform = np.random.default_rng(row.number)
    return rows


def answers(loaded, base, deltas, *, count=5, temperature=0.0, limit=16, rows=None, **more):
    """Tokens of each row, and the rows, for ``deltas`` of (alpha, expert, anti-expert) by name."""
    tokenizer = loaded["large"].tokenizer
    names = [base]
    for _, *pair in deltas:
        names += [name for name in pair if name not in names]
    rows = rows or rows_of(loaded, count, limit, temperature)
    members = [OneModel(loaded[name].model, tokenizer.pad_token_id) for name in names]
    prompts = [[row.prompt for row in rows]] * (len(names) - 1)
    weighted = [(alpha, names.index(expert), names.index(anti)) for alpha, expert, anti in deltas]
    following = Combined(members, prompts, weighted, len(tokenizer), **more)
    drafts = 0 if more.get("speculate") else 4
    ends, text = frozenset([tokenizer.eos_token_id]), TokenText(tokenizer)
    done = list(generate_rows(following, rows, ends=ends, text=text, drafts=drafts))
    return {row.number: row.tokens for row in done}, done


def alone(loaded, name, **more):
    return answers(loaded, name, [], **more)[0]


@pytest.mark.parametrize("temperature", [0.0, 0.7])
def test_identities(loaded, temperature):
    more = {"temperature": temperature}
    base, tuned = alone(loaded, "large", **more), alone(loaded, "tuned", **more)
    assert base != tuned
    assert answers(loaded, "large", [(0.0, "tuned", "small")], **more)[0] == base, "alpha 0 is the base"
    assert answers(loaded, "large", [(1.3, "tuned", "tuned")], **more)[0] == base, "expert = anti-expert is the base"
    assert answers(loaded, "small", [(1.0, "tuned", "small")], **more)[0] == tuned, "base = anti-expert is the expert"
    both = [(0.5, "tuned", "small"), (0.5, "tuned", "small")]
    one = [(1.0, "tuned", "small")]
    assert answers(loaded, "large", both, **more)[0] == answers(loaded, "large", one, **more)[0]
    other = answers(loaded, "large", one, **more)[0]
    assert other not in (base, tuned)


def test_cached_is_recomputed(loaded):
    """Every token of the loop against the whole text through three plain models."""
    found, rows = answers(loaded, "large", [(1.5, "tuned", "small")], count=3)
    for row in rows:
        for at, token in enumerate(found[row.number]):
            ids = torch.tensor([[*row.prompt, *found[row.number][:at]]])
            with torch.no_grad():
                base, tuned, small = (loaded[name].model(ids).logits[0, -1] for name in ("large", "tuned", "small"))
            assert int((base + 1.5 * (tuned - small)).argmax()) == token, "and logits give what log-probabilities give"


@pytest.mark.parametrize("speculate", [1, 3, 7])
def test_writing_ahead_changes_no_greedy_token(loaded, speculate):
    options = {"count": 6, "limit": 30}
    one = [(0.4, "tuned", "small")]
    plain, _ = answers(loaded, "tuned", one, **options)
    ahead, rows = answers(loaded, "tuned", one, **options, speculate=speculate)
    assert ahead == plain
    assert sum(row.drafted for row in rows) > 0
    assert 0 < sum(row.accepted for row in rows) <= sum(row.drafted for row in rows)


@pytest.mark.parametrize("temperature", [0.3, 1.0])
def test_sampled_rows_that_are_written_ahead_come_out_again(loaded, temperature):
    options = {"count": 4, "temperature": temperature, "limit": 20, "speculate": 3}
    one = [(0.4, "tuned", "small")]
    first, rows = answers(loaded, "tuned", one, **options)
    assert answers(loaded, "tuned", one, **options)[0] == first
    kept, refused = sum(row.accepted for row in rows), sum(row.refused for row in rows)
    assert 0 < kept + refused <= sum(row.drafted for row in rows)


def test_a_model_that_writes_ahead_for_itself_is_never_refused(loaded):
    _, rows = answers(loaded, "tuned", [(1.0, "small", "small")], temperature=1.0, limit=20, speculate=4)
    assert sum(row.refused for row in rows) > 0, "another model's guesses are"
    _, rows = answers(loaded, "tuned", [(0.5, "tuned", "tuned")], temperature=1.0, limit=20, speculate=4)
    assert sum(row.refused for row in rows) == 0


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 0.6]), st.sampled_from([0.4, 1.0, 1.7]))
@examples(max_examples=6, deadline=None)
def test_keeping_or_replacing_gives_the_wanted_distribution(seed, top_p, temperature):
    """A guess from q, kept or replaced, against p by chi-square; kept as often as p and q have in common."""
    numbers = np.random.default_rng(seed)
    logits = torch.from_numpy(numbers.normal(size=(2, 9)) * 2)
    wanted, proposed = (distribution(one, temperature, top_p) for one in logits)
    assume(proposed[:8].sum() > 0)
    proposed = proposed[:8] / proposed[:8].sum()  # the sum may know more tokens than all models do
    count = 6000
    guesses = numbers.choice(8, size=count, p=proposed.numpy())
    found = [keep_or_replace(wanted, proposed, int(guess), *numbers.random(2).tolist()) for guess in guesses]
    seen = np.bincount(found, minlength=9)
    assert seen[wanted.numpy() == 0].sum() == 0
    # The test is a bad approximation below five expected in a bin: rare tokens are one bin, left out when still rare.
    expected = count * wanted.numpy() / wanted.numpy().sum()
    common_ones = expected >= 5
    bins = [*zip(seen[common_ones], expected[common_ones], strict=True)]
    rare = (seen[~common_ones].sum(), expected[~common_ones].sum())
    bins += [rare] if rare[1] >= 5 else []
    if len(bins) > 1:
        observed, due = (np.array(part, dtype=float) for part in zip(*bins, strict=True))
        assert chisquare(observed, due * observed.sum() / due.sum()).pvalue > 1e-6
    common = torch.minimum(wanted[:8], proposed).sum().item()
    kept = np.mean(np.array(found) == guesses)
    assert abs(kept - common) < 5 * np.sqrt(0.25 / count)


def test_what_is_drawn_has_the_distribution_that_is_named():
    logits, numbers = torch.tensor([0.3, 2.0, -1.0, 1.2, 0.9]), np.random.default_rng(3)
    for top_p, temperature in ((1.0, 1.0), (0.8, 0.6)):
        named = distribution(logits, temperature, top_p).numpy()
        drawn = np.bincount([draw(logits, temperature, top_p, u) for u in numbers.random(4000)], minlength=5)
        assert drawn[named == 0].sum() == 0
        assert chisquare(drawn[named > 0], 4000 * named[named > 0]).pvalue > 1e-4


class Counted:
    def __init__(self, model):
        self.model, self.config, self.parameters, self.passes = model, model.config, model.parameters, 0

    def __call__(self, **inputs):
        self.passes += 1
        return self.model(**inputs)


def test_writing_ahead_saves_passes_of_the_others(loaded):
    counted = Counted(loaded["tuned"].model)
    watched = {**loaded, "twin": SimpleNamespace(model=counted, tokenizer=loaded["tuned"].tokenizer)}
    rule = [(0.05, "tuned", "small")]  # the expert is nearly always right
    _, rows = answers(watched, "twin", rule, rows=rows_of(loaded, 2, 24), speculate=4)
    assert sum(row.accepted for row in rows) > 0.7 * sum(row.drafted for row in rows)
    assert counted.passes <= 8, "a prompt pass, and then four or five tokens a pass"


def test_speculative_sampling_has_the_distribution_of_direct_sampling(loaded):
    """Second tokens of many sampled rows, written ahead, against the sum's own probabilities: chi-square."""
    tokenizer = loaded["large"].tokenizer
    prompt = Prompt().tokens(bakeries(1)[0], tokenizer)
    count = 800
    rows = [AnswerRow(number, prompt, 3, 1.0, uniform=np.random.default_rng(7 + number)) for number in range(count)]
    found, rows = answers(loaded, "large", [(1.0, "tuned", "small")], rows=rows, speculate=2)
    looked = sum(row.accepted + row.refused for row in rows)
    assert 0.05 < sum(row.accepted for row in rows) / looked < 0.95, "both ways are taken"

    def probabilities(tokens):
        ids = torch.tensor([[*prompt, *tokens]])
        with torch.no_grad():
            base, tuned, small = (loaded[name].model(ids).logits[0, -1] for name in ("large", "tuned", "small"))
        return torch.softmax((base + tuned - small).double(), dim=-1).numpy()

    first = probabilities([])
    expected = np.zeros(len(tokenizer))
    likely = np.argsort(-first)[:60]
    rest = first.copy()
    rest[likely] = 0
    for token in likely:
        expected += first[token] * probabilities([int(token)])
    reached = expected.sum()  # rows whose first token is one of the likely ones
    seconds = [tokens[1] for tokens in found.values() if len(tokens) > 1 and tokens[0] in set(likely.tolist())]
    expected *= len(seconds) / reached
    order = np.argsort(-expected)
    bins, wanted, seen = [], [], np.bincount(seconds, minlength=len(tokenizer))
    for chunk in np.array_split(order, 20):
        bins.append(int(seen[chunk].sum()))
        wanted.append(float(expected[chunk].sum()))
    statistic = chisquare(bins, np.array(wanted) * sum(bins) / sum(wanted))
    assert statistic.pvalue > 1e-3, (statistic, bins, wanted)


def test_the_nucleus_is_the_smallest_set():
    probabilities = torch.tensor([[0.5, 0.1, 0.3, 0.1]])
    assert nucleus(probabilities, 0.5).tolist() == [[True, False, False, False]]
    assert nucleus(probabilities, 0.51).tolist() == [[True, False, True, False]]
    assert nucleus(probabilities, 1.0).tolist() == [[True, True, True, True]]


def test_the_filter_leaves_the_base_where_the_expert_does_not_look(loaded):
    """Outside the expert's nucleus the sum's scores are the base's own."""
    tokenizer = loaded["large"].tokenizer
    prompt = Prompt().tokens(bakeries(1)[0], tokenizer)
    members = [OneModel(loaded[name].model, tokenizer.pad_token_id) for name in ("large", "tuned", "small")]
    with torch.no_grad():
        found = Combined(members, [[prompt], [prompt]], [(2.0, 1, 2)], len(tokenizer), keep_top_p=0.4).prefill([prompt])
        ids = torch.tensor([prompt])
        base, tuned, small = (loaded[name].model(ids).logits[0, -1] for name in ("large", "tuned", "small"))
    inside = nucleus(tuned.softmax(-1), 0.4)
    assert 0 < inside.sum() < len(inside)
    assert torch.allclose(found[0, 0][~inside], base[~inside], atol=1e-4)
    wanted = base + 2.0 * (tuned.log_softmax(-1) - small.log_softmax(-1))
    assert torch.allclose(found[0, 0][inside], wanted[inside], atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("top_p", [1.0, 0.7])
def test_third_tokens_written_ahead_are_those_of_direct_sampling(loaded, top_p):
    """The second guess of a block, or what comes after a refused first: two samples of rows, chi-square."""
    tokenizer = loaded["large"].tokenizer
    prompt = Prompt().tokens(bakeries(1)[0], tokenizer)
    seen = []
    for speculate, first in ((0, 0), (3, 10_000)):
        rows = [AnswerRow(n, prompt, 4, 0.5, top_p, uniform=np.random.default_rng(first + n)) for n in range(1500)]
        found, _ = answers(loaded, "large", [(1.0, "tuned", "small")], rows=rows, speculate=speculate)
        thirds = [tokens[2] for tokens in found.values() if len(tokens) > 2]
        seen.append(np.bincount(thirds, minlength=len(tokenizer)))
    order = np.argsort(-(seen[0] + seen[1]))
    table = np.array([[counts[chunk].sum() for chunk in np.array_split(order, 40)] for counts in seen])
    table = table[:, table.sum(axis=0) >= 10]
    assert table.shape[1] > 5
    assert chi2_contingency(table).pvalue > 1e-3


def test_drawing_is_monotone_in_the_random_number():
    logits = torch.tensor([0.0, 2.0, 1.0])
    assert [draw(logits, 1.0, 1.0, u) for u in (0.0, 0.7, 0.99)] == [1, 2, 0]


# As an answerer.


def answerer(folders, base, *, settings=None, prompt=None, **more):
    source = parse_source(str(folders[base]))
    model = load(source, CPU)
    companions = Companions(**more)
    ensemble = load_ensemble(model, source, companions)
    return LocalAnswerer(model, prompt or Prompt(), settings or Settings(max_new_tokens=12), ensemble=ensemble)


def outputs(one, count=4):
    requests = [Request(problem, 0) for problem in bakeries(count)]
    return {o.problem_id: o for batch in one.plan(requests) for o in one.answer(batch)}


def test_grammars_and_drafts_work_on_top(folders):
    delta = Delta(expert=str(folders["tuned"]), anti_expert=str(folders["small"]))
    for decoding in ("grammar", "names"):
        settings = Settings(max_new_tokens=24, decoding=decoding)
        plain = outputs(answerer(folders, "large", settings=settings, deltas=(delta,)))
        ahead = outputs(answerer(folders, "large", settings=settings, deltas=(delta,), speculate=3))
        assert {key: o.output for key, o in plain.items()} == {key: o.output for key, o in ahead.items()}
        assert all(o.output.lstrip().startswith("{") for o in plain.values())
        assert all(0 <= o.extra["accepted"] <= o.extra["drafted"] for o in ahead.values())
        assert all("drafted" not in o.extra for o in plain.values())


def test_the_identity_names_every_model_and_weight(folders):
    small = str(folders["small"])
    pairs = [(str(folders["tuned"]), 0.3), (small, 0.7)]
    deltas = tuple(Delta(expert=expert, anti_expert=small, alpha=alpha) for expert, alpha in pairs)
    one = answerer(folders, "large", deltas=deltas, keep_top_p=0.9)
    said = one.identity()["companions"]
    assert [delta["alpha"] for delta in said["deltas"]] == [0.3, 0.7]
    assert said["deltas"][0]["expert"]["weights"] != said["deltas"][0]["anti_expert"]["weights"]
    assert (said["keep_top_p"], said["speculate"]) == (0.9, 0)
    assert len(one.ensemble.members) == 3, "the model that two deltas name is loaded once"
    json.dumps(said)


def test_an_experts_own_base_is_its_anti_expert(folders, tmp_path):
    from pyrite.models.training.tuning import tune

    write_lines(tmp_path / "p.jsonl", (problem.to_dict() for problem in bakeries(6)))
    recipe = parse_recipe(
        f'[model]\nsource = "{folders["small"]}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[data]\nfile = "{tmp_path / "p.jsonl"}"\n[schedule]\nsteps = 2\n'
    )
    checkpoint = tune(recipe, tmp_path / "tuning").checkpoints[2]
    one = answerer(folders, "large", deltas=(Delta(expert=str(checkpoint)),))
    (delta,) = one.identity()["companions"]["deltas"]
    assert delta["anti_expert"]["model"] == str(folders["small"])
    assert delta["expert"]["checkpoint"] == "checkpoint-2"
    assert len(outputs(one)) == 4
    with pytest.raises(PyriteError, match="does not say what it was before it was tuned; give --anti-expert"):
        answerer(folders, "large", deltas=(Delta(expert=str(folders["tuned"])),))


def test_each_model_is_asked_in_its_own_template(folders, tmp_path):
    plain = shutil.copytree(folders["small"], tmp_path / "plain")
    (plain / "chat_template.jinja").unlink()
    delta = Delta(expert=str(folders["tuned"]), anti_expert=str(plain))
    with pytest.raises(PyriteError, match="no chat template"):
        outputs(answerer(folders, "large", deltas=(delta,)))
    one = answerer(folders, "large", deltas=(delta,), prompt=Prompt(fallback="plain"))
    assert len(outputs(one)) == 4


def test_vocabularies_are_compared_by_content(folders, tmp_path):
    """Two tokens exchanged: the same size, another vocabulary."""
    other = shutil.copytree(folders["tuned"], tmp_path / "other")
    document = json.loads((other / "tokenizer.json").read_text())
    words = document["model"]["vocab"]
    words["a"], words["b"] = words["b"], words["a"]
    (other / "tokenizer.json").write_text(json.dumps(document))
    delta = Delta(expert=str(other), anti_expert=str(folders["small"]))
    with pytest.raises(
        PyriteError, match=r"has another vocabulary than .*: token 'a' is number \d+ there and \d+ here"
    ):
        answerer(folders, "large", deltas=(delta,))


def test_command_line_options_go_together():
    two = companions_of(["e", "f"], [], [0.2, 0.8], speculate=2)
    assert two.deltas == (Delta(expert="e", alpha=0.2), Delta(expert="f", alpha=0.8))
    assert not companions_of([], [], [])
    for bad in (([], ["a"], []), ([], [], [1.0])):
        with pytest.raises(PyriteError, match="go with --expert MODEL"):
            companions_of(*bad)
    with pytest.raises(PyriteError, match="2 --expert and 1 --alpha: give one for each expert"):
        companions_of(["e", "f"], [], [0.5])
    with pytest.raises(PyriteError, match="alpha is a finite number"):
        companions_of(["e"], [], [float("nan")])
    with pytest.raises(PyriteError, match="keep_top_p lies above 0"):
        companions_of(["e"], [], [], keep_top_p=0.0)
    with pytest.raises(PyriteError, match="speculate is 0 to 16"):
        companions_of(["e"], [], [], speculate=99)


def test_the_command_asks_them_together_and_goes_on(folders, tmp_path):
    problems = tmp_path / "p.jsonl"
    write_lines(problems, (problem.to_dict() for problem in bakeries(5)))
    given = [
        "answer", "--model", folders["tuned"], "--expert", folders["tuned"], "--anti-expert", folders["small"],
        "--alpha", 0.1, "--speculate", 3, "--problems", problems, "--max-new-tokens", 14, "--batch-size", 2,
        "--threads", 1, "--dtype", "float32",
    ]  # fmt: skip

    def answer(out):
        done = CliRunner().invoke(app, [*map(str, given), "--out", str(out), "--json"])
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    tally = answer(tmp_path / "whole")
    assert 0 < tally["accepted"] <= tally["drafted"]
    lines = (tmp_path / "whole" / "outputs.jsonl").read_text().splitlines()
    stopped = tmp_path / "stopped"
    shutil.copytree(tmp_path / "whole", stopped)
    (stopped / "outputs.jsonl").write_text("\n".join(lines[:2]) + "\n" + lines[2][:9])  # as a kill leaves it
    answer(stopped)

    def texts(run):
        found = map(json.loads, (run / "outputs.jsonl").read_text().splitlines())
        return {line["problem_id"]: line["output"] for line in found}

    assert texts(stopped) == texts(tmp_path / "whole")
    for run in (tmp_path / "whole", stopped):  # counted over all goes
        told = json.loads((run / "run.json").read_text())["speculation"]
        found = [json.loads(line) for line in (run / "outputs.jsonl").read_text().splitlines()]
        kept, refused = (sum(line[name] for line in found) for name in ("accepted", "refused"))
        assert told["drafted"] == sum(line["drafted"] for line in found) > 0
        assert told["acceptance_rate"] == pytest.approx(kept / (kept + refused), abs=1e-6)
    given[given.index("--alpha") + 1] = 0.2
    refused = CliRunner().invoke(app, [*map(str, given), "--out", str(stopped)])
    assert isinstance(refused.exception, PyriteError)
    assert "holds answers with companions" in refused.exception.message


@pytest.mark.parametrize(
    ("model", "back_end", "said"),
    [
        ("http://127.0.0.1:9/v1#m", "transformers", "gives no scores to which an expert's could be added"),
        ("FOLDER", "vllm", "the back end vllm gives no scores"),
    ],
)
def test_who_takes_no_companions(folders, model, back_end, said):
    source = parse_source(model.replace("FOLDER", str(folders["large"])))
    companions = Companions(deltas=(Delta("x"),))
    with pytest.raises(PyriteError, match=said):
        make_answerer(source, Prompt(), Settings(), back_end=back_end, companions=companions)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('anti_expert = "x"', r"\[companions\] companions need an expert"),
        ('expert = "a"\nalpha = "x"', "companions.alpha is a number, not 'x'"),
        ('exprt = "a"', r"\[companions\] has no key 'exprt'; did you mean 'expert'"),
        ('expert = "a"\nkeep_top_p = 2', r"\[companions\] keep_top_p lies above 0"),
        ('expert = "a"\n[[companions.more]]\nalpha = 1.0', "a companion needs an expert"),
        ('expert = "a"\n[answers]\nback_end = "vllm"', "takes no companions"),
    ],
)
def test_recipes_say_what_is_wrong(text, said):
    with pytest.raises(PyriteError, match=said):
        parse_recipe(f'[method]\nname = "none"\n[companions]\n{text}\n')


def test_companions_change_nothing_about_what_is_tuned():
    body = '[data]\nfamilies = ["knapsack"]\n'
    with_expert = parse_recipe(f'{body}[companions]\nexpert = "a"\n[[companions.more]]\nexpert = "b"\nalpha = 0.5')
    assert with_expert.digest == parse_recipe(body).digest
    assert [delta.expert for delta in with_expert.companions.chosen().deltas] == ["a", "b"]
