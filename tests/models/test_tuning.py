"""Tuning on a tiny model: what learns, the loss, checkpoints, records, going on after a stop."""

import json
import shutil
import time
from dataclasses import replace

import pytest
import torch
from forked import killed_when, needs_fork
from safetensors.torch import load_file
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.data import encode, encode_all
from pyrite.models.devices import choose_compute
from pyrite.models.methods import get_method, method_names
from pyrite.models.prompts import Prompt, right_answer
from pyrite.models.recipes import parse_recipe, read_recipe, recipe_names
from pyrite.models.sources import load, parse_source, read_record
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import read_lines, write_lines


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def problems(tmp_path_factory):
    path = tmp_path_factory.mktemp("problems") / "problems.jsonl"
    write_lines(path, (problem.to_dict() for problem in bakeries(24)))
    return path


def recipe(folder, problems, method="lora", options="", **schedule):
    keys = {"steps": 4, "batch_size": 3, "learning_rate": 1e-2, "save_every": 100, **schedule}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    return parse_recipe(
        f'[model]\nsource = "{folder}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\nname = "{method}"\n[method.options]\n{options}\n'
        f'[data]\nfile = "{problems}"\ncount = 24\n[schedule]\n{lines}\n'
    )


def losses(path):
    return [line["loss"] for line in read_lines(path / "training.jsonl")]


def test_lora_learns_and_the_record_counts(folder, problems, tmp_path):
    tuned = tune(recipe(folder, problems, steps=12, checkpoints=[4]), tmp_path, problems=None)
    assert list(tuned.checkpoints) == [4, 12]
    found = losses(tmp_path)
    assert found[-1] < found[0] - 0.15
    record = tuned.record
    assert record["examples"] == 36
    assert record["parameters"]["trainable"] < record["parameters"]["total"] / 2
    examples, _ = encode_all(
        bakeries(24), Prompt(), load(parse_source(str(folder)), choose_compute("cpu")).tokenizer, 9999
    )
    longest = max(len(example.tokens) for example in examples)
    assert 36 * min(len(e.tokens) for e in examples) <= record["tokens"]["seen"] <= 36 * longest
    total, trainable = record["parameters"]["total"], record["parameters"]["trainable"]
    assert record["flops"] == (4 * total + 2 * trainable) * record["tokens"]["seen"]
    assert read_record(tuned.checkpoints[4])["step"] == 4
    assert read_record(tuned.checkpoints[4])["tokens"]["seen"] < record["tokens"]["seen"]


def test_the_loss_is_the_mean_over_answer_tokens_alone(folder, problems, tmp_path):
    """The first step's loss against a plain computation on the untouched model."""
    tune(recipe(folder, problems, steps=1, batch_size=24, accumulation=1, group_by_length=False), tmp_path)
    loaded = load(parse_source(str(folder)), choose_compute("cpu", "float32", 1))
    total, count = 0.0, 0
    for problem in bakeries(24):
        example = encode(problem, Prompt(), loaded.tokenizer)
        with torch.no_grad():
            logits = loaded.model(torch.tensor([example.tokens])).logits[0]
        answer = torch.tensor(example.tokens[example.prompt :])
        predicted = logits[example.prompt - 1 : -1]
        total += torch.nn.functional.cross_entropy(predicted, answer, reduction="sum").item()
        count += len(answer)
    assert losses(tmp_path)[0] == pytest.approx(total / count, rel=1e-4)


def test_an_example_is_the_prompt_as_asked_and_the_answer_as_taught(folder):
    loaded = load(parse_source(str(folder)), choose_compute("cpu", "float32", 1))
    problem = bakeries(1)[0]
    example = encode(problem, Prompt(), loaded.tokenizer)
    asked = loaded.tokenizer.decode(example.tokens[: example.prompt])
    taught = loaded.tokenizer.decode(example.tokens[example.prompt :])
    assert asked == Prompt().render(problem, loaded.tokenizer)
    assert taught == right_answer(problem) + loaded.tokenizer.eos_token
    assert example.labels[: example.prompt] == [-100] * example.prompt


