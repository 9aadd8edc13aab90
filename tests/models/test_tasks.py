"""Teaching by task: cores, blending and stages against their definitions, and whole tunings on a tiny model."""

import dataclasses
import json
import math
import re
import shutil
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file
from tiny_model import bakeries, make_tiny

from pyrite.feasibility.errors import PyriteError
from pyrite.models.devices import choose_compute
from pyrite.models.methods import get_method
from pyrite.models.recipes import parse_recipe
from pyrite.models.sources import load, parse_source
from pyrite.models.training.tasks import course
from pyrite.models.training.tasks.blending import angle, fuse, merge_ties, slerp
from pyrite.models.training.tasks.cores import core_of, groups, jaccard, learning, modules, similarities, size, union
from pyrite.models.training.tasks.stages import StagedOrder, TrainingStage, Turns, staged_schedule
from pyrite.models.training.tuning import tune
from pyrite.problems.lines import read_lines, write_lines

TASKS = ("bread", "cake", "tart")


def random_weights(seed, *, scale=1.0):
    generator = torch.Generator().manual_seed(seed)
    shapes = {"first.weight": (40, 30), "second.weight": (25, 40), "bias": (50,)}
    return {name: scale * torch.randn(shape, generator=generator) for name, shape in shapes.items()}


def flat(core, weights):
    """A core as a set of (name, place)."""
    return {(name, place) for name, places in core.items() for place in places.tolist()}


# Cores.


@given(st.integers(0, 2**31), st.floats(0.001, 0.6), st.booleans())
@settings(max_examples=25, deadline=None)
def test_a_core_is_the_coordinates_that_moved_most(seed, share, coarse):
    before, after = random_weights(seed), random_weights(seed + 1)
    if coarse:  # many equal moves
        after = {name: before[name] + (after[name] - before[name]).round() for name in after}
    moves = [
        (-abs(float(after[name].flatten()[place] - before[name].flatten()[place])), name, place)
        for name in before
        for place in range(before[name].numel())
    ]
    wanted = sorted(move for move in moves if move[0] < 0)[: math.floor(share * len(moves))]
    assert flat(core_of(before, after, share), before) == {(name, place) for _, name, place in wanted}


def test_a_core_by_tensor_takes_its_share_of_each():
    before, after = random_weights(0), random_weights(1)
    after["bias"] *= 1000  # would be the whole core otherwise
    apart = core_of(before, after, 0.02, by_tensor=True)
    assert {name: len(places) for name, places in apart.items()} == {"first.weight": 24, "second.weight": 20, "bias": 1}
    assert modules(core_of(before, after, 0.02)) == {"bias": 45}
    assert "bias" not in core_of(before, after, 0.02, but=["bias"])


def test_what_did_not_move_is_in_no_core():
    before = random_weights(0)
    after = {name: tensor.clone() for name, tensor in before.items()}
    after["bias"][3] += 1
    assert flat(core_of(before, after, 0.5), before) == {("bias", 3)}
    assert core_of(before, before, 0.5) == {}


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
def test_cores_of_unrelated_tasks_meet_by_chance(share):
    before = random_weights(0)
    cores = [core_of(before, random_weights(seed), share) for seed in range(1, 13)]
    found = [jaccard(one, other) for place, one in enumerate(cores) for other in cores[place + 1 :]]
    # The start moves every task alike a little: what is large there moves far in any direction.
    independent = [
        core_of({n: torch.zeros_like(t) for n, t in before.items()}, random_weights(s), share) for s in range(12)
    ]
    alone = [jaccard(one, other) for place, one in enumerate(independent) for other in independent[place + 1 :]]
    assert sum(alone) / len(alone) == pytest.approx(share / (2 - share), rel=0.15)
    assert sum(found) / len(found) > sum(alone) / len(alone)


@given(st.sets(st.integers(0, 30), max_size=20), st.sets(st.integers(0, 30), max_size=20))
def test_jaccard_and_union_are_those_of_sets(one, other):
    cores = [{"w": torch.tensor(sorted(s), dtype=torch.int64)} if s else {} for s in (one, other)]
    assert jaccard(*cores) == (len(one & other) / len(one | other) if one | other else 0.0)
    assert flat(union(cores), None) == {("w", place) for place in one | other}


