"""Answering with vLLM: the parts around it everywhere, and against the transformers back end where it is installed."""

import importlib.util
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from tiny_model import bakeries, make_tiny
from transformers import LlamaConfig
from typer.testing import CliRunner

from pyrite.cli.main import app, main
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.policy import Policy
from pyrite.feasibility.scoring.ladder import Judge
from pyrite.feasibility.verdict import SURFACE
from pyrite.feasibility.workers.apart import run_apart
from pyrite.models.answering import Request, Settings, answer_problems
from pyrite.models.answering.choosing_grammar import grammar_for
from pyrite.models.answering.decoding import Grammars
from pyrite.models.answering.local import LocalAnswerer
from pyrite.models.answering.making import make_answerer
from pyrite.models.answering.stopping import TokenText
from pyrite.models.answering.vllm_engine import Growing, sampling_arguments, vllm_answerer
from pyrite.models.answering.vllm_starting import check_device, engine_arguments, start_engine
from pyrite.models.devices import Compute, choose_compute
from pyrite.models.merging import write_merged
from pyrite.models.methods import get_method
from pyrite.models.prompts import Prompt
from pyrite.models.recipes import parse_recipe
from pyrite.models.sources import load, parse_source
from pyrite.problems.lines import write_lines
from pyrite.problems.problem import Problem
from pyrite.results.outputs import read_outputs

installed = importlib.util.find_spec("vllm") is not None
needs_vllm = pytest.mark.skipif(not installed, reason="vLLM is not installed")
CPU = Compute("cpu", "float32", "asked for", 1)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    # vLLM's attention on a CPU wants heads of 32 or more.
    return make_tiny(tmp_path_factory.mktemp("tiny"), width=128)


@pytest.fixture(scope="module")
def loaded(tiny):
    return load(parse_source(str(tiny)), choose_compute("cpu", "float32", 1))


def adapter(tiny, folder, method):
    """A checkpoint of a method whose weights are random, as if it had learned something."""
    model = load(parse_source(str(tiny)), CPU, training=True).model
    chosen = get_method(method)
    torch.manual_seed(5)
    wrapped = chosen.prepare(model, chosen.check({}))
    for parameter in wrapped.parameters():
        if parameter.requires_grad:
            parameter.data += 0.3 * torch.randn_like(parameter)
    chosen.save(wrapped, folder)
    return folder


def answers(answerer, problems, samples=1):
    requests = [Request(problem, sample) for problem in problems for sample in range(samples)]
    found = [output for batch in answerer.plan(requests) for output in answerer.answer(batch)]
    return {output.key: (output.output, output.finish, output.extra["tokens"]) for output in found}


# What needs no vLLM.


@given(st.data())
@examples(max_examples=50)
def test_an_answer_ends_at_the_same_token_however_many_come_at_once(loaded, data):
    tokenizer = loaded.tokenizer
    text = data.draw(st.sampled_from(['Let {x} be: {"a": "}", "b": {}} and more', "no object at all", '{"a": ']))
    tokens = tokenizer(text)["input_ids"]
    if data.draw(st.booleans()):
        tokens.insert(data.draw(st.integers(0, len(tokens))), tokenizer.eos_token_id)
    limit = data.draw(st.integers(1, len(tokens) + 1))
    results = []
    for size in (1, data.draw(st.integers(2, 9)), len(tokens)):
        row = Growing(Request(Problem(id="p", text=""), 0), [], limit)
        parts = (tokens[at : at + size] for at in range(0, len(tokens), size))
        any(row.take(part, frozenset([tokenizer.eos_token_id]), TokenText(tokenizer)) for part in parts)
        results.append((row.tokens, row.finish))
    assert results[0] == results[1] == results[2]
    assert tokenizer.eos_token_id not in results[0][0]
    assert len(results[0][0]) <= limit
    written = tokenizer.decode(results[0][0])
    if results[0][1] == "stop" and tokenizer.eos_token_id not in tokens:
        assert written == 'Let {x} be: {"a": "}", "b": {}}'


