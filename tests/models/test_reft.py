"""LoReFT and DiReFT: held to their definitions, in training, files, and the decoding loop."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.answering import Request, Settings
from pyrite.models.answering.generating import AnswerRow, generate_rows, plain_generate
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.answering.next_token import OneModel
from pyrite.models.answering.stopping import TokenText
from pyrite.models.data import encode
from pyrite.models.devices import choose_compute
from pyrite.models.merging import write_merged
from pyrite.models.methods import get_method
from pyrite.models.methods.reft import DiReft, Interventions, LoReft, decoder_layers
from pyrite.models.prompts import Prompt
from pyrite.models.recipes import parse_recipe
from pyrite.models.sources import load, parse_source
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import write_lines

CPU = choose_compute("cpu", "float32", 1)
KINDS = {"loreft": LoReft, "direft": DiReft}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def problems(tmp_path_factory):
    path = tmp_path_factory.mktemp("problems") / "problems.jsonl"
    write_lines(path, (problem.to_dict() for problem in bakeries(12)))
    return path


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(1)


def recipe(folder, problems, method="loreft", options="", **schedule):
    keys = {"steps": 4, "batch_size": 3, "learning_rate": 3e-2, "save_every": 100, **schedule}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    return parse_recipe(
        f'[model]\nsource = "{folder}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\nname = "{method}"\n[method.options]\n{options}\n'
        f'[data]\nfile = "{problems}"\ncount = 12\n[schedule]\n{lines}\n'
    )


def prepared(folder, name="loreft", **options):
    method = get_method(name)
    loaded = load(parse_source(str(folder)), CPU)
    return method.prepare(loaded.model, method.check(options)), loaded.tokenizer


# The definition.


def test_loreft_is_its_equation():
    unit, hidden = LoReft(12, 3, False), torch.randn(5, 12)
    rows, weight, bias = unit.rotate.weight, unit.source.weight, unit.source.bias
    assert torch.allclose(rows @ rows.T, torch.eye(3), atol=1e-5)
    edited = unit(hidden)
    assert torch.allclose(edited @ rows.T, hidden @ weight.T + bias, atol=1e-4), "R phi(h) = W h + b"
    beside = torch.eye(12) - rows.T @ rows
    assert torch.allclose(edited @ beside, hidden @ beside, atol=1e-4), "nothing orthogonal to R's rows moves"
    unit.freeze()
    assert torch.allclose(unit(hidden), edited, atol=1e-6)


def test_direft_is_its_equation():
    unit, hidden = DiReft(12, 3, False), torch.randn(5, 12)
    wanted = hidden + (hidden @ unit.source.weight.T + unit.source.bias) @ unit.back.weight.T
    assert torch.allclose(unit(hidden), wanted, atol=1e-5)


@pytest.mark.parametrize("kind", [LoReft, DiReft])
def test_identity_at_start_is_an_option(kind):
    hidden = torch.randn(5, 12)
    assert torch.allclose(kind(12, 3, True)(hidden), hidden, atol=1e-5)
    assert not torch.allclose(kind(12, 3, False)(hidden), hidden, atol=1e-2)


@pytest.mark.parametrize(
    ("width", "layers", "options", "count"),
    [
        (4096, 32, {"rank": 8, "layers": "all", "tied": True}, 2_097_408),
        (4096, 32, {"rank": 4, "layers": [3, 9, 18, 24], "tied": False}, 262_176),
    ],
)
def test_parameter_counts_are_the_papers(width, layers, options, count):
    """LLaMA-7B: 0.031 % on arithmetic, 0.0039 % on instructions."""
    chosen = {"prefix": 5, "suffix": 5, "identity_start": False, **options}
    for kind in (LoReft, DiReft):
        made = Interventions(kind, width, chosen, layers)
        assert sum(parameter.numel() for parameter in made.parameters()) == count
        assert sum(tensor.numel() for tensor in made.state_dict().values()) == count, "nothing else is kept"


def test_decay_would_destroy_the_rotation_and_never_reaches_it(folder, problems, tmp_path):
    """The trap: torch's map makes a decayed rotation the zero matrix without a word."""
    unit = LoReft(12, 3, False)
    optimizer = torch.optim.AdamW(unit.parameters(), lr=1e-2, weight_decay=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        unit(torch.randn(4, 12)).square().sum().backward()
        optimizer.step()
    assert not unit.rotate.weight.abs().sum()
    with pytest.raises(PyriteError, match="rotation is no rotation any more"):
        unit.check()
    tuned = tune(recipe(folder, problems, weight_decay=0.3, steps=6), tmp_path)
    restored = load(parse_source(str(tuned.checkpoints[6])), CPU)
    for kept in restored.model.interventions.units():
        rows = kept.rotate.weight
        assert torch.allclose(rows @ rows.T, torch.eye(len(rows)), atol=1e-4)


# Where.


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("length", [1, 2, 3, 5, 6, 9])
def test_edits_are_at_the_prompts_ends_and_nowhere_else(tied, length):
    options = {"rank": 2, "layers": [0], "prefix": 2, "suffix": 3, "tied": tied, "identity_start": False}
    made = Interventions(DiReft, 4, options, 1)
    made.install(torch.nn.ModuleList([layer := torch.nn.Identity()]))
    padded, behind = 4, 2
    hidden = torch.zeros(1, padded + length + behind, 4)
    places = torch.tensor([[-1] * padded + list(range(length + behind))])
    made.aim(places, torch.tensor([length]))
    moved = layer(hidden)[0].abs().sum(dim=1) > 0
    first = 2 if length >= 5 else min(2, length // 2)
    last = 3 if length >= 5 else min(3, -(-length // 2))
    wanted = {*range(first), *range(length - last, length)}
    assert {int(place) - padded for place in moved.nonzero()} == wanted
    made.rest()
    assert torch.equal(layer(hidden), hidden)


def test_training_edits_what_answering_edits(folder):
    """The logits of a batch padded on the right, aimed by its labels, against a prompt padded on the left."""
    model, tokenizer = prepared(folder, prefix=3, suffix=2)
    method = get_method("loreft")
    examples = [encode(problem, Prompt(), tokenizer) for problem in bakeries(4)]
    longest = max(len(example.tokens) for example in examples)
    ids, labels, mask = [], [], []
    for example in examples:
        gap = longest - len(example.tokens)
        ids.append([*example.tokens, *[tokenizer.pad_token_id] * gap])
        labels.append([*example.labels, *[-100] * gap])
        mask.append([1] * len(example.tokens) + [0] * gap)
    batch = {"input_ids": torch.tensor(ids), "labels": torch.tensor(labels), "attention_mask": torch.tensor(mask)}
    with torch.no_grad():
        method.on_batch(model, batch)
        taught = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        asked = OneModel(model, tokenizer.pad_token_id, model.interventions).prefill(
            [example.tokens[: example.prompt] for example in examples]
        )
    for row, example in enumerate(examples):
        assert torch.allclose(taught[row, example.prompt - 1], asked[row, 0], atol=1e-4)


# Answering.


def rows_of(tokenizer, count, limit=20):
    prompts = [Prompt().tokens(problem, tokenizer) for problem in bakeries(count)]
    return [AnswerRow(number, prompt, limit) for number, prompt in enumerate(prompts)]


@pytest.mark.parametrize("name", ["loreft", "direft"])
@pytest.mark.parametrize("tied", [True, False])
def test_the_loop_gives_what_generate_gives_with_the_edits_made_by_hand(name, tied, folder):
    """Rows together (a shared beginning, padding, drafts) against each alone through transformers' generate."""
    model, tokenizer = prepared(folder, name, prefix=4, suffix=3, tied=tied)
    pad, ends, text = tokenizer.pad_token_id, frozenset([tokenizer.eos_token_id]), TokenText(tokenizer)
    rows = rows_of(tokenizer, 7)
    assert model.interventions.shareable([len(row.prompt) for row in rows]) >= 16, "the shared pass is taken"
    with torch.no_grad():
        following = OneModel(model, pad, model.interventions)
        found = {row.number: row.tokens for row in generate_rows(following, rows, ends=ends, text=text, drafts=4)}
        base = OneModel(load(parse_source(str(folder)), CPU).model, pad)
        unedited = {row.number: row.tokens for row in generate_rows(base, rows_of(tokenizer, 7), ends=ends, text=text)}
        for row in rows_of(tokenizer, 7):
            length = torch.tensor([len(row.prompt)])

            def only_the_prompt(module, arguments, keywords, length=length):
                ids = keywords["input_ids"]
                places = torch.arange(ids.shape[1]).unsqueeze(0)
                model.interventions.rest() if ids.shape[1] == 1 else model.interventions.aim(places, length)

            hook = model.register_forward_pre_hook(only_the_prompt, with_kwargs=True)
            alone = next(iter(plain_generate(model, [row], pad=pad, ends=ends, text=text))).tokens
            hook.remove()
            model.interventions.rest()
            assert found[row.number] == alone
    assert found != unedited


def test_rows_of_very_different_length_share_no_more_than_is_edited_alike(folder):
    model, tokenizer = prepared(folder, prefix=20, suffix=20)
    pad, ends, text = tokenizer.pad_token_id, frozenset([tokenizer.eos_token_id]), TokenText(tokenizer)
    beginning = list(range(10, 35))
    prompts = [beginning + [40 + number] * (1 + 9 * number) for number in range(4)]

    def answers(rows):
        following = OneModel(model, pad, model.interventions)
        return {row.number: row.tokens for row in generate_rows(following, rows, ends=ends, text=text)}

    together = answers([AnswerRow(number, prompt, 12) for number, prompt in enumerate(prompts)])
    for number, prompt in enumerate(prompts):
        assert answers([AnswerRow(number, prompt, 12)])[number] == together[number]


# Training, files, going on.


@pytest.fixture(scope="module")
def sharp(tmp_path_factory):
    """Weights seven times as large, as wide as those of trained models: what is edited early is felt at the end."""
    folder = make_tiny(tmp_path_factory.mktemp("sharp"))
    weights = load_file(folder / "model.safetensors")
    larger = {name: tensor * (7 if tensor.dim() > 1 else 1) for name, tensor in weights.items()}
    save_file(larger, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def beginnings(loaded):
    one = LocalAnswerer(loaded, Prompt(), Settings(max_new_tokens=2))
    requests = [Request(problem, 0) for problem in bakeries(6, 40)]
    return {output.output[:2] for batch in one.plan(requests) for output in one.answer(batch)}


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("loreft", {}),
        pytest.param("direft", {}, marks=pytest.mark.slow),
        pytest.param("loreft", {"gradient_checkpointing": True}, marks=pytest.mark.slow),
        pytest.param("direft", {"gradient_checkpointing": True}, marks=pytest.mark.slow),
        pytest.param("loreft", {"accumulation": 2}, marks=pytest.mark.slow),
        ("direft", {"accumulation": 2}),
    ],
)
def test_it_learns_and_the_checkpoint_is_the_trained_model(name, more, sharp, problems, tmp_path):
    """Every answer that is taught begins with ``{"``: so do answers to other problems afterwards, and none before."""
    folder = sharp
    assert '{"' not in beginnings(load(parse_source(str(folder)), CPU))
    losses, whole = {}, {"batch_size": 12, "learning_rate": 0.03}
    tuned = tune(
        recipe(folder, problems, name, "rank = 4\nprefix = 4\nsuffix = 4", steps=16, **whole, **more),
        tmp_path,
        progress=lambda step, steps, loss: losses.__setitem__(step, loss),
    )
    assert losses[16] < losses[1] - 0.1, losses
    width, layers, rank = 48, 2, 4
    assert tuned.record["parameters"]["trainable"] == layers * (2 * rank * width + rank)
    loaded = load(parse_source(str(tuned.checkpoints[16])), CPU)
    assert loaded.prefill is not None
    assert not loaded.merged
    assert not any(parameter.requires_grad for parameter in loaded.model.parameters())
    assert loaded.identity["checkpoint_weights"]
    assert beginnings(loaded) == {'{"'}


def test_a_checkpoint_answers_through_the_command(folder, problems, tmp_path):
    from typer.testing import CliRunner

    from pyrite.cli.main import app

    tuned = tune(recipe(folder, problems, steps=2), tmp_path / "tuning")
    given = [
        "answer",
        "--model",
        str(tuned.checkpoints[2]),
        "--problems",
        str(problems),
        "--out",
        str(tmp_path / "run"),
    ]
    found = CliRunner().invoke(app, [*given, "--out", str(tmp_path / "run"), "--max-new-tokens", "6", "--threads", "1"])
    assert found.exit_code == 0, found.output
    assert len((tmp_path / "run" / "outputs.jsonl").read_text().splitlines()) == 12
    with pytest.raises(PyriteError, match="what loreft learned cannot be merged into the weights"):
        write_merged(parse_source(str(tuned.checkpoints[2])), tmp_path / "merged", "float32")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rank": 0}, "rank is a whole number from 1, not 0"),
        ({"rank": True}, "rank is a whole number from 1, not True"),
        ({"prefix": -1}, "prefix is a whole number from 0"),
        ({"prefix": 0, "suffix": 0}, "prefix and suffix are both 0"),
        ({"layers": "some"}, 'layers is "all" or a list of different layer numbers from 0'),
        ({"layers": [1, 1]}, "layers is"),
        ({"layers": []}, "layers is"),
        ({"tied": 1}, "tied is true or false, not 1"),
        ({"position": "f7"}, "has no option 'position'; it has rank, layers"),
    ],
)
def test_bad_options_are_one_line(options, said):
    with pytest.raises(PyriteError, match=f"^method 'loreft'.*{said}"):
        get_method("loreft").check(options)


def test_layers_and_ranks_that_do_not_exist(folder):
    with pytest.raises(PyriteError, match="there is no layer 2; the model has 2, from 0"):
        prepared(folder, layers=[0, 2])
    with pytest.raises(PyriteError, match="rank is at most the model's width 48, not 49"):
        prepared(folder, rank=49)


def test_edits_on_another_base_are_refused_by_its_hash(problems, tmp_path):
    """The same folder with other weights in it, and another folder of the same shape given by hand."""
    first, other = make_tiny(tmp_path / "first"), make_tiny(tmp_path / "other", seed=3)
    checkpoint = tune(recipe(first, problems, steps=1), tmp_path / "run").checkpoints[1]
    with pytest.raises(PyriteError, match=r"was tuned on other weights than .*other now has"):
        load(parse_source(str(other), checkpoint), CPU)
    make_tiny(first, seed=3)
    with pytest.raises(PyriteError, match=r"was tuned on other weights than .*first now has") as caught:
        load(parse_source(str(checkpoint)), CPU)
    assert "\n" not in caught.value.message


def test_packing_and_split_weights_are_refused(folder):
    with pytest.raises(PyriteError, match=r"schedule\.packing does not go with method 'loreft'"):
        parse_recipe('[method]\nname="loreft"\n[data]\nfamilies=["knapsack"]\n[schedule]\npacking=true')
    model, _ = prepared(folder)
    with pytest.raises(PyriteError, match="does not go with weights split over processes"):
        get_method("loreft").check_split(model)


@pytest.mark.parametrize("damage", ["interventions.json", "interventions.safetensors"])
def test_damaged_files_are_one_line(damage, folder, problems, tmp_path):
    tuned = tune(recipe(folder, problems, steps=1), tmp_path)
    (tuned.checkpoints[1] / damage).write_text("[")
    with pytest.raises(PyriteError) as said:
        load(parse_source(str(tuned.checkpoints[1])), CPU)
    assert damage in said.value.message
    assert "\n" not in said.value.message


def test_another_base_is_refused_also_through_adapter(folder, problems, tmp_path):
    tuned = tune(recipe(folder, problems, steps=1), tmp_path / "run")
    other = make_tiny(tmp_path / "other", seed=5)
    with pytest.raises(PyriteError, match="was tuned on other weights"):
        load(parse_source(str(other), tuned.checkpoints[1]), CPU)
    assert load(parse_source(str(folder), tuned.checkpoints[1]), CPU).prefill is not None


@pytest.mark.parametrize("name", ["loreft", "direft"])
def test_parity_with_the_authors_code(name, folder):
    """Optional: pyreft 0.1.0 and pyvene, installed without their dependencies."""
    pyreft = pytest.importorskip("pyreft")
    kind = {"loreft": pyreft.LoreftIntervention, "direft": pyreft.NodireftIntervention}[name]
    model, tokenizer = prepared(folder, name, rank=4, prefix=2, suffix=2)
    loaded = load(parse_source(str(folder)), CPU)
    representations = [
        {
            "layer": layer,
            "component": "block_output",
            "low_rank_dimension": 4,
            "intervention": kind(embed_dim=48, low_rank_dimension=4, dtype=torch.float32, add_bias=True),
        }
        for layer in range(2)
    ]
    theirs = pyreft.get_reft_model(loaded.model, pyreft.ReftConfig(representations=representations))
    theirs.set_device("cpu")
    for layer, (key, intervention) in enumerate(theirs.interventions.items()):
        unit = model.interventions.at[str(layer)][0]
        with torch.no_grad():
            intervention.learned_source.weight.copy_(unit.source.weight)
            intervention.learned_source.bias.copy_(unit.source.bias)
            if name == "loreft":
                intervention.rotate_layer.weight = unit.rotate.weight.T
            else:
                intervention.proj_layer.weight.copy_(unit.back.weight.T)
                intervention.proj_layer.bias.zero_()
        assert key
    ids = torch.tensor([Prompt().tokens(bakeries(1)[0], tokenizer)])
    length = ids.shape[1]
    places = [[[0, 1, length - 2, length - 1]]] * 2
    with torch.no_grad():
        _, found = theirs({"input_ids": ids}, unit_locations={"sources->base": (None, places)})
        model.interventions.aim(torch.arange(length).unsqueeze(0), torch.tensor([length]))
        ours = model(ids).logits
    assert torch.allclose(found.logits, ours, atol=1e-5)


def test_every_common_architecture_has_its_layers_found(folder):
    from transformers import GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM

    small = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "vocab_size": 20}
    gpt2 = GPT2LMHeadModel(GPT2Config(n_embd=16, n_layer=3, n_head=2, vocab_size=20))
    neox = GPTNeoXForCausalLM(GPTNeoXConfig(**small, intermediate_size=16))
    for model in (gpt2, neox):
        assert len(decoder_layers(model)) == 3
        method = get_method("loreft")
        edited = method.prepare(model, method.check({"rank": 2, "prefix": 1, "suffix": 1}))
        ids = torch.tensor([[1, 2, 3, 4]])
        with torch.no_grad():
            before = edited(ids).logits
            edited.interventions.aim(torch.arange(4).unsqueeze(0), torch.tensor([4]))
            assert not torch.allclose(edited(ids).logits, before)