def test_accumulation_changes_nothing_but_the_batch(folder, problems, tmp_path):
    tune(recipe(folder, problems, batch_size=6, group_by_length=False), tmp_path / "a")
    tune(recipe(folder, problems, batch_size=2, accumulation=3, group_by_length=False), tmp_path / "b")
    assert losses(tmp_path / "a") == pytest.approx(losses(tmp_path / "b"), rel=2e-3)


def test_gradient_checkpointing_gives_the_same_losses(folder, problems, tmp_path):
    tune(recipe(folder, problems), tmp_path / "a")
    tune(recipe(folder, problems, gradient_checkpointing=True), tmp_path / "b")
    assert losses(tmp_path / "a") == pytest.approx(losses(tmp_path / "b"), rel=1e-4)


def test_the_same_recipe_gives_the_same_weights(folder, problems, tmp_path):
    for name in "ab":
        tune(recipe(folder, problems), tmp_path / name)
    first, second = (load_file(tmp_path / name / "checkpoint-4" / "adapter_model.safetensors") for name in "ab")
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_packing_trains(folder, problems, tmp_path):
    tune(recipe(folder, problems, packing=True, max_length=700), tmp_path / "packed")
    assert len(losses(tmp_path / "packed")) == 4


@pytest.mark.parametrize(
    "method", ["full", "lora", "dora", "rslora", "ia3", "vera", "oft", "prompt_tuning", "prefix_tuning"]
)
def test_methods_train_save_and_answer(method, folder, problems, tmp_path):
    options = {"oft": "oft_block_size = 4", "vera": "r = 4"}.get(method, "")
    tuned = tune(recipe(folder, problems, method, options, steps=2), tmp_path)
    loaded = load(parse_source(str(tuned.checkpoints[2])), choose_compute("cpu", "float32", 1))
    assert loaded.identity["method"] == method
    from pyrite.models.answering import Request, Settings
    from pyrite.models.answering.local import LocalAnswerer

    one = LocalAnswerer(loaded, Prompt(), Settings(max_new_tokens=5))
    outputs = [o for batch in one.plan([Request(p, 0) for p in bakeries(3)]) for o in one.answer(batch)]
    assert {output.problem_id for output in outputs} == {problem.id for problem in bakeries(3)}
    base = load(parse_source(str(folder)), choose_compute("cpu", "float32", 1))
    ids = torch.tensor([encode(bakeries(1)[0], Prompt(), base.tokenizer).tokens])
    with torch.no_grad():
        before, after = base.model(ids).logits[:, -1], loaded.model(ids).logits[:, -1]
    assert not torch.equal(before, after)


def test_a_merged_adapter_computes_what_training_computed(folder, problems, tmp_path):
    """The restored checkpoint's loss on the training data is the trained model's: nothing is lost on the way."""
    from pyrite.models.methods.peft_adapter import restore_adapter

    tuned = tune(recipe(folder, problems, steps=3), tmp_path)
    compute = choose_compute("cpu", "float32", 1)
    merged = load(parse_source(str(tuned.checkpoints[3])), compute).model
    from peft import PeftModel

    unmerged = PeftModel.from_pretrained(load(parse_source(str(folder)), compute).model, str(tuned.checkpoints[3]))
    ids = torch.tensor([encode(bakeries(1)[0], Prompt(), load(parse_source(str(folder)), compute).tokenizer).tokens])
    with torch.no_grad():
        assert torch.allclose(merged(ids).logits, unmerged(ids).logits, atol=1e-4)
    again = restore_adapter(load(parse_source(str(folder)), compute).model, tuned.checkpoints[3])
    assert again.merged
    assert type(again.model) is type(merged)


def test_every_name_is_a_method_and_none_does_not_train(folder, problems, tmp_path):
    for name in method_names():
        method = get_method(name)
        assert method.name == name
        assert method.summary
    with pytest.raises(PyriteError, match="peft's 'poly' is not covered: it needs a task number"):
        get_method("poly")
    with pytest.raises(PyriteError, match="'none' does not train"):
        tune(recipe(folder, problems, "none"), tmp_path)