def test_groups_are_connected_components():
    names = ["a", "b", "c", "d", "e"]
    alike = {("a", "c"): 0.1, ("c", "e"): 0.5, ("a", "e"): 0.0, ("b", "d"): 0.0999}
    assert groups(names, alike, 0.1) == [["a", "c", "e"], ["b"], ["d"]]
    assert groups(names, {}, 0.0) == [[name] for name in names]


def test_tied_weights_count_once(tmp_path):
    for tied in (True, False):
        folder = make_tiny(tmp_path / str(tied), tied=tied)
        model = load(parse_source(str(folder)), choose_compute("cpu", "float32", 1), training=True).model
        found = learning(get_method("full").prepare(model, get_method("full").check({})))
        assert ("lm_head.weight" in found) is not tied
        assert sum(map(torch.numel, found.values())) == sum(p.numel() for p in model.parameters())


# Blending.


@given(st.integers(0, 2**31), st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_slerp_goes_evenly_from_one_end_to_the_other(seed, weight):
    generator = torch.Generator().manual_seed(seed)
    one, other = torch.randn(2, 5, 7, generator=generator)
    between, (found, curved) = angle(one, other), slerp(one, other, weight)
    assert curved
    assert torch.equal(slerp(one, other, 0.0)[0], one)
    assert torch.equal(slerp(one, other, 1.0)[0], other)
    unit = [tensor / tensor.norm() for tensor in (one, other)]
    on_sphere, _ = slerp(unit[0], unit[1], weight)
    assert float(on_sphere.norm()) == pytest.approx(1, abs=1e-5)
    assert angle(unit[0], on_sphere) == pytest.approx(weight * between, abs=1e-3)
    expected = (math.sin((1 - weight) * between) * one + math.sin(weight * between) * other) / math.sin(between)
    assert torch.allclose(found, expected, atol=1e-4)


def test_slerp_is_a_straight_line_where_the_angle_says_nothing():
    one = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
    for other in (one * 1.5, one + 1e-6, -one, torch.zeros_like(one)):
        found, curved = slerp(one, other, 0.25)
        assert not curved
        assert torch.allclose(found, 0.75 * one + 0.25 * other)
    assert angle(one, one) == pytest.approx(0, abs=1e-7)
    assert angle(one, -one) == pytest.approx(math.pi)


@pytest.mark.parametrize("updates", [False, True])
@pytest.mark.parametrize("weight", [0.0, 0.5])
def test_cores_are_transplanted_to_the_bit(updates, weight):
    before = random_weights(0)
    tasks = [
        {name: tensor + random_weights(seed, scale=0.1)[name] for name, tensor in before.items()} for seed in (1, 2, 3)
    ]
    cores = [core_of(before, after, 0.2) for after in tasks]
    found = fuse(
        before,
        [(partial(dict, after), core) for after, core in zip(tasks, cores, strict=True)],
        weight,
        updates=updates,
    )
    holders = {}
    for after, core in zip(tasks, cores, strict=True):
        for key in flat(core, before):
            holders.setdefault(key, []).append(after)
    assert found.transplanted == len(holders)
    assert found.contested > 20
    for (name, place), these in holders.items():
        start = before[name].flatten()[place]
        furthest = max((after[name].flatten()[place] for after in these), key=lambda value: abs(value - start))
        assert found.weights[name].flatten()[place] == furthest
    free = [key for key in ((n, p) for n in before for p in range(before[n].numel())) if key not in holders]
    assert len(free) > 1000
    if weight == 0.0 and not updates:  # nearly parallel: close to the mean
        name, place = free[0]
        mean = sum(float(after[name].flatten()[place]) for after in tasks) / 3
        assert float(found.weights[name].flatten()[place]) == pytest.approx(mean, abs=0.02)


def test_one_task_fused_evenly_is_that_task():
    before, after = random_weights(0), random_weights(1)
    found = fuse(before, [(partial(dict, after), core_of(before, after, 0.1))])
    assert all(torch.equal(found.weights[name], after[name]) for name in after)


def test_ties_by_hand():
    """Two of five stay of each; the sign with the larger sum wins; the mean of what has it."""
    before = {"w": torch.tensor([1.0, 1, 1, 1, 1])}
    changes = {"a": [5.0, -1, 0.5, 0, 3], "b": [-4.0, 0.1, 0, 6, 0.2], "c": [2.0, 0, -3, 0, 0]}
    after = {task: {"w": before["w"] + torch.tensor(change)} for task, change in changes.items()}
    # kept: a (5, ., ., ., 3), b (-4, ., ., 6, .), c (2, ., -3, ., .)
    expected = torch.tensor([1 + 2 * 3.5, 1, 1 - 2 * 3, 1 + 2 * 6, 1 + 2 * 3])
    assert torch.allclose(merge_ties(before, after, 0.4, 2.0)["w"], expected)


# Stages.


def test_a_staged_order_teaches_each_stage_its_rows():
    stages = [TrainingStage(("a",), (0, 1, 2), 4), TrainingStage(("b",), (3, 4, 5, 6), 3)]
    order = list(StagedOrder(stages, 2, seed=1))
    assert len(order) == len(StagedOrder(stages, 2, seed=1)) == 14
    assert set(order[:3]) == {0, 1, 2} == set(order[3:6])
    assert set(order[:8]) == {0, 1, 2}
    assert set(order[8:12]) == {3, 4, 5, 6}
    assert order == list(StagedOrder(stages, 2, seed=1)) != list(StagedOrder(stages, 2, seed=2))
    lengths = [9, 1, 9, 1, 9, 1, 9]
    assert set(list(StagedOrder(stages, 2, 1, lengths, 2))[8:12]) == {3, 4, 5, 6}


@pytest.mark.parametrize("kind", ["linear", "cosine", "constant", "constant_with_warmup"])
def test_every_stage_has_a_schedule_of_its_own(kind):
    from transformers import get_scheduler

    def rates(schedule, optimizer, steps):
        found = []
        for _ in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        return found

    optimizers = [torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5) for _ in range(3)]
    stages = [TrainingStage(("a",), (0,), 10), TrainingStage(("b",), (1,), 6)]
    found = rates(staged_schedule(kind, optimizers[0], stages, 0.2), optimizers[0], 16)
    alone = [
        rates(get_scheduler(kind, optimizer, round(0.2 * stage.steps), stage.steps), optimizer, stage.steps)
        for stage, optimizer in zip(stages, optimizers[1:], strict=True)
    ]
    assert found == pytest.approx([*alone[0], *alone[1]])


