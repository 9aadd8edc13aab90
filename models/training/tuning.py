"""Tuning by a recipe: load, choose what learns, train, keep checkpoints with their record, go on after a stop.

What is not covered: early stopping and choosing the best checkpoint by loss. Pyrite judges checkpoints by surface and
substance, which the loss does not tell.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...feasibility.disk import write_whole
from ...feasibility.errors import PyriteError
from ...problems.lines import append_lines
from ...problems.problem import Problem
from ..card import CARD, card
from ..data import draw_problems, recipe_prompt
from ..devices import choose_compute
from ..embedded import Note, first_line
from ..methods import get_method
from ..prompts import Prompt
from ..quantized import check_quantized, loading_options, ready_to_train
from ..quiet import quiet_transformers
from ..saving import saving
from ..sections import Recipe
from ..sources import RECORD, Loaded, load, load_helper, load_tokenizer, parse_source, read_record
from .failures import explain
from .objectives import Lessons, get_objective
from .processes import Processes, this_process
from .record import Record, TuningRun
from .trackers import reporting, require_trackers

if TYPE_CHECKING:
    from .tasks.course import Course, Probe
    from .tasks.stages import TrainingStage

StepProgress = Callable[[int, int, float], None]


@dataclass(frozen=True, slots=True)
class Tuned:
    """The checkpoints that a recipe asked for: step -> folder, and the last record."""

    checkpoints: dict[int, Path]
    record: dict[str, Any]


def tune(
    recipe: Recipe,
    folder: Path,
    note: Note = lambda text: None,
    progress: StepProgress = lambda step, steps, loss: None,
    problems: tuple[Problem, ...] | None = None,
) -> Tuned:
    """Run a recipe into ``folder``, or go on where an earlier run of the same recipe was stopped.

    ``progress`` is told (step, steps, loss). ``problems`` replaces the recipe's own drawing. Raises PyriteError for
    whatever a person can act on; checkpoints that are whole stay. Started several times by a launcher, the processes
    train together; the first one writes, notes and tells.
    """
    from .checkpoints import earlier

    run = _begin(recipe, folder, note)
    done, last = run.processes.decide(lambda: earlier(folder, recipe))
    course = None if recipe.tasks.plan == "mixed" else _course(run, problems, progress)
    loaded = _load(run)
    prompt = run.method.prompt(recipe_prompt(recipe.prompt, recipe.data), loaded.tokenizer, run.options)
    lessons = _lessons(run, loaded, prompt, problems) if course is None else _by_task(run, loaded, prompt, course)
    merging = course if course is not None and recipe.tasks.plan == "merged" else None
    if merging is not None:
        steps = merging.merged_steps
    else:
        steps = _steps(recipe, len(lessons), last["processes"]["count"] if last else run.processes.count)
    kept = sorted({*recipe.schedule.checkpoints, steps})
    if last:
        still = "" if last["step"] < steps else "; it is done"
        run.note(f"going on at checkpoint-{last['step']} of {steps} steps{still}")
    if not last or last["step"] < steps:
        _refuse_other_processes(run, last)
        _refuse_other_lessons(run, last, lessons)
        lessons = run.objective.refer(lessons, loaded.model, loaded.tokenizer, recipe.schedule.batch_size)
        named = run.method.helper(run.options)
        helper = load_helper(named, loaded, run.note) if named else None
        model = _prepare(run, loaded, helper)
        size = _size(run, model, len(lessons))
        record = Record(run, loaded, helper, prompt, lessons, size)
        if merging is not None:
            _write_merged(run, model, merging, record)
        else:
            plan, record = _plan(run, model, course, lessons, (steps, kept), record)
            _train(run, model, loaded.tokenizer, lessons, plan, record, progress, done[last["step"]] if last else None)
        done, last = run.processes.decide(lambda: earlier(folder, recipe))
    return Tuned({step: done[step] for step in kept}, last)


def _begin(recipe: Recipe, folder: Path, note: Note) -> TuningRun:
    method, objective = get_method(recipe.method.name), get_objective(recipe.objective.name)
    if not method.trains:
        raise PyriteError(f"method {method.name!r} does not train; ask the model itself with `pyrite answer`")
    options, objective_options = method.check(recipe.method.options), objective.check(recipe.objective.options)
    objective.check_recipe(method, recipe.schedule)
    require_trackers(recipe.schedule.report_to)
    if recipe.model.load == "4bit":
        check_quantized(method.name, recipe.model.source, recipe.model.adapter)
    processes = this_process()
    compute = choose_compute(recipe.model.device, recipe.model.dtype, processes.threads(recipe.model.threads))
    compute = processes.join(compute)
    processes.share(folder)
    said = note if processes.first else _say_nothing
    return TuningRun(recipe, folder, method, options, objective, objective_options, processes, compute, said)


def _say_nothing(text: str) -> None:
    """The note of every process but the first."""


def _load(run: TuningRun) -> Loaded:
    source = parse_source(run.recipe.model.source, run.recipe.model.adapter)
    if run.processes.count > 1:
        with run.processes.in_turn():  # weights are fetched or converted once a machine
            load_tokenizer(source, run.note)
    # Weights that will be split are loaded into the main memory: a GPU may not hold all of them.
    loading = dataclasses.replace(run.compute, device="cpu") if run.processes.split else run.compute
    quantized = run.recipe.model.load == "4bit"
    if quantized and run.processes.split:
        raise PyriteError('model.load = "4bit" does not go with weights split over processes; use ddp')
    options = loading_options(loading) if quantized else None
    loaded = load(source, loading, run.note, training=True, options=options)
    if quantized:
        loaded.model = ready_to_train(loaded.model, run.recipe.schedule.gradient_checkpointing)
    return loaded


def _lessons(run: TuningRun, loaded: Loaded, prompt: Prompt, problems: Sequence[Problem] | None) -> Lessons:
    recipe = run.recipe
    if problems is None and not run.objective.draws:
        problems = ()
    elif problems is None:
        drawn = draw_problems(recipe.data, "train", prompt, loaded.tokenizer)
        problems = drawn.problems
        if drawn.passed_over:
            run.note(f"{drawn.passed_over} problems were passed over: longer than {recipe.data.max_tokens} tokens")
    lessons = run.objective.lessons(problems, prompt, loaded.tokenizer, recipe.schedule, run.objective_options)
    if lessons.left_out:
        run.note(f"{len(lessons.left_out)} examples are left out: longer than {recipe.schedule.max_length} tokens")
    return lessons


def _course(run: TuningRun, problems: Sequence[Problem] | None, progress: StepProgress) -> Course:
    """The recipe's tasks, each tuned on alone where the plan wants that: whole tunings, which go on after a stop."""
    from .tasks.course import Course, by_family, probe_recipe

    recipe = run.recipe
    if run.processes.count > 1 or run.processes.split:
        raise PyriteError('[tasks] go with one process; start it without a launcher, or take plan = "mixed"')
    if problems is None:
        source = parse_source(recipe.model.source, recipe.model.adapter)
        tokenizer = load_tokenizer(source, run.note)
        drawn = draw_problems(recipe.data, "train", recipe_prompt(recipe.prompt, recipe.data), tokenizer)
        problems = drawn.problems
    tasks = by_family(problems)
    probes: dict[str, Probe] = {}
    if recipe.tasks.plan != "sequential":
        for number, (task, asked) in enumerate(tasks.items(), 1):
            run.note(f"task {number} of {len(tasks)}, alone: {task}")
            probes[task] = _probe(run, probe_recipe(recipe, task, len(tasks)), task, asked, progress)
    return Course(recipe.tasks, recipe.schedule.seed, tasks, probes)


