"""Tuning by two processes on CPUs: DDP, FSDP and DeepSpeed give what one process with the doubled batch gives."""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file
from tiny_model import bakeries, make_tiny
from typer.testing import CliRunner

from pyrite.cli.main import app
from pyrite.feasibility.errors import PyriteError
from pyrite.models.devices import choose_compute
from pyrite.models.methods import get_method
from pyrite.models.recipes import parse_recipe
from pyrite.models.sources import load, parse_source, read_record
from pyrite.models.training.processes import Processes, launch_config, one_process, this_process
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import read_lines, write_lines

LAUNCHED = Path(__file__).parent.parent / "launched.py"
HAS_DEEPSPEED = importlib.util.find_spec("deepspeed") is not None
needs_deepspeed = pytest.mark.skipif(not HAS_DEEPSPEED, reason="deepspeed is not installed")


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """A folder with a tiny model and problems."""
    folder = tmp_path_factory.mktemp("ground")
    make_tiny(folder / "tiny")
    write_lines(folder / "problems.jsonl", (problem.to_dict() for problem in bakeries(24)))
    return folder


def recipe_text(ground, method="lora", options="", batch=2, dtype="float32", **schedule):
    keys = {"steps": 4, "batch_size": batch, "learning_rate": 1e-2, "save_every": 2, "group_by_length": False}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in (keys | {"checkpoints": [2]} | schedule).items())
    return (
        f'[model]\nsource = "{ground}/tiny"\ndevice = "cpu"\ndtype = "{dtype}"\nthreads = 1\n'
        f'[method]\nname = "{method}"\n[method.options]\n{options}\n'
        f'[data]\nfile = "{ground}/problems.jsonl"\ncount = 24\n[schedule]\n{lines}\n'
    )


def command(config, recipe, out, script=LAUNCHED):
    start = [sys.executable, "-m", "accelerate.commands.launch", "--main_process_port", "0", "--config_file"]
    started = [str(script)] if script else ["-m", "pyrite.cli"]
    return [*start, str(config), *started, "tune", str(recipe), "--out", str(out)]