def test_a_new_stage_begins_with_an_empty_optimizer_and_an_old_one_goes_on():
    model = torch.nn.Linear(3, 2, bias=False)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.5)
    held = {"weight": torch.tensor([1, 4])}
    turns = Turns([TrainingStage(("a",), (0,), 2), TrainingStage(("b",), (1,), 3, held)])
    before, remembered = {}, []
    for step in range(5):
        before[step] = model.weight.detach().clone()
        state = SimpleNamespace(global_step=step)
        turns.on_step_begin(None, state, None, model=model, optimizer=optimizer)
        remembered.append(float(optimizer.state[model.weight]["step"]) if optimizer.state else 0.0)
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        turns.on_optimizer_step(None, state, None, model=model)
        optimizer.zero_grad()
    assert remembered == [0, 1, 0, 1, 2]
    moved = (model.weight.detach() != before[2]).flatten()
    assert moved.tolist() == [True, False, True, True, False, True]
    # Gone on inside the stage: its optimizer is what was loaded, and the cores are held from the first step.
    again = Turns([TrainingStage(("a",), (0,), 2), TrainingStage(("b",), (1,), 3, held)])
    again.on_step_begin(None, SimpleNamespace(global_step=4), None, model=model, optimizer=optimizer)
    assert optimizer.state


@pytest.mark.parametrize("name", ["../../up", "a/b", ".", "", "x" * 300, "\n", "a\u202eb", "-x"])
def test_a_family_of_a_foreign_file_names_no_other_folder(name):
    found = course.folder_name(name)
    assert re.fullmatch(r"task-[0-9a-f]{16}", found)
    assert found != course.folder_name(name + "!")
    assert course.folder_name("product-mix") == "product-mix"