def _probe(run: TuningRun, recipe: Recipe, task: str, asked: Sequence[Problem], progress: StepProgress) -> Probe:
    """The tuning on one task alone, done or gone on with; afterwards only its weights are needed."""
    from .checkpoints import FOR_RESUMING, earlier
    from .tasks.course import Probe, folder_name

    folder = run.folder / "probes" / folder_name(task)
    done, last = earlier(folder, recipe)
    if not last or not 0 < recipe.schedule.steps <= last["step"]:
        tuned = tune(recipe, folder, run.note, progress, tuple(asked))
        done, last = tuned.checkpoints, tuned.record
    checkpoint = done[last["step"]]
    for name in FOR_RESUMING:
        (checkpoint / name).unlink(missing_ok=True)
    return Probe(checkpoint, last)


def _by_task(run: TuningRun, loaded: Loaded, prompt: Prompt, course: Course) -> Lessons:
    """Every task's rows, one task after the other."""
    from datasets import concatenate_datasets

    from .tasks.course import LEAST

    found: list[Lessons] = []
    rows: dict[str, range] = {}
    for task, asked in course.tasks.items():
        lessons = _lessons(run, loaded, prompt, asked)
        if len(lessons) < len(asked) and len(lessons) < LEAST:
            raise PyriteError(
                f"[tasks] of task {task!r} only {len(lessons)} problem fits schedule.max_length = "
                f"{run.recipe.schedule.max_length}, and each task needs at least {LEAST}"
            )
        start = sum(map(len, found))
        rows[task] = range(start, start + len(lessons))
        found.append(lessons)
    left_out = tuple(name for lessons in found for name in lessons.left_out)
    return Lessons(concatenate_datasets([lessons.dataset for lessons in found]), left_out, rows=rows)