def test_a_finished_recipe_is_not_trained_again_and_another_is_refused(folder, problems, tmp_path):
    tune(recipe(folder, problems), tmp_path)
    started = (tmp_path / "training.jsonl").stat().st_mtime_ns
    assert list(tune(recipe(folder, problems), tmp_path).checkpoints) == [4]
    assert (tmp_path / "training.jsonl").stat().st_mtime_ns == started
    with pytest.raises(PyriteError, match="holds checkpoint 4 of another recipe"):
        tune(recipe(folder, problems, seed=1), tmp_path)


def test_long_examples_are_left_out_and_said(folder, problems, tmp_path):
    said = []
    lengths = sorted(
        len(encode(p, Prompt(), load(parse_source(str(folder)), choose_compute("cpu")).tokenizer).tokens)
        for p in bakeries(24)
    )
    tuned = tune(recipe(folder, problems, max_length=lengths[12]), tmp_path, said.append)
    left_out = sum(length > lengths[12] for length in lengths)
    assert tuned.record["left_out"] == left_out > 0
    assert f"{left_out} examples are left out: longer than {lengths[12]} tokens" in said
    with pytest.raises(PyriteError, match=r"no training example fits schedule\.max_length = 32"):
        tune(recipe(folder, problems, max_length=32), tmp_path / "other")


def test_a_checkpoint_refuses_another_base(folder, problems, tmp_path):
    tuned = tune(recipe(folder, problems, steps=1), tmp_path / "run")
    record = read_record(tuned.checkpoints[1])
    other = make_tiny(tmp_path / "other", seed=1)
    record["base"]["source"] = str(other)
    (tuned.checkpoints[1] / "pyrite.json").write_text(json.dumps(record))
    with pytest.raises(PyriteError, match="was tuned on other weights"):
        load(parse_source(str(tuned.checkpoints[1])), choose_compute("cpu"))


def test_out_of_memory_names_the_knobs(folder, problems, tmp_path, monkeypatch):
    from pyrite.models.training.objectives.narrow_loss import SupervisedTrainer

    def burst(*rest, **more):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(SupervisedTrainer, "compute_loss", burst)
    with pytest.raises(
        PyriteError, match=r"schedule.batch_size .* schedule.max_length, schedule.gradient_checkpoint"
    ) as e:
        tune(recipe(folder, problems), tmp_path)
    assert e.value.exit_code == 3


@needs_fork
def test_kill_9_while_tuning_and_going_on_gives_the_same_weights(folder, problems, tmp_path):
    text = (
        f'[model]\nsource = "{folder}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[data]\nfile = "{problems}"\ncount = 24\n'
        "[schedule]\nsteps = 14\nbatch_size = 3\nlearning_rate = 0.01\nsave_every = 3\ncheckpoints = [4]\n"
    )
    tune(parse_recipe(text), tmp_path / "whole")
    log = tmp_path / "killed" / "training.jsonl"

    def slowly(step, steps, loss):
        if step > 8:  # it dies in step 8 or 9, and never ends
            time.sleep(600)

    killed_when(
        lambda: tune(parse_recipe(text), tmp_path / "killed", progress=slowly),
        lambda: log.exists() and len(losses(tmp_path / "killed")) >= 8,
    )
    (tmp_path / "killed" / "checkpoint-9").mkdir(exist_ok=True)  # as if it had died while writing the next one
    (tmp_path / "killed" / "checkpoint-7").mkdir()
    (tmp_path / "killed" / "checkpoint-7" / "optimizer.pt").write_bytes(b"half")
    other = tmp_path / "killed" / "checkpoint-99"  # nothing that this tuning wrote
    other.mkdir()
    (other / "precious.txt").write_text("mine")
    with pytest.raises(PyriteError, match="checkpoint-99 is no checkpoint of this tuning"):
        tune(parse_recipe(text), tmp_path / "killed")
    assert (other / "precious.txt").read_text() == "mine"
    shutil.rmtree(other)
    assert not (tmp_path / "killed" / "checkpoint-14").exists()
    tuned = tune(parse_recipe(text), tmp_path / "killed")
    assert list(tuned.checkpoints) == [4, 14]
    for step in (4, 14):
        whole, again = (
            load_file(tmp_path / name / f"checkpoint-{step}" / "adapter_model.safetensors")
            for name in ("whole", "killed")
        )
        assert all(torch.equal(whole[key], again[key]) for key in whole)
    assert [line["step"] for line in read_lines(tmp_path / "killed" / "training.jsonl")] == list(range(1, 15))
    assert losses(tmp_path / "whole") == losses(tmp_path / "killed")
    assert sorted(p.name for p in (tmp_path / "killed").glob("checkpoint-*")) == ["checkpoint-14", "checkpoint-4"]
    record, other = (read_record(tmp_path / name / "checkpoint-14") for name in ("whole", "killed"))
    assert record["tokens"] == other["tokens"]