# Whole tunings.


def problems_of(tasks=TASKS, count=6):
    found = []
    for number, task in enumerate(tasks):
        for problem in bakeries(count, 20 * number):
            told = problem.to_dict() | {"id": f"{task}-{problem.id}", "family": task}
            found.append(told | {"text": problem.text.replace("bread", task)})
    return found


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ground")
    make_tiny(folder / "tiny", tied=True)
    write_lines(folder / "problems.jsonl", problems_of())
    return folder


def recipe(ground, tasks, method="full", problems="problems.jsonl", objective="supervised", **schedule):
    keys = {"steps": 9, "batch_size": 2, "learning_rate": 1e-3, "save_every": 100, "weight_decay": 0.1, **schedule}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    return parse_recipe(
        f'[model]\nsource = "{ground / "tiny"}"\ndevice = "cpu"\ndtype = "float32"\nthreads = 1\n'
        f'[method]\nname = "{method}"\n[objective]\nname = "{objective}"\n[tasks]\n{tasks}\n'
        f'[data]\nfile = "{ground / problems}"\ncount = 100\n[schedule]\n{lines}\n'
    )


ISOLATED = 'plan = "isolated"\nprobe_steps = 2\ncore = 0.05\nthreshold = 0.9'


def weights(folder):
    return {name: tensor for file in folder.glob("*.safetensors") for name, tensor in load_file(file).items()}


@pytest.fixture(scope="module")
def isolated(ground, tmp_path_factory):
    folder = tmp_path_factory.mktemp("isolated")
    notes = []
    tuned = tune(recipe(ground, ISOLATED, checkpoints=[3, 6]), folder, notes.append)
    return folder, tuned, notes


def test_frozen_cores_do_not_move_by_a_bit(ground, isolated):
    """AdamW with decay: at the end of every stage, cores of the groups before are what they were when it began."""
    folder, tuned, notes = isolated
    told = tuned.record["tasks"]
    assert [stage["steps"] for stage in told["stages"]] == [3, 3, 3]
    order = [stage["tasks"][0] for stage in told["stages"]]
    assert sorted(order) == sorted(TASKS)
    start = weights(ground / "tiny")
    after = {task: weights(folder / "probes" / task / "checkpoint-2") for task in TASKS}
    cores = {task: core_of(start, after[task], 0.05) for task in TASKS}
    total = sum(tensor.numel() for tensor in start.values())
    assert all(
        size(core) == math.floor(0.05 * total) == told["cores"][task]["coordinates"] for task, core in cores.items()
    )
    held = [union([cores[task] for task in order[:k]]) for k in (1, 2)]
    assert [stage["held"] for stage in told["stages"]] == [0, size(held[0]), size(held[1])]
    for stage, core in enumerate(held, 1):
        before, later = weights(tuned.checkpoints[3 * stage]), weights(tuned.checkpoints[3 * stage + 3])
        for name, tensor in before.items():
            still = torch.zeros(tensor.numel(), dtype=torch.bool)
            still[core.get(name, torch.tensor([], dtype=torch.int64))] = True
            moved = (tensor != later[name]).flatten()
            assert not moved[still].any()
            assert moved[~still].float().mean() > 0.5 or not (~still).any(), name
    pairs = similarities(cores)
    assert {(one, other): value for one, other, value in told["jaccard"]} == pytest.approx(pairs, abs=1e-6)
    assert any("numbers held" in note for note in notes)
    assert any("Jaccard" in note for note in notes)