def environment():
    # The package under test, however the checkout is called; one thread each, as two processes share few cores.
    import pyrite

    place = Path(pyrite.__file__).parent
    path = [str(place.parent)] if place.name == "pyrite" else []
    path += [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
    return {**os.environ, "OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu", "PYTHONPATH": os.pathsep.join(path)}


def launch(config, text, out, script=LAUNCHED):
    """Tune by two processes; what they said on both streams."""
    recipe = out.with_suffix(".toml")
    recipe.write_text(text)
    done = subprocess.run(
        command(config, recipe, out, script),
        env=environment(),
        cwd=out.parent,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def losses(folder):
    return [line["loss"] for line in read_lines(folder / "training.jsonl")]


def weights(folder, step):
    files = sorted((folder / f"checkpoint-{step}").glob("*.safetensors"))
    return {name: tensor for file in files for name, tensor in load_file(file).items()}


def agree(one, two, split):
    """Losses, weights and records of one process with batch 4 and two with batch 2."""
    assert losses(two) == pytest.approx(losses(one), rel=1e-5)
    for step in (2, 4):
        first, second = weights(one, step), weights(two, step)
        assert first.keys() == second.keys()
        assert all(torch.allclose(first[name], second[name], atol=5e-5) for name in first)
        record, other = (read_record(folder / f"checkpoint-{step}") for folder in (one, two))
        assert other["processes"] == {"count": 2, "split": split}
        for key in ("step", "examples", "parameters", "tokens", "flops", "base", "method", "prompt"):
            assert record[key] == other[key], key
    tokens = [[line["tokens"] for line in read_lines(folder / "training.jsonl")] for folder in (one, two)]
    assert tokens[0] == tokens[1]


def goes_on_alike(config, text, out):
    """As if killed while writing checkpoint 4: going on gives the very same weights."""
    again = out.with_name(out.name + "-again")
    shutil.copytree(out, again)
    (again / "checkpoint-4" / "pyrite.json").unlink()
    said = launch(config, text, again)
    assert "step 3 of 4" in said
    first, second = weights(out, 4), weights(again, 4)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert losses(out) == losses(again)
    record, other = (read_record(folder / "checkpoint-4") for folder in (out, again))
    assert record["tokens"] == other["tokens"]


def answers(folder, base):
    """The checkpoint is loaded like any other, and the model is another one than the base."""
    compute = choose_compute("cpu", "float32", 1)
    loaded = load(parse_source(str(folder)), compute)
    ids = loaded.tokenizer("maximize", return_tensors="pt")["input_ids"]
    untuned = load(parse_source(str(base)), compute).model
    with torch.no_grad():
        assert not torch.equal(loaded.model(ids).logits, untuned(ids).logits)
    assert loaded.model.generate(ids, max_new_tokens=3, do_sample=False).shape[1] <= ids.shape[1] + 3


def by_one(ground, folder, method, options="", **schedule):
    tune(parse_recipe(recipe_text(ground, method, options, batch=4, **schedule)), folder)
    return folder


@pytest.mark.slow
def test_two_processes_are_one_with_the_doubled_batch(ground, tmp_path):
    text = recipe_text(ground)
    said = launch(launch_config("ddp"), text, tmp_path / "two", script=None)
    agree(by_one(ground, tmp_path / "one", "lora"), tmp_path / "two", "")
    assert said.count("parameters learn") == 1
    assert said.count("checkpoint after 4 steps") == 1


@pytest.mark.slow
@pytest.mark.parametrize("method", ["lora", "full", "vera"])
def test_fsdp(method, ground, tmp_path):
    options = "r = 4" if method == "vera" else ""
    text = recipe_text(ground, method, options)
    said = launch(launch_config("fsdp"), text, tmp_path / "two")
    parts = [line for line in said.splitlines() if line.endswith("parameters are parts")]
    assert len(parts) == 4  # two checkpoints of two processes
    assert not any(line.startswith("0 of") for line in parts)
    agree(by_one(ground, tmp_path / "one", method, options), tmp_path / "two", "FSDP")
    answers(tmp_path / "two" / "checkpoint-4", ground / "tiny")
    goes_on_alike(launch_config("fsdp"), text, tmp_path / "two")


@pytest.mark.slow
@needs_deepspeed
@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("stage", [2, 3])
def test_deepspeed(stage, method, ground, tmp_path):
    config, text = launch_config(f"deepspeed_zero{stage}"), recipe_text(ground, method)
    launch(config, text, tmp_path / "two", script=None)
    agree(by_one(ground, tmp_path / "one", method), tmp_path / "two", f"ZeRO {stage}")
    answers(tmp_path / "two" / "checkpoint-4", ground / "tiny")
    goes_on_alike(config, text, tmp_path / "two")


def every_parameter_split(tmp_path):
    """ZeRO 3 keeps small parameters whole, which on a tiny model are all; here none, by a file of DeepSpeed's own."""
    own = {
        "zero_optimization": {"stage": 3, "stage3_param_persistence_threshold": 0},
        "train_micro_batch_size_per_gpu": "auto",
        "train_batch_size": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "bf16": {"enabled": "auto"},
    }
    (tmp_path / "own.json").write_text(json.dumps(own))
    document = yaml.safe_load(launch_config("deepspeed_zero3").read_text())
    document["deepspeed_config"] = {"deepspeed_config_file": str(tmp_path / "own.json"), "zero3_init_flag": False}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    return tmp_path / "own.yaml"


@pytest.mark.slow
@needs_deepspeed
@pytest.mark.parametrize("method", ["full", "vera"])
def test_zero_3_with_every_parameter_split(method, ground, tmp_path):
    options, config = "r = 4" if method == "vera" else "", every_parameter_split(tmp_path)
    text = recipe_text(ground, method, options)
    said = launch(config, text, tmp_path / "two")
    parts = [line for line in said.splitlines() if line.endswith("parameters are parts")]
    assert len(parts) == 4
    assert all(line.split()[0] == line.split()[2] for line in parts)
    agree(by_one(ground, tmp_path / "one", method, options), tmp_path / "two", "ZeRO 3")
    goes_on_alike(config, text, tmp_path / "two")


@pytest.mark.slow
@pytest.mark.parametrize("split", ["fsdp", pytest.param("deepspeed_zero3", marks=needs_deepspeed)])
@pytest.mark.parametrize("method", ["lora", "full"])
def test_bfloat16_is_near(split, method, ground, tmp_path):
    """The format that GPUs train in; sums are taken in another order, so only losses are held together."""
    launch(launch_config(split), recipe_text(ground, method, dtype="bfloat16"), tmp_path / "two")
    tune(parse_recipe(recipe_text(ground, method, batch=4, dtype="bfloat16")), tmp_path / "one")
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=2e-3)
    answers(tmp_path / "two" / "checkpoint-4", ground / "tiny")


@pytest.mark.slow
def test_killed_processes_go_on(ground, tmp_path):
    text = recipe_text(ground, steps=30, checkpoints=[])
    config, recipe = launch_config("ddp"), tmp_path / "two.toml"
    recipe.write_text(text)
    process = subprocess.Popen(
        command(config, recipe, tmp_path / "two", script=None),
        env=environment(),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until = time.monotonic() + 120
    while not (tmp_path / "two" / "checkpoint-4" / "pyrite.json").exists():
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)
    assert not (tmp_path / "two" / "checkpoint-30" / "pyrite.json").exists()
    launch(config, text, tmp_path / "two", script=None)
    launch(config, text, tmp_path / "whole", script=None)
    first, second = weights(tmp_path / "two", 30), weights(tmp_path / "whole", 30)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert losses(tmp_path / "two") == losses(tmp_path / "whole")


def test_going_on_with_another_number_of_processes_is_refused(ground, tmp_path):
    recipe = parse_recipe(recipe_text(ground))
    tuned = tune(recipe, tmp_path)
    (tuned.checkpoints[4] / "pyrite.json").unlink()
    record = read_record(tuned.checkpoints[2])
    record["processes"] = {"count": 2, "split": "FSDP"}
    (tuned.checkpoints[2] / "pyrite.json").write_text(json.dumps(record))
    with pytest.raises(PyriteError, match=r"in another way \(before; 2 processes, FSDP, now; 1 process\); go on as"):
        tune(recipe, tmp_path)


def test_epochs_are_counted_over_all_processes(ground):
    from pyrite.models.training import tuning

    recipe = parse_recipe(recipe_text(ground, steps=0, epochs=2, checkpoints=[]))
    assert tuning._steps(recipe, 24, 1) == 24
    assert tuning._steps(recipe, 24, 3) == 8


def test_what_the_launcher_says(monkeypatch, tmp_path):
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "ACCELERATE_USE_FSDP", "ACCELERATE_USE_DEEPSPEED"):
        monkeypatch.delenv(name, raising=False)
    assert this_process() == Processes()
    one_process("pyrite run")
    for name, value in {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    assert this_process() == Processes(5, 8, 4, "")
    with pytest.raises(PyriteError, match="pyrite run is done by one process, and 8 were started"):
        one_process("pyrite run")
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    monkeypatch.setenv("ACCELERATE_DEEPSPEED_ZERO_STAGE", "3")
    assert this_process().split == "ZeRO 3"
    (tmp_path / "own.json").write_text('{"zero_optimization": {"stage": 1}}')
    monkeypatch.setenv("ACCELERATE_DEEPSPEED_CONFIG_FILE", str(tmp_path / "own.json"))
    assert this_process().split == "ZeRO 1"
    (tmp_path / "own.json").write_text("{}")
    with pytest.raises(PyriteError, match=r"own\.json does not say zero_optimization\.stage"):
        this_process()
    monkeypatch.setenv("RANK", "first")
    with pytest.raises(PyriteError, match="RANK is 'first', which is no number"):
        this_process()


def test_threads_are_shared_between_the_processes_of_a_machine(monkeypatch):
    from pyrite.models.training import processes

    monkeypatch.setattr(processes, "usable_cores", lambda: 8)
    assert Processes(0, 4, 4).threads(0) == 2
    assert Processes(0, 16, 16).threads(0) == 1
    assert Processes(0, 4, 4).threads(3) == 3


@pytest.mark.parametrize(
    ("method", "options", "reason"),
    [
        ("prompt_tuning", {}, "virtual tokens are computed from whole weights"),
        ("adalora", {"total_step": 4, "tinit": 0, "tfinal": 1}, "it looks at whole gradients"),
        ("lora", {}, None),
        ("vera", {"r": 4}, None),
    ],
)
def test_what_cannot_be_saved_from_split_weights_is_said_before(method, options, reason, ground):
    chosen = get_method(method)
    loaded = load(parse_source(str(ground / "tiny")), choose_compute("cpu", "float32", 1), training=True)
    model = chosen.prepare(loaded.model, chosen.check(options))
    if reason is None:
        chosen.check_split(model)
    else:
        with pytest.raises(PyriteError, match=f"method '{method}' does not go with weights split .*{reason}; use ddp"):
            chosen.check_split(model)


def test_launch_configurations_are_accelerates():
    """Every key is one that the installed accelerate knows, and the path is printed for a shell."""
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import launch_command_parser

    known = vars(launch_command_parser().parse_args(["script"]))
    for name in ("ddp", "fsdp", "deepspeed_zero2", "deepspeed_zero3"):
        shown = CliRunner().invoke(app, ["tune", "--launch-config", name])
        assert Path(shown.stdout.strip()) == launch_config(name)
        config = load_config_from_file(str(launch_config(name)))  # raises on unknown keys
        for key in {**config.fsdp_config, **config.deepspeed_config}:
            assert key in known, key
    with pytest.raises(PyriteError, match="no launch configuration 'zero'; known are ddp, deepspeed_zero2, deep"):
        launch_config("zero")
