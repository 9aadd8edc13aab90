"""Tuning by a recipe: load, choose what learns, train, keep checkpoints with their record, go on after a stop.

What is not covered: early stopping and choosing the best checkpoint by loss. Pyrite judges checkpoints by surface and
substance, which the loss does not tell.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from ...feasibility.errors import PyriteError
from ...problems.files import read_lines, write_lines
from ...problems.problem import Problem
from ..data import draw_problems, encode_all, recipe_prompt
from ..devices import choose_compute
from ..embedded import Note, first_line
from ..methods import get_method
from ..quiet import quiet_transformers
from ..recipes import Recipe
from ..sources import load, load_tokenizer, parse_source, read_record
from .processes import Processes, this_process

FLOPS_FORMULA = "(4 * parameters + 2 * trainable parameters) * tokens; attention's quadratic part is left out"
"""Forward 2N a token, gradients of activations 2N, gradients of weights 2 for each that learns: 6ND when all learn."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The checkpoints that a recipe asked for: step -> folder, and the last record."""

    checkpoints: dict[int, Path]
    record: dict[str, Any]


def tune(
    recipe: Recipe,
    folder: Path,
    note: Note = lambda text: None,
    progress: Callable[[int, int, float], None] = lambda step, steps, loss: None,
    problems: tuple[Problem, ...] | None = None,
) -> Tuned:
    """Run a recipe into ``folder``, or go on where an earlier run of the same recipe was stopped.

    ``progress`` is told (step, steps, loss). ``problems`` replaces the recipe's own drawing. Raises PyriteError for
    whatever a person can act on; checkpoints that are whole stay. Started several times by a launcher, the processes
    train together; the first one writes, notes and tells.
    """
    from transformers import set_seed

    from .gathering import check_adapter
    from .trainer import Checkpoints, Meter, PyriteTrainer, make_config

    method = get_method(recipe.method.name)
    if not method.trains:
        raise PyriteError(f"method {method.name!r} does not train; ask the model itself with `pyrite answer`")
    options = method.check(recipe.method.options)
    processes = this_process()
    compute = choose_compute(recipe.model.device, recipe.model.dtype, processes.threads(recipe.model.threads))
    compute = processes.join(compute)
    if not processes.first:
        note = _say_nothing
    processes.share(folder)
    done, last = processes.decide(lambda: _earlier(folder, recipe))
    source = parse_source(recipe.model.source, recipe.model.adapter)
    if processes.count > 1:
        with processes.in_turn():  # weights are fetched or converted once a machine
            load_tokenizer(source, note)
    # Weights that will be split are loaded into the main memory: a GPU may not hold all of them.
    loading = dataclasses.replace(compute, device="cpu") if processes.split else compute
    loaded = load(source, loading, note, training=True)
    prompt = recipe_prompt(recipe.prompt, recipe.data)
    if problems is None:
        drawn = draw_problems(recipe.data, "train", prompt, loaded.tokenizer)
        problems = drawn.problems
        if drawn.passed_over:
            note(f"{drawn.passed_over} problems were passed over: longer than {recipe.data.max_tokens} tokens")
    examples, left_out = encode_all(problems, prompt, loaded.tokenizer, recipe.schedule.max_length)
    if left_out:
        note(f"{len(left_out)} examples are left out: longer than {recipe.schedule.max_length} tokens")
    count = last["processes"]["count"] if last else processes.count
    steps = _steps(recipe, len(examples), count)
    kept = sorted({*recipe.schedule.checkpoints, steps})
    if last and last["step"] >= steps:
        return Tuned({step: done[step] for step in kept}, last)
    if last and last["processes"] != processes.identity():
        before = dataclasses.replace(processes, **last["processes"])
        raise PyriteError(
            f"{folder} was tuned in another way (before{before.describe() or '; 1 process'}, "
            f"now{processes.describe() or '; 1 process'}); go on as before, or give another folder"
        )

    set_seed(recipe.schedule.seed)
    with quiet_transformers():
        model = method.prepare(loaded.model, options)
        if compute.device == "cpu" and hasattr(model, "set_attn_implementation"):
            # The fused kernel's gradient is slow on CPUs: 460 tokens/s against 600 with plain matrix products.
            (model.get_base_model() if hasattr(model, "get_base_model") else model).set_attn_implementation("eager")
        if recipe.schedule.gradient_checkpointing and hasattr(model, "enable_input_require_grads"):
            model.enable_input_require_grads()
    total = sum(parameter.numel() for parameter in model.parameters())
    learning = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    note(
        f"{method.name}: {learning:,} of {total:,} parameters learn; {len(examples)} examples; "
        f"{compute.describe()}{processes.describe()}"
    )
    if processes.splits_weights and hasattr(model, "peft_config"):
        check_adapter(model, method.name)

    meter = Meter()
    if last:
        method.resume(model, done[last["step"]])
        if processes.first:  # what all have used so far is counted once
            meter = Meter(last["tokens"]["seen"], last["tokens"]["learned"], last["seconds"], last["loss"])
    processes.decide(lambda: _rewind_log(folder / "training.jsonl", last["step"] if last else 0))
    rate = method.learning_rate if recipe.schedule.learning_rate is None else recipe.schedule.learning_rate
    per_step = recipe.schedule.batch_size * recipe.schedule.accumulation * processes.count

    def record(step: int, tokens: int, learned: int) -> dict[str, Any]:
        return {
            "format": 1,
            "step": step,
            "examples": step * per_step,
            "base": {"source": source.name, "adapter": recipe.model.adapter, "weights": loaded.identity["weights"]},
            "method": {"name": method.name, "options": options},
            "recipe": recipe.to_dict(),
            "recipe_digest": recipe.digest,
            "prompt": prompt.identity(loaded.tokenizer),
            "parameters": {"total": total, "trainable": learning},
            "tokens": {"seen": tokens, "learned": learned},
            "left_out": len(left_out),
            "loss": meter.loss,
            "flops": (4 * total + 2 * learning) * tokens,
            "flops_formula": FLOPS_FORMULA,
            "seconds": round(meter.seconds, 3),
            "compute": compute.describe(),
            "processes": processes.identity(),
            "versions": {name: metadata.version(name) for name in ("torch", "transformers", "peft", "trl")},
        }

    checkpoints = Checkpoints(folder, kept, recipe.schedule.save_every, meter, record, progress)
    with quiet_transformers():
        config = _config(make_config, folder, recipe, steps, rate, compute, processes)
        trainer = PyriteTrainer(
            method=method,
            meter=meter,
            processes=processes,
            model=model,
            args=config,
            train_dataset=_dataset(examples),
            processing_class=loaded.tokenizer,
            callbacks=[checkpoints],
        )
        checkpoints.accelerator = trainer.accelerator
        _check_split(trainer, processes)
        _forget_trainer_prints(trainer)
        try:
            trainer.train(resume_from_checkpoint=str(done[last["step"]]) if last else None)
        except (RuntimeError, MemoryError) as error:
            raise _explain(error, recipe, compute.device) from error
        except OSError as error:
            raise PyriteError(f"{folder} cannot be written: {first_line(error)}; whole checkpoints are kept") from error
    done, last = processes.decide(lambda: _earlier(folder, recipe))
    return Tuned({step: done[step] for step in kept}, last)