def test_stage_one_begins_at_the_fused_model(ground, tmp_path):
    """With a learning rate of 0 in the stages the end is the fusion: cores from their tasks, to the bit."""
    chosen = recipe(ground, ISOLATED, steps=3)
    tune(chosen, tmp_path)
    still = dataclasses.replace(chosen, schedule=dataclasses.replace(chosen.schedule, learning_rate=0.0))
    shutil.copytree(tmp_path / "probes", tmp_path / "again" / "probes")
    original = course.probe_recipe
    try:  # the probes are those of the recipe with a rate
        course.probe_recipe = lambda recipe, task, tasks: original(chosen, task, tasks)
        tuned = tune(still, tmp_path / "again")
    finally:
        course.probe_recipe = original
    start, found = weights(ground / "tiny"), weights(tuned.checkpoints[3])
    after = {task: weights(tmp_path / "probes" / task / "checkpoint-2") for task in TASKS}
    cores = {task: core_of(start, after[task], 0.05) for task in TASKS}
    order = [task for group in tuned.record["tasks"]["groups"] for task in group]
    expected = fuse(start, [(partial(dict, after[task]), cores[task]) for task in order])
    assert all(torch.equal(found[name], expected.weights[name]) for name in found)
    assert tuned.record["tasks"]["fused"]["transplanted"] == size(union(list(cores.values())))


def test_alike_tasks_are_one_group_and_nothing_is_held(ground, tmp_path):
    notes = []
    tuned = tune(
        recipe(ground, 'plan = "isolated"\nprobe_steps = 1\ncore = 0.4\nthreshold = 0.01', steps=2),
        tmp_path,
        notes.append,
    )
    assert len(tuned.record["tasks"]["groups"]) == 1
    assert any("all tasks are one group" in note for note in notes)


@pytest.mark.slow
def test_cores_may_leave_embeddings_out_and_be_taken_by_tensor(ground, tmp_path):
    tuned = tune(recipe(ground, ISOLATED + "\nembeddings = false", steps=3), tmp_path / "a")
    found = tuned.record["tasks"]["cores"]["bread"]["modules"]
    assert found
    assert not {"embed_tokens", "lm_head"} & found.keys()
    tuned = tune(
        recipe(ground, ISOLATED + '\nscope = "tensor"\nslerp = "updates"\ndata = "all"', steps=3), tmp_path / "b"
    )
    told = tuned.record["tasks"]
    assert {"embed_tokens", "mlp.down_proj", "self_attn.q_proj"} <= told["cores"]["bread"]["modules"].keys()
    assert told["fused"]["curved"] > 0
    assert {stage["rows"] for stage in told["stages"]} == {18}


def test_sequential_and_merged_are_controls(ground, tmp_path, capfd):
    sequential = tune(recipe(ground, 'plan = "sequential"'), tmp_path / "sequential")
    told = sequential.record["tasks"]
    assert sorted(stage["tasks"][0] for stage in told["stages"]) == sorted(TASKS)
    assert not any(stage["held"] for stage in told["stages"])
    merged = tune(recipe(ground, 'plan = "merged"\ndensity = 0.3'), tmp_path / "merged")
    assert list(merged.checkpoints) == [9]
    assert "shards" not in capfd.readouterr().err, "no progress bar of a library among Pyrite's own words"
    start, found = weights(ground / "tiny"), weights(merged.checkpoints[9])
    after = {task: weights(tmp_path / "merged" / "probes" / task / "checkpoint-3") for task in TASKS}
    expected = merge_ties(start, after, 0.3, 1.0)
    assert all(torch.equal(found[name], expected[name]) for name in found)
    assert merged.record["tokens"]["seen"] == merged.record["tasks"]["probes"]["seen"] > 0
    load(parse_source(str(merged.checkpoints[9])), choose_compute("cpu", "float32", 1))
    assert tune(recipe(ground, 'plan = "merged"\ndensity = 0.3'), tmp_path / "merged").record == merged.record


def test_the_record_counts_what_the_probes_took(isolated):
    folder, tuned, _ = isolated
    lines = list(read_lines(folder / "training.jsonl"))
    probes = tuned.record["tasks"]["probes"]
    alone = [json.loads((folder / "probes" / task / "checkpoint-2" / "pyrite.json").read_text()) for task in TASKS]
    assert probes["seen"] == sum(record["tokens"]["seen"] for record in alone)
    assert lines[0]["tokens"] > probes["seen"]
    assert tuned.record["tokens"]["seen"] == lines[-1]["tokens"]
    assert [line["step"] for line in lines] == list(range(1, 10))
    left = {path.name for path in (folder / "probes" / "bread" / "checkpoint-2").iterdir()}
    assert "model.safetensors" in left
    assert not any(name.startswith(("optimizer", "scheduler", "rng_state")) for name in left)