def _steps(recipe: Recipe, examples: int, processes: int) -> int:
    schedule = recipe.schedule
    if schedule.steps:
        return schedule.steps
    per_step = schedule.batch_size * schedule.accumulation * processes
    steps = max(1, round(schedule.epochs * examples / per_step))
    beyond = [step for step in schedule.checkpoints if step > steps]
    if beyond:
        raise PyriteError(f"schedule.checkpoints go to {max(beyond)}, and {schedule.epochs} epochs are {steps} steps")
    return steps


def _refuse_other_processes(run: TuningRun, last: dict[str, Any]) -> None:
    now = run.processes
    if last and last["processes"] != now.identity():
        before = dataclasses.replace(now, **last["processes"])
        raise PyriteError(
            f"{run.folder} was tuned in another way (before{before.describe() or '; 1 process'}, "
            f"now{now.describe() or '; 1 process'}); go on as before, or give another folder"
        )


def _refuse_other_lessons(run: TuningRun, last: dict[str, Any], lessons: Lessons) -> None:
    if last and last.get("lessons", {}) != dict(lessons.record):
        raise PyriteError(f"{run.folder} was tuned on another file of answers; give another folder, or that file back")


def _prepare(run: TuningRun, loaded: Loaded, helper: Loaded | None) -> Any:
    from transformers import set_seed

    set_seed(run.recipe.schedule.seed)
    with quiet_transformers():
        model = run.method.prepare(loaded.model, run.options, None if helper is None else helper.model)
        inner = run.method.inner(model)
        if run.compute.device == "cpu" and hasattr(inner, "set_attn_implementation"):
            # The fused kernel's gradient is slow on CPUs: 460 tokens/s against 600 with plain matrix products.
            inner.set_attn_implementation("eager")
        if run.recipe.schedule.gradient_checkpointing and hasattr(model, "enable_input_require_grads"):
            model.enable_input_require_grads()
    if run.processes.splits_weights:
        run.method.check_split(model)
    return model


def _size(run: TuningRun, model: Any, examples: int) -> dict[str, int]:
    total = sum(parameter.numel() for parameter in model.parameters())
    learning = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    run.note(
        f"{run.method.name}: {learning:,} of {total:,} parameters learn; {examples} examples; "
        f"{run.compute.describe()}{run.processes.describe()}"
    )
    return {"total": total, "trainable": learning}


@dataclass(frozen=True, slots=True)
class _Plan:
    """How long, what is kept, in which stages, and what has been used before the first step."""

    steps: int
    kept: Sequence[int]
    stages: Sequence[TrainingStage] = ()
    used: Mapping[str, Any] = field(default_factory=dict)


def _plan(
    run: TuningRun,
    model: Any,
    course: Course | None,
    lessons: Lessons,
    length: tuple[int, Sequence[int]],
    record: Record,
) -> tuple[_Plan, Record]:
    """The plan of a training, with what the record says of it; a course may put other weights into the model."""
    if course is None:
        return _Plan(*length), record
    from .tasks.course import sentences

    stages, told = course.begin(model, run.method, lessons.rows, length[0])
    for line in sentences(told):
        run.note(line)
    return _Plan(*length, stages, course.used()), dataclasses.replace(record, tasks=told)


