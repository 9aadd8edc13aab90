"""``pyrite run`` with methods that intervene, killed while it tunes and while it answers: the same as undisturbed."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file
from tiny_model import bakeries, make_tiny

from pyrite.problems.lines import read_lines, write_lines

METHODS = {
    "loreft": "rank = 4\nprefix = 4\nsuffix = 4",
    "direft": "rank = 4\nprefix = 4\nsuffix = 4\ntied = false",
    "softcot": 'thoughts = 3\nassistant = "{assistant}"',
    "softcot, words": 'thoughts = 3\nsource = "words"\nassistant = "{assistant}"',
}
STEPS, ASKED = 14, 12


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    make_tiny(folder / "tiny")
    make_tiny(folder / "assistant", seed=4, width=32, layers=1)
    write_lines(folder / "p.jsonl", (problem.to_dict() for problem in bakeries(20)))
    write_lines(folder / "asked.jsonl", (problem.to_dict() for problem in bakeries(ASKED, 30)))
    return folder


def written(path):
    return len(path.read_bytes().splitlines()) if path.exists() else 0


def run(recipe, out, until=lambda: False):
    """The command; killed as soon as ``until`` holds. True when it came to its end."""
    command = [sys.executable, "-m", "pyrite.cli", "run", str(recipe), "--out", str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    log = out.parent / f"{out.name}.log"
    with log.open("ab") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment, cwd=out.parent)
        while process.poll() is None:
            if until():
                process.send_signal(signal.SIGKILL)
                process.wait(60)
                return False
            time.sleep(0.005)
    assert process.returncode == 0, log.read_text()[-2000:]
    return True


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_killed_while_tuning_and_while_answering(method, ground, tmp_path):
    options = METHODS[method].format(assistant=ground / "assistant")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'name = "killed"\n[model]\nsource = "{ground / "tiny"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\nname = "{method.partition(",")[0]}"\n[method.options]\n{options}\n'
        f'[data]\nfile = "{ground / "p.jsonl"}"\ncount = 20\n'
        f"[schedule]\nsteps = {STEPS}\nbatch_size = 3\nlearning_rate = 0.05\nsave_every = 3\n"
        f"[answers]\nmax_new_tokens = 24\nbatch_size = 2\n"
        f'[answers.problems]\nfile = "{ground / "asked.jsonl"}"\ncount = {ASKED}\n'
    )
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(recipe, whole)
    answers = killed / "runs" / f"step-{STEPS}" / "outputs.jsonl"
    assert not run(recipe, killed, lambda: written(killed / "tuning" / "training.jsonl") >= 8)
    assert not (killed / "tuning" / f"checkpoint-{STEPS}").exists()
    run(recipe, killed, lambda: written(answers) >= 3)  # may be over before it is seen
    assert run(recipe, killed)
    (file,) = (path.name for path in (whole / "tuning" / f"checkpoint-{STEPS}").glob("*.safetensors"))
    before, after = (load_file(out / "tuning" / f"checkpoint-{STEPS}" / file) for out in (whole, killed))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    for name in ("base", f"step-{STEPS}"):
        texts = [
            {line["problem_id"]: line["output"] for line in read_lines(out / "runs" / name / "outputs.jsonl")}
            for out in (whole, killed)
        ]
        assert texts[0] == texts[1]
        assert len(texts[0]) == ASKED
        verdicts = [
            [{**line, "seconds": 0} for line in read_lines(out / "runs" / name / "verdicts.jsonl")]
            for out in (whole, killed)
        ]
        assert sorted(map(str, verdicts[0])) == sorted(map(str, verdicts[1]))


@pytest.mark.slow
@pytest.mark.parametrize("kill_at", [("probes/a", 2), ("probes/b", 3), (".", 3), (".", 9)])
def test_a_course_killed_in_a_probe_and_in_a_stage(kill_at, ground, tmp_path):
    """CPI-FT over two tasks: the same weights and the same record as undisturbed."""
    lines = [
        problem.to_dict() | {"id": f"{task}{number}", "family": task}
        for number, task in enumerate(("a", "b"))
        for problem in bakeries(8, 20 * number)
    ]
    lines = [line | {"id": f"{line['id']}-{place}"} for place, line in enumerate(lines)]
    write_lines(tmp_path / "tasks.jsonl", lines)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f'name = "killed"\n[model]\nsource = "{ground / "tiny"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\nname = "full"\n[tasks]\nplan = "isolated"\nprobe_steps = 4\ncore = 0.05\nthreshold = 0.9\n'
        f'[data]\nfile = "{tmp_path / "tasks.jsonl"}"\ncount = 16\n'
        f"[schedule]\nsteps = 12\nbatch_size = 3\nlearning_rate = 0.003\nsave_every = 2\nweight_decay = 0.1\n"
        f"[answers]\nmax_new_tokens = 8\n[forgetting]\nprompts = 0\n"
        f'[answers.problems]\nfile = "{ground / "asked.jsonl"}"\ncount = 2\n'
    )
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert run(recipe, whole)
    place, step = kill_at
    assert not run(recipe, killed, lambda: written(killed / "tuning" / place / "training.jsonl") >= step)
    assert not (killed / "tuning" / "checkpoint-12").exists()
    assert run(recipe, killed)
    found = [out / "tuning" / "checkpoint-12" for out in (whole, killed)]
    before, after = (load_file(folder / "model.safetensors") for folder in found)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    told = [json.loads((folder / "pyrite.json").read_text())["tasks"] for folder in found]
    for one in told:
        del one["probes"]["seconds"]
    assert told[0] == told[1]
    assert told[0]["stages"][1]["held"] > 0


@pytest.mark.slow
def test_proxy_answering_killed_and_gone_on_with(ground, tmp_path):
    """Three models, an expert that writes ahead, temperature: the answers of an undisturbed run, each once."""
    make_tiny(tmp_path / "expert", seed=7)
    command = [sys.executable, "-m", "pyrite.cli", "answer", "--model", str(ground / "tiny")]
    command += ["--expert", str(tmp_path / "expert"), "--anti-expert", str(ground / "tiny"), "--speculate", "3"]
    command += ["--problems", str(ground / "asked.jsonl"), "--samples", "2", "--temperature", "0.8", "--threads", "1"]
    command += ["--max-new-tokens", "24", "--batch-size", "2", "--dtype", "float32"]
    found = []
    for name, kills in (("whole", 0), ("killed", 2)):
        out = tmp_path / name / "outputs.jsonl"
        for kill in range(kills + 1):
            process = subprocess.Popen([*command, "--out", str(tmp_path / name)], stderr=subprocess.DEVNULL)
            while process.poll() is None:
                if kill < kills and written(out) >= 5 * (kill + 1):
                    process.send_signal(signal.SIGKILL)
                    process.wait(60)
                time.sleep(0.005)
            assert process.returncode == (0 if kill == kills else -signal.SIGKILL)
        lines = list(read_lines(out))
        assert len(lines) == 2 * ASKED
        found.append({(line["problem_id"], line["sample"]): line["output"] for line in lines})
    assert found[0] == found[1]