class StoppedError(Exception):
    """As if killed."""


@pytest.mark.parametrize(
    ("tasks", "method", "stops"),
    [
        pytest.param(ISOLATED, "full", (4,), id="isolated"),
        pytest.param(ISOLATED, "full", (1, 3, 4, 5), marks=pytest.mark.slow, id="isolated, more stops"),
        pytest.param(ISOLATED, "lora", (1, 3, 4, 5), marks=pytest.mark.slow, id="isolated, lora"),
        pytest.param('plan = "sequential"', "osf", (1, 3, 4), marks=pytest.mark.slow, id="sequential, osf"),
    ],
)
def test_a_stopped_course_goes_on_to_the_same_bits(tasks, method, stops, ground, tmp_path):
    chosen = recipe(ground, tasks, method, save_every=1)
    whole = tune(chosen, tmp_path / "whole")
    for stop in stops:  # in a probe, at the end of a stage, inside the next one

        def stopping(step, steps, loss, stop=stop):
            if step >= stop and (steps == 9 or stop == 1):
                raise StoppedError

        with pytest.raises(StoppedError):
            tune(chosen, tmp_path / "stopped", progress=stopping)
    again = tune(chosen, tmp_path / "stopped")
    kept = [weights(tuned.checkpoints[9]) for tuned in (whole, again)]
    assert kept[0].keys() == kept[1].keys()
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[0])
    told = [{key: value for key, value in tuned.record["tasks"].items() if key != "probes"} for tuned in (whole, again)]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("tasks", "more", "said"),
    [
        ('plan = "isolated"\ncore = 0', {}, "core is a share above 0 and below 1, not 0"),
        ('plan = "isolated"\ncore = 1', {}, "core is a share above 0 and below 1, not 1"),
        ('plan = "isolate"', {}, "plan"),
        ('plan = "isolated"\nprobe_steps = 0', {}, "probe_steps is at least 1"),
        ('plan = "isolated"\nthreshold = 1.5', {}, "threshold lies between 0 and 1"),
        ('plan = "merged"\ndensity = 0', {}, "density lies between 0 and 1"),
        ("core = 0.1", {}, 'plan = "mixed" does not use'),
        ('plan = "isolated"', {"method": "loreft"}, "method 'loreft' cannot be blended"),
        ('plan = "merged"', {"method": "osf"}, "method 'osf' cannot be blended"),
        ('plan = "isolated"', {"objective": "grpo"}, "objective 'grpo' cannot be taught by task"),
        ('plan = "isolated"', {"packing": True}, "packing does not go with"),
        ('plan = "merged"', {"checkpoints": [2]}, "checkpoints do not go with merging"),
    ],
)
def test_bad_settings_are_one_line(tasks, more, said, ground):
    with pytest.raises(PyriteError, match=said) as caught:
        recipe(ground, tasks, **more)
    assert "\n" not in caught.value.message


def test_bad_tasks_are_one_line(ground, tmp_path):
    cases = {
        "one.jsonl": (problems_of(["bread"]), "at least 2 families .* only 'bread'"),
        "single.jsonl": ([*problems_of(["bread"]), *problems_of(["cake"], 1)], "task 'cake' has 1 problem"),
        "nameless.jsonl": ([problem.to_dict() for problem in bakeries(4)], "names none"),
    }
    for name, (lines, said) in cases.items():
        write_lines(ground / name, lines)
        with pytest.raises(PyriteError, match=said) as caught:
            tune(recipe(ground, ISOLATED, problems=name), tmp_path / name)
        assert "\n" not in caught.value.message
    with pytest.raises(PyriteError, match="3 stages need at least as many steps"):
        tune(recipe(ground, 'plan = "sequential"', steps=2), tmp_path / "short")
    with pytest.raises(PyriteError, match="the core of 'bread' is empty"):
        tune(recipe(ground, ISOLATED.replace("0.05", "1e-9"), steps=3), tmp_path / "empty")
    with pytest.raises(PyriteError, match="at least 2 families"):
        parse_recipe('[data]\nfamilies = ["knapsack"]\n[tasks]\nplan = "isolated"\n')
