"""SoftCoT: only the projection learns, and the loop answers as the equations say."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.answering import Request, Settings
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.devices import choose_compute
from pyrite.models.methods import get_method
from pyrite.models.prompts import Prompt
from pyrite.models.recipes import parse_recipe
from pyrite.models.sources import load, parse_source
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import write_lines

CPU = choose_compute("cpu", "float32", 1)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    make_tiny(folder / "tiny")
    make_tiny(folder / "assistant", seed=4, width=32, layers=1)
    write_lines(folder / "p.jsonl", (problem.to_dict() for problem in bakeries(12)))
    return folder


def recipe(ground, options="", **schedule):
    keys = {"steps": 3, "batch_size": 4, "learning_rate": 1e-1, "save_every": 100, **schedule}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    return parse_recipe(
        f'[model]\nsource = "{ground / "tiny"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\nname = "softcot"\n[method.options]\nthoughts = 3\n{options}\n'
        f'[data]\nfile = "{ground / "p.jsonl"}"\ncount = 12\n[schedule]\n{lines}\n'
    )


def with_assistant(ground):
    return f'assistant = "{ground / "assistant"}"'


def answers(loaded, count=5, limit=10):
    one = LocalAnswerer(loaded, Prompt(), Settings(max_new_tokens=limit))
    requests = [Request(problem, 0) for problem in bakeries(count)]
    return {o.problem_id: o.output for batch in one.plan(requests) for o in one.answer(batch)}


def test_gradients_reach_only_the_projection(ground):
    method = get_method("softcot")
    loaded, other = (load(parse_source(str(ground / name)), CPU, training=True) for name in ("tiny", "assistant"))
    other.model.requires_grad_(False)
    model = method.prepare(loaded.model, method.check({"thoughts": 3}), other.model)
    tokens = [*Prompt().tokens(bakeries(1)[0], loaded.tokenizer), 0, 0, 0]
    ids = torch.tensor([[*tokens, 7, 8, 9]])
    batch = {
        "input_ids": ids,
        "labels": torch.tensor([[-100] * len(tokens) + [7, 8, 9]]),
        "attention_mask": torch.ones_like(ids),
    }
    method.on_batch(model, batch)
    model(**batch).loss.backward()
    reached = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert reached == {"thoughts.project.weight", "thoughts.project.bias"}
    assert sum(parameter.numel() for parameter in model.thoughts.parameters()) == 32 * 48 + 48
    assert all(parameter.grad is None for parameter in other.model.parameters())


@pytest.mark.parametrize("source", ["assistant", "own", "words", "own words", "learned", "placeholders"])
def test_the_loop_answers_as_the_equations_say(source, ground, tmp_path):
    """Each answer of the batched loop, token by token, against whole texts with the embeddings put in by hand."""
    options = {
        "assistant": with_assistant(ground),
        "own": "",
        "words": f'source = "words"\n{with_assistant(ground)}',
        "own words": 'source = "words"',
    }.get(source, f'source = "{source}"')
    checkpoint = tune(recipe(ground, options), tmp_path).checkpoints[3]
    found = answers(load(parse_source(str(checkpoint)), CPU))
    plain = load(parse_source(str(ground / "tiny")), CPU)
    asked = source in ("assistant", "words")
    reader = load(parse_source(str(ground / "assistant")), CPU).model if asked else plain.model
    learned = load_file(checkpoint / "thoughts.safetensors")
    assert found != answers(plain)
    for problem in bakeries(5):
        tokens = [*Prompt().tokens(problem, plain.tokenizer), *[plain.tokenizer.eos_token_id] * 3]
        with torch.no_grad():
            embedded = plain.model.get_input_embeddings()(torch.tensor([tokens]))
            if source == "learned":
                thoughts = learned["free"]
            elif source == "placeholders":
                thoughts = embedded[0, -3:] + learned["shift"]
            elif source.endswith("words"):
                spoken = tokens[:-3]
                for _ in range(3):
                    scores = reader(torch.tensor([spoken])).logits[0, -1]
                    scores[plain.tokenizer.eos_token_id] = float("-inf")
                    spoken = [*spoken, int(scores.argmax())]
                thoughts = plain.model.get_input_embeddings()(torch.tensor(spoken[-3:])) + learned["shift"]
            else:
                states = reader.model(torch.tensor([tokens])).last_hidden_state[0, -3:]
                thoughts = states @ learned["project.weight"].T + learned["project.bias"]
            embedded[0, -3:] = thoughts
            written = []
            while len(written) < 10:
                more = plain.model.get_input_embeddings()(torch.tensor([written], dtype=torch.long))
                logits = plain.model(inputs_embeds=torch.cat((embedded, more), dim=1)).logits[0, -1]
                token = int(logits.argmax())
                if token == plain.tokenizer.eos_token_id:
                    break
                written.append(token)
        text = plain.tokenizer.decode(written, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        assert text.startswith(found[problem.id])
        assert found[problem.id] or not text


def test_it_learns_and_goes_on_to_the_same_bits(ground, tmp_path):
    losses = {}
    chosen = recipe(ground, with_assistant(ground), steps=9, batch_size=12, save_every=1)
    whole = tune(chosen, tmp_path / "whole", progress=lambda step, steps, loss: losses.__setitem__(step, loss))
    assert losses[9] < losses[1] - 0.01

    class StoppedError(Exception):
        pass

    def stopping(step, steps, loss):
        if step >= 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        tune(chosen, tmp_path / "stopped", progress=stopping)
    again = tune(chosen, tmp_path / "stopped")
    before, after = (load_file(tuned.checkpoints[9] / "thoughts.safetensors") for tuned in (whole, again))
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert answers(load(parse_source(str(whole.checkpoints[9])), CPU)) == answers(
        load(parse_source(str(again.checkpoints[9])), CPU)
    )
    assert whole.record["helper"]["model"] == str(ground / "assistant")


def test_another_assistant_or_vocabulary_is_refused(ground, tmp_path):
    assistant = shutil.copytree(ground / "assistant", tmp_path / "assistant")
    checkpoint = tune(recipe(ground, f'assistant = "{assistant}"', steps=1), tmp_path / "run").checkpoints[1]
    make_tiny(assistant, seed=9, width=32, layers=1)
    with pytest.raises(PyriteError, match=r"was tuned on other weights than .*assistant now has"):
        load(parse_source(str(checkpoint)), CPU)
    document = json.loads((assistant / "tokenizer.json").read_text())
    words = document["model"]["vocab"]
    words["a"], words["b"] = words["b"], words["a"]
    (assistant / "tokenizer.json").write_text(json.dumps(document))
    with pytest.raises(PyriteError, match="has another vocabulary than"):
        tune(recipe(ground, f'assistant = "{assistant}"', steps=1), tmp_path / "other")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"thoughts": 0}, "thoughts is a whole number from 1 to 256, not 0"),
        ({"assistant": 3}, "assistant is a model as --model takes it"),
        ({"source": "noise"}, "source is one of assistant, words, learned, placeholders"),
        ({"source": "learned", "assistant": "x"}, "asks no assistant; leave it out"),
        ({"tokens": 3}, "has no option 'tokens'"),
    ],
)
def test_bad_options_are_one_line(options, said):
    with pytest.raises(PyriteError, match=f"^method 'softcot'.*{said}"):
        get_method("softcot").check(options)