def _write_merged(run: TuningRun, model: Any, course: Course, record: Record) -> None:
    """The one checkpoint of tasks that were taught apart: no step is made here."""
    from .checkpoints import PREFIX, rewind_log

    told = course.merge(model, run.method)
    folder = run.folder / f"{PREFIX}{course.merged_steps}"
    used = course.used()
    rewind_log(run.folder / "training.jsonl", 0)
    line = {"step": course.merged_steps, "loss": course.loss, "tokens": used["seen"], "seconds": used["seconds"]}
    append_lines(run.folder / "training.jsonl", [line])  # by it a half-written checkpoint is known as ours
    with saving(folder), quiet_transformers():
        folder.mkdir(parents=True, exist_ok=True)
        run.method.save(model, folder)
    document = dataclasses.replace(record, tasks=told)(
        course.merged_steps, used["seen"], used["learned"], course.loss, used["seconds"]
    )
    write_whole(folder / CARD, card(document))
    write_whole(folder / RECORD, json.dumps(document, indent=1) + "\n")


def _train(
    run: TuningRun,
    model: Any,
    tokenizer: Any,
    lessons: Lessons,
    plan: _Plan,
    record: Record,
    progress: StepProgress,
    resumed: Path | None,
) -> None:
    """Train to the last step, from the checkpoint ``resumed`` where there is one."""
    from .checkpoints import Checkpoints, Meter, rewind_log
    from .tasks.stages import Turns
    from .trainer import MethodSteps, trainer_class

    last = {} if resumed is None else read_record(resumed)
    used = last["tokens"] | {"seconds": last["seconds"], "loss": last["loss"]} if last else plan.used
    meter = Meter()
    if resumed is not None:
        run.method.resume(model, resumed)
    if used and run.processes.first:  # what all have used so far is counted once
        meter = Meter(used["seen"], used["learned"], used["seconds"], used.get("loss", 0.0))
    run.processes.decide(lambda: rewind_log(run.folder / "training.jsonl", last.get("step", 0)))
    checkpoints = Checkpoints(run.folder, plan.kept, run.recipe.schedule.save_every, meter, record, progress)
    with quiet_transformers():
        trainer = trainer_class(run.objective)(
            method=run.method,
            objective=run.objective,
            meter=meter,
            processes=run.processes,
            model=model,
            args=_configuration(run, plan.steps),
            train_dataset=lessons.dataset,
            processing_class=tokenizer,
            callbacks=[*([Turns(plan.stages)] if plan.stages else []), MethodSteps(run.method), checkpoints],
            stages=plan.stages,
            warmup=run.recipe.schedule.warmup,
            **run.objective.arguments(run.objective_options, tokenizer),
        )
        checkpoints.trainer = trainer
        _check_split(trainer, run.processes)
        _forget_trainer_prints(trainer)
        try:
            with reporting(run.recipe.schedule.report_to), saving(run.folder):
                trainer.train(resume_from_checkpoint=None if resumed is None else str(resumed))
        except (RuntimeError, MemoryError) as error:
            raise explain(error, run.recipe, run.compute.device) from error


def _configuration(run: TuningRun, steps: int) -> Any:
    from .trainer import common_settings

    schedule = run.recipe.schedule
    rate = run.method.learning_rate if schedule.learning_rate is None else schedule.learning_rate
    settings = common_settings(
        run.folder,
        schedule,
        steps=steps,
        learning_rate=rate,
        device=run.compute.device,
        dtype=run.compute.dtype,
        processes=run.processes,
        name=f"{run.recipe.name}-{run.recipe.digest[:8]}",
    )
    try:
        return run.objective.configure(settings, schedule, run.objective_options)
    except (ValueError, TypeError) as error:
        if "bf16" in str(error) and run.processes.uses_deepspeed:
            raise PyriteError('DeepSpeed on a CPU takes model.dtype = "float32"') from error
        raise PyriteError(f"[schedule] {first_line(error)}") from error


def _check_split(trainer: Any, processes: Processes) -> None:
    """The launcher's wish against what accelerate made of it."""
    if processes.split == "FSDP" and not trainer.is_fsdp_enabled:
        raise PyriteError("accelerate splits weights with FSDP on GPUs only; on CPUs use ddp, or DeepSpeed")
    if processes.split == "FSDP" and trainer.accelerator.state.fsdp_plugin.fsdp_version != 2:
        raise PyriteError("FSDP's first version is not covered; set fsdp_version: 2 in accelerate's configuration")


def _forget_trainer_prints(trainer: Any) -> None:
    from transformers import PrinterCallback, ProgressCallback

    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