def _earlier(folder: Path, recipe: Recipe) -> tuple[dict[int, Path], dict[str, Any]]:
    """Whole checkpoints of this very recipe with the last one's record (empty when there is none).

    Half-written ones are removed, those of another recipe refused.
    """
    from .trainer import PREFIX, whole_checkpoints

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PyriteError(f"{folder} cannot be made: {first_line(error)}") from error
    done = whole_checkpoints(folder)
    for step, path in done.items():
        if read_record(path).get("recipe_digest") != recipe.digest:
            raise PyriteError(f"{folder} holds checkpoint {step} of another recipe; give another folder")
    for path in folder.glob(f"{PREFIX}*"):
        if path.is_dir() and path not in done.values():
            shutil.rmtree(path)
    if not done:
        return done, {}
    return done, {"processes": {"count": 1, "split": ""}, **read_record(done[max(done)])}


def _check_split(trainer: Any, processes: Processes) -> None:
    """The launcher's wish against what accelerate made of it."""
    if processes.split == "FSDP" and not trainer.is_fsdp_enabled:
        raise PyriteError("accelerate splits weights with FSDP on GPUs only; on CPUs use ddp, or DeepSpeed")
    if processes.split == "FSDP" and trainer.accelerator.state.fsdp_plugin.fsdp_version != 2:
        raise PyriteError("FSDP's first version is not covered; set fsdp_version: 2 in accelerate's configuration")


def _say_nothing(text: str) -> None:
    """The note of every process but the first."""


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


def _rewind_log(path: Path, step: int) -> None:
    """Forget logged steps that will be made again."""
    if path.exists():
        lines = read_lines(path)
        write_lines(path, (line for line in lines if line.get("step", 0) <= step))


def _dataset(examples: Any) -> Any:
    from datasets import Dataset

    return Dataset.from_dict(
        {
            "input_ids": [list(example.tokens) for example in examples],
            "labels": [example.labels for example in examples],
        }
    )


def _config(
    make_config: Any, folder: Path, recipe: Recipe, steps: int, rate: float, compute: Any, processes: Processes
) -> Any:
    try:
        return make_config(
            folder,
            recipe.schedule,
            steps=steps,
            learning_rate=rate,
            device=compute.device,
            dtype=compute.dtype,
            processes=processes,
        )
    except (ValueError, TypeError) as error:
        if "bf16" in str(error) and processes.uses_deepspeed:
            raise PyriteError('DeepSpeed on a CPU takes model.dtype = "float32"') from error
        raise PyriteError(f"[schedule] {first_line(error)}") from error


def _forget_trainer_prints(trainer: Any) -> None:
    from transformers import PrinterCallback, ProgressCallback

    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)


def _explain(error: BaseException, recipe: Recipe, device: str) -> BaseException:
    text = str(error).lower()
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        knobs = ["a smaller schedule.batch_size with more schedule.accumulation", "a smaller schedule.max_length"]
        if not recipe.schedule.gradient_checkpointing:
            knobs.append("schedule.gradient_checkpointing = true")
        return PyriteError(f"out of memory on {device}: {', '.join(knobs)}; whole checkpoints are kept", exit_code=3)
    if "no space left" in text or ("disk" in text and "space" in text):
        return PyriteError(f"no space left for a checkpoint: {first_line(error)}", exit_code=3)
    return error