def test_seeds_belong_to_the_problem_and_the_sample():
    settings = Settings(temperature=0.7, top_p=0.9, samples=2, seed=3)
    seeds = {}
    for problem in bakeries(3):
        for sample in range(2):
            given = sampling_arguments(settings, Request(problem, sample), 50, frozenset([7, 2]))
            assert (given["temperature"], given["top_p"], given["max_tokens"]) == (0.7, 0.9, 50)
            assert given["stop_token_ids"] == [2, 7]
            seeds[problem.id, sample] = given["seed"]
    assert len(set(seeds.values())) == 6
    assert all(0 <= seed < 2**63 for seed in seeds.values())
    other = sampling_arguments(replace(settings, seed=4), Request(bakeries(1)[0], 0), 50, frozenset())
    assert other["seed"] != seeds["bakery-0", 0]
    assert "seed" not in sampling_arguments(Settings(), Request(bakeries(1)[0], 0), 50, frozenset())


def test_memory_on_a_cpu_is_what_the_rows_need_and_never_most_of_the_machine():
    config = LlamaConfig(hidden_size=576, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3)
    folder = Path("folder")

    def cache(dtype, room, rows):
        return engine_arguments(folder, Compute("cpu", dtype, ""), config, room, rows)["kv_cache_memory_bytes"]

    # 30 layers, keys and values of 3 heads of 64 numbers: 46,080 bytes a position in float32.
    assert cache("float32", 1000, 40) == (40 * 1024 + 128) * 46_080
    assert cache("bfloat16", 1000, 40) * 2 == cache("float32", 1000, 40)
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert cache("float32", 100_000, 4000) == machine // 4
    on_gpu = engine_arguments(folder, Compute("cuda", "bfloat16", ""), config, 1000, 40)
    assert not {"kv_cache_memory_bytes", "enforce_eager"} & set(on_gpu)


def test_gpus_that_share_a_model_are_passed_on():
    config = LlamaConfig(hidden_size=576, num_hidden_layers=30, num_attention_heads=9, num_key_value_heads=3)
    given = (Path("folder"), Compute("cuda", "bfloat16", ""), config, 1000, 40)
    assert "tensor_parallel_size" not in engine_arguments(*given)
    assert engine_arguments(*given, 3)["tensor_parallel_size"] == 3
    with pytest.raises(PyriteError, match="does not divide the model's 9 attention heads"):
        engine_arguments(*given, 2)


@pytest.mark.parametrize(("device", "said"), [("cuda:1", "CUDA_VISIBLE_DEVICES"), ("mps", "does not run on mps")])
def test_devices_that_do_not_go_are_refused(device, said):
    with pytest.raises(PyriteError, match=said):
        check_device(Compute(device, "float32", ""))


@pytest.mark.parametrize("method", ["lora", "dora", "rslora", "ia3", "vera", "oft"])
def test_merged_weights_answer_like_the_adapter(tiny, tmp_path, method):
    from peft import PeftModel

    source = parse_source(str(tiny), adapter(tiny, tmp_path / "adapter", method))
    identity = write_merged(source, tmp_path / "merged", "float32")
    merged = load(parse_source(str(tmp_path / "merged")), CPU)
    assert set(identity) >= {"model", "weights", "adapter", "adapter_weights"}
    ids = merged.tokenizer(Prompt().render(bakeries(1)[0], merged.tokenizer), return_tensors="pt")["input_ids"]
    base = load(parse_source(str(tiny)), CPU).model
    with torch.no_grad():
        plain = base(ids).logits
        wanted = PeftModel.from_pretrained(base, tmp_path / "adapter").eval()(ids).logits
        torch.testing.assert_close(merged.model(ids).logits, wanted, rtol=1e-3, atol=1e-3)
    assert (wanted - plain).abs().max() > 0.01


@pytest.mark.parametrize("method", ["prompt_tuning", "prefix_tuning"])
def test_what_cannot_be_merged_is_one_line(tiny, tmp_path, method):
    source = parse_source(str(tiny), adapter(tiny, tmp_path / "adapter", method))
    with pytest.raises(PyriteError, match=f"what {method} learned cannot be merged .* --back-end transformers"):
        write_merged(source, tmp_path / "merged", "float32")