# Defaults that are larger than the tiny model, and options without a default.
SMALL = {
    "adalora": "total_step = 2\ntinit = 0\ntfinal = 1",
    "adaption_prompt": "adapter_len = 4\nadapter_layers = 1",
    "c3a": "block_size = 8",
    "miss": "r = 4",
    "oft": "oft_block_size = 4",
    "psoft": "r = 8",
    "road": "group_size = 4",
    "shira": "r = 2",
    "trainable_tokens": "token_indices = [9, 10, 11]",
    "vblora": "vector_length = 8\nnum_vectors = 16",
    "waveft": "n_frequency = 64",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in method_names() if name not in ("none", "full")])
def test_every_peft_method_trains_and_loads(name, folder, problems, tmp_path):
    """What the installed peft offers: each trains two steps on the tiny model, is saved and put on the base again."""
    if name == "adamss":
        pytest.importorskip("sklearn")
    tuned = tune(recipe(folder, problems, name, SMALL.get(name, ""), steps=2), tmp_path)
    assert tuned.record["parameters"]["trainable"] > 0
    load(parse_source(str(tuned.checkpoints[2])), choose_compute("cpu", "float32", 1))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in recipe_names() if read_recipe(name).method.name != "none"])
def test_every_committed_recipe_trains_on_the_problems_it_names(name, tmp_path):
    """Its method, objective, families, prompt and schedule as committed; only the models are tiny, the work short."""
    committed = read_recipe(name)
    folder = make_tiny(tmp_path / "tiny", width=64)
    options = dict(committed.objective.options)
    if "answers" in options:
        pairs = [
            {
                "problem": problem.to_dict(),
                "kind": "right-wrong",
                "chosen": problem.reference.to_json(),
                "rejected": "{}",
            }
            for problem in bakeries(4)
        ]
        write_lines(tmp_path / "pairs.jsonl", pairs)
        options["answers"] = str(tmp_path / "pairs.jsonl")
    if "teacher" in options:
        options["teacher"] = str(folder)
    if "max_new_tokens" in options:
        options["max_new_tokens"] = 8
    steps = 2 if committed.tasks.plan == "mixed" else 4  # a course has a stage a group of families
    short = replace(
        committed,
        objective=replace(committed.objective, options=options),
        model=replace(committed.model, source=str(folder), device="cpu", dtype="float32", threads=1),
        data=replace(committed.data, count=2 * len(committed.data.families) or 4, max_tokens=0),
        schedule=replace(
            committed.schedule,
            steps=steps,
            epochs=1.0,
            batch_size=options.get("num_generations", 2),
            accumulation=1,
            checkpoints=(1,),
            max_length=8192,
        ),
    )
    tuned = tune(short, tmp_path / "tuning")
    assert list(tuned.checkpoints) == [1, steps]
    load(parse_source(str(tuned.checkpoints[steps])), choose_compute("cpu", "float32", 1))


def test_adalora_gives_and_takes_ranks(folder, problems, tmp_path):
    """Its allocation runs after each step of the optimizer, while gradients are there: from rank 6 to 2 on average."""
    options = "init_r = 6\ntarget_r = 2\ntinit = 1\ntfinal = 2\ndeltaT = 1\ntotal_step = 8"
    tuned = tune(recipe(folder, problems, "adalora", options, steps=8, batch_size=2), tmp_path)
    found = load_file(tuned.checkpoints[8] / "adapter_model.safetensors")
    values = [tensor for name, tensor in found.items() if "lora_E" in name]
    ranks = [int((tensor != 0).sum()) for tensor in values]
    assert sum(ranks) <= 2 * len(ranks)
    assert max(ranks) > min(ranks)
    load(parse_source(str(tuned.checkpoints[8])), choose_compute("cpu", "float32", 1))