def test_a_missing_vllm_is_one_line(tiny, tmp_path, monkeypatch, capsys):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "vllm" else real(name, *rest))
    write_lines(tmp_path / "p.jsonl", (problem.to_dict() for problem in bakeries(2)))
    command = ["pyrite", "answer", "--model", str(tiny), "--problems", str(tmp_path / "p.jsonl")]
    monkeypatch.setattr(sys, "argv", [*command, "--out", str(tmp_path / "run"), "--back-end", "vllm"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == "pyrite: this needs vllm, which is not installed: pip install 'pyrite[vllm]'\n"
    assert not (tmp_path / "run").exists()


def test_back_ends_are_two_and_an_endpoint_has_its_own(tiny):
    with pytest.raises(PyriteError, match="transformers or vllm, not 'vlm'"):
        make_answerer(parse_source(str(tiny)), Prompt(), Settings(), back_end="vlm")
    with pytest.raises(PyriteError, match="answers by itself"):
        make_answerer(parse_source("http://127.0.0.1:9/v1#m"), Prompt(), Settings(), back_end="vllm")
    assert parse_recipe('[answers]\nback_end = "vllm"\n[method]\nname = "none"').answers.back_end == "vllm"
    with pytest.raises(PyriteError, match=r"answers\.back_end is one of transformers, vllm, not 'x'"):
        parse_recipe('[answers]\nback_end = "x"')


def test_a_function_apart_gives_raises_or_dies():
    assert run_apart(math.factorial, 20) == math.factorial(20)
    assert run_apart(os.getpid) != os.getpid()
    with pytest.raises(PyriteError, match="'nothing' is no model"):
        run_apart(parse_source, "nothing")
    with pytest.raises(PyriteError, match=r"died \(exit status 7;") as died:
        run_apart(os._exit, 7)
    assert died.value.exit_code == 3


def test_a_function_apart_does_not_outlive_a_kill(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import time\nfrom pyrite.feasibility.workers.apart import run_apart\n"
        "if __name__ == '__main__':\n    print('up', flush=True)\n    run_apart(time.sleep, 60)\n"
    )
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout.readline() == b"up\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        pytest.skip("this system does not list children")
    while not (found := children.read_text().split()):
        pass
    process.kill()
    process.wait(10)
    assert process.stdout.read() == b""  # ends when the last process that holds it has ended
    assert found


# What needs it.


@pytest.fixture(scope="module")
def engine(tiny):
    return vllm_answerer(parse_source(str(tiny)), CPU, Prompt(), Settings(max_new_tokens=60, batch_size=5))


@pytest.fixture
def asked(engine):
    """The engine once started, asked in other ways."""
    before = engine.settings

    def change(**settings):
        engine.settings = replace(before, **settings)
        return engine

    yield change
    engine.settings = before


@needs_vllm
@pytest.mark.parametrize("decoding", ["free", "grammar", "names"])
def test_greedy_answers_are_those_of_transformers(asked, loaded, decoding):
    local = LocalAnswerer(loaded, Prompt(), Settings(max_new_tokens=60, decoding=decoding))
    problems = bakeries(12)
    found = answers(asked(decoding=decoding), problems)
    theirs = answers(local, problems)
    if decoding == "names":  # which number the names of constraints for vLLM alone: the same up to there
        before = {key: text.partition('"constraints"')[0] for key, (text, *_) in found.items()}
        assert before == {key: text.partition('"constraints"')[0] for key, (text, *_) in theirs.items()}
    else:
        assert found == theirs
    if decoding != "free":
        width = loaded.model.config.vocab_size
        grammars = Grammars(loaded.tokenizer, width, [loaded.tokenizer.eos_token_id])
        for problem in problems:
            constraint = grammars.start(grammar_for(decoding, problem, numbered=True))
            for token in loaded.tokenizer(found[problem.id, 0][0], add_special_tokens=False)["input_ids"]:
                constraint.take(token)  # raises when the grammar forbids it


@needs_vllm
def test_samples_are_repeatable_and_differ(asked):
    first = answers(asked(temperature=1.0, samples=2, seed=1), bakeries(3), 2)
    assert answers(asked(temperature=1.0, samples=2, seed=1), bakeries(3), 2) == first
    other = answers(asked(temperature=1.0, samples=2, seed=2), bakeries(3), 2)
    assert all(first[key] != other[key] for key in first)
    assert len({text for text, _, _ in first.values()}) == 6


@needs_vllm
def test_going_on_gives_the_same_answers_as_undisturbed(asked, tmp_path):
    one, problems = asked(), bakeries(24)
    answer_problems(one, problems, one.settings, tmp_path / "whole.jsonl")
    whole = {output.key: output.output for output in read_outputs(tmp_path / "whole.jsonl")}

    def stop(done, total):
        if done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer_problems(one, problems, one.settings, tmp_path / "part.jsonl", stop)
    assert len(read_outputs(tmp_path / "part.jsonl")) == 9
    tally = answer_problems(one, problems, one.settings, tmp_path / "part.jsonl")
    assert (tally.before, tally.answered) == (9, 15)
    assert {output.key: output.output for output in read_outputs(tmp_path / "part.jsonl")} == whole


@needs_vllm
def test_limits_are_counted(asked, tmp_path):
    one = asked(max_new_tokens=7)
    problems = [*bakeries(3), Problem(id="huge", text="word " * 3000)]
    tally = answer_problems(one, problems, one.settings, tmp_path / "o.jsonl")
    outputs = {output.problem_id: output for output in read_outputs(tmp_path / "o.jsonl")}
    assert (outputs["huge"].finish, outputs["huge"].output) == ("prompt-too-long", "")
    assert (tally.too_long, tally.cut) == (1, 3)
    assert [output.extra["tokens"] for output in outputs.values() if output.problem_id != "huge"] == [7, 7, 7]


@needs_vllm
def test_an_engine_that_does_not_start_is_one_line(tiny):
    given = engine_arguments(tiny, CPU, LlamaConfig.from_pretrained(tiny), 2048, 4)
    with pytest.raises(PyriteError, match=r"^vLLM could not start: .*memory") as refused:
        start_engine({**given, "kv_cache_memory_bytes": 1000}, "cpu")
    assert "\n" not in refused.value.message
    with pytest.raises(PyriteError, match=r"^vLLM could not start: "):
        start_engine({**given, "model": str(tiny / "nowhere")}, "cpu")


@needs_vllm
def test_an_engine_that_fails_is_one_line_and_resumable(asked, tmp_path, monkeypatch):
    one = asked()
    answers(one, bakeries(1))  # it runs

    def short():
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(one._engine, "step", short)
        with pytest.raises(PyriteError, match="with 5 rows at once: lower --batch-size") as stopped:
            answers(one, bakeries(2))
    assert stopped.value.exit_code == 3
    assert len(answers(one, bakeries(2))) == 2
    narrow = parse_source(str(make_tiny(tmp_path / "narrow", width=48)))  # heads of 12, which vLLM has no code for
    with pytest.raises(PyriteError, match=r"^vLLM failed: .*head_dim=12.*; what was answered is kept$") as failed:
        answers(vllm_answerer(narrow, CPU, Prompt(), Settings(max_new_tokens=5)), bakeries(1))
    assert failed.value.exit_code == 3


@needs_vllm
@pytest.mark.parametrize("method", ["lora", "dora"])
def test_what_was_tuned_answers_like_transformers(tiny, tmp_path, method):
    source = parse_source(str(tiny), adapter(tiny, tmp_path / "adapter", method))
    settings = Settings(max_new_tokens=40)
    one = vllm_answerer(source, CPU, Prompt(), settings)
    local = LocalAnswerer(load(source, CPU), Prompt(), settings)
    found = answers(one, bakeries(8))
    assert found == answers(local, bakeries(8))
    assert found != answers(LocalAnswerer(load(parse_source(str(tiny)), CPU), Prompt(), settings), bakeries(8))
    assert not one.folder.exists()
    mine, its = one.identity(), local.identity()
    assert (mine.pop("back_end"), its.pop("back_end")) == ("vllm", "transformers")
    assert mine.pop("answers")["drafts"] == 0
    assert {**its, "answers": None} == {**mine, "answers": None}


def command(tiny, problems, out):
    given = ["--model", tiny, "--problems", problems, "--out", out, "--device", "cpu", "--dtype", "float32"]
    given += ["--threads", 1, "--batch-size", 2, "--max-new-tokens", 400, "--back-end", "vllm"]
    return [sys.executable, "-m", "pyrite", "answer", *map(str, given)]


@needs_vllm
@pytest.mark.slow
def test_kill_9_and_going_on_gives_the_same_outputs(tiny, tmp_path):
    write_lines(tmp_path / "p.jsonl", (problem.to_dict() for problem in bakeries(12)))
    done = subprocess.run(command(tiny, tmp_path / "p.jsonl", tmp_path / "whole"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 2, done.stderr  # nothing of vLLM's own
    process = subprocess.Popen(command(tiny, tmp_path / "p.jsonl", tmp_path / "killed"), stderr=subprocess.DEVNULL)
    path = tmp_path / "killed" / "outputs.jsonl"
    while process.poll() is None and not (path.exists() and path.read_text().count("\n") >= 3):
        pass
    process.kill()
    assert process.wait(60) == -signal.SIGKILL
    assert 3 <= len(read_outputs(path)) < 12
    subprocess.run(command(tiny, tmp_path / "p.jsonl", tmp_path / "killed"), capture_output=True, check=True)
    found = [{o.key: o.output for o in read_outputs(tmp_path / name / "outputs.jsonl")} for name in ("whole", "killed")]
    assert found[0] == found[1]
    assert len(found[0]) == 12


@needs_vllm
@pytest.mark.slow
def test_a_recipe_answers_with_vllm_and_tunes_beside_it(tiny, tmp_path):
    write_lines(tmp_path / "train.jsonl", (problem.to_dict() for problem in bakeries(12)))
    write_lines(tmp_path / "test.jsonl", (problem.to_dict() for problem in bakeries(6, first=100)))
    (tmp_path / "r.toml").write_text(
        f'name = "r"\n[model]\nsource = "{tiny}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[data]\nfile = "{tmp_path / "train.jsonl"}"\ncount = 12\n[schedule]\nsteps = 2\n'
        f'[answers]\nmax_new_tokens = 16\nback_end = "vllm"\n'
        f'[answers.problems]\nfile = "{tmp_path / "test.jsonl"}"\ncount = 6\n'
    )
    result = CliRunner().invoke(app, ["run", str(tmp_path / "r.toml"), "--out", str(tmp_path / "run"), "--json"])
    assert result.exit_code == 0, result.exception
    for name, examples_seen in (("base", 0), ("step-2", 8)):
        run = json.loads((tmp_path / "run" / "runs" / name / "run.json").read_text())
        assert (run["answered_by"]["back_end"], run["training_examples"]) == ("vllm", examples_seen)
        assert len(read_outputs(tmp_path / "run" / "runs" / name / "outputs.jsonl")) == 6


@needs_vllm
@pytest.mark.slow
@pytest.mark.weights
def test_the_embedded_model_keeps_to_the_names(tmp_path):
    problems = bakeries(4)
    settings = Settings(max_new_tokens=400, decoding="names", temperature=1.0)
    one = vllm_answerer(parse_source("embedded"), CPU, Prompt(), settings)
    ended = 0
    for (problem_id, _), (text, finish, _) in answers(one, problems).items():
        if finish == "stop":
            problem = next(problem for problem in problems if problem.id == problem_id)
            stages = Judge(problem.as_reference(), Policy()).judge(text).stages
            assert all(stages[stage].status == "pass" for stage in SURFACE)
            ended += 1
    assert ended
