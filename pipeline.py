"""All stages of a recipe in one folder: problems, base answers, tuning, answers at checkpoints, scores, report.

Every stage looks at what is there and does the rest, so a stopped pipeline goes on when it is started again. Nothing is
printed: a callback is told what happens.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .feasibility.disk import plain_file, read_object, shaped, write_whole
from .feasibility.errors import PyriteError
from .feasibility.workers.apart import run_apart

if TYPE_CHECKING:
    from .models.answering import AnswerCount, Settings
    from .models.companions import Companions
    from .models.prompts import Prompt
    from .models.recipes import Recipe
    from .models.sources import Loaded, Source
    from .problems.problem import Problem


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a stage ``begun`` or ``ended`` (after ``seconds``), a ``note``, or ``progress``.

    ``text`` is the stage's name, the note, or what is in progress (``done`` of ``total``).
    """

    kind: Literal["begun", "ended", "note", "progress"]
    text: str
    done: int = 0
    total: int = 0
    seconds: float = 0.0


Told: TypeAlias = Callable[[Event], None]


@dataclass(slots=True)
class Pipeline:
    """One recipe in one folder."""

    recipe: Recipe
    folder: Path
    text: str
    """The recipe as written; kept beside the results."""
    told: Told = lambda event: None
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """Do every stage that is not done; gives what :meth:`result` says."""
        from .models.devices import choose_compute
        from .models.methods import get_method

        recipe = self.recipe
        if recipe.answers.back_end == "vllm":
            from .models.answering.vllm_starting import require_vllm

            require_vllm()
        else:
            choose_compute(recipe.model.device, recipe.model.dtype, recipe.model.threads)  # wrong ones are said at once
        self._claim()
        trains = get_method(recipe.method.name).trains
        with self._stage("problems"):
            asked, learned, prompt = self._problems()
        if recipe.answers.base or not trains:
            with self._stage("base answers"):
                self._answer("base", None, 0, asked, prompt)
        if trains:
            from .models.training.progress import step_teller
            from .models.training.tuning import tune

            with self._stage("tuning"):
                tuned = tune(recipe, self.folder / "tuning", self._note, step_teller(self._note), learned)
            per_step = tuned.record["examples"] // tuned.record["step"]
            with self._stage("answers"):
                for step, path in tuned.checkpoints.items():
                    self._answer(f"step-{step}", path, step * per_step, asked, prompt)
                self._watch(list(tuned.checkpoints))
        with self._stage("scores"):
            from .results.scoring import score_into

            for run in self.runs():
                score_into(run)
            if trains:
                self._cards(tuned.checkpoints)
        if trains and (recipe.forgetting.prompts or recipe.forgetting.families):
            with self._stage("forgetting"):
                Forgetting(self, prompt).record(tuned.checkpoints)
        with self._stage("report"):
            self._report()
        self._keep_seconds()
        return self.result()

    def runs(self) -> list[Path]:
        """The run folders in the order of training."""
        found = [path for path in (self.folder / "runs").glob("*") if (path / "outputs.jsonl").is_file()]
        steps = {path: 0 if path.name == "base" else _step(path.name) for path in found}
        known = [(step, path) for path, step in steps.items() if step is not None]
        return [path for _, path in sorted(known, key=lambda entry: (entry[0], entry[1].name))]

    def result(self) -> dict[str, Any]:
        """Both scores of every run with intervals, seconds, and where the report lies: plain JSON."""
        from .results.outputs import read_outputs

        rows = []
        for run in self.runs():
            summary, document = read_object(run / "summary.json", "summary"), read_object(run / "run.json", "run")
            with shaped(run / "summary.json", "summary"):
                scores = {name: dict(summary[name]) for name in ("surface", "substance", "substance_given_surface")}
                value = summary["stages"].get("value", summary["stages"].get("optimal"))
                count = int(summary["outputs"])
            with shaped(run / "run.json", "run"):
                examples = int(document["training_examples"])
            cut = sum(output.finish == "length" for output in read_outputs(run / "outputs.jsonl"))
            rows.append(
                {"run": run.name, "training_examples": examples, "outputs": count}
                | {"cut": cut, **scores}
                | ({"value": value} if value else {})
                | {name: document[name] for name in ("forgetting", "sampled", "speculation") if name in document}
            )
        return {
            "recipe": self.recipe.name,
            "digest": self.recipe.digest,
            "seconds": self.seconds,
            "runs": rows,
            "report": str(self.folder / "report" / "index.html"),
            "curve": str(self.folder / "curve.svg"),
        }

    # The stages.

    def _claim(self) -> None:
        """Write the recipe into the folder, or see that the folder belongs to it."""
        target = self.folder / "recipe.json"
        document = self.recipe.to_dict()
        if target.exists():
            before = {"forgetting": document["forgetting"], **read_object(target, "recipe")}
            with shaped(target, "recipe"):
                for recipe in (before, document):  # where numbers are sent changes none of them
                    recipe.get("schedule", {}).pop("report_to", None)
            if before != document:
                raise PyriteError(f"{self.folder} belongs to another recipe ({target}); give another --out")
            return
        try:
            (self.folder / "runs").mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / "recipe.toml", self.text)
            write_whole(target, json.dumps(document, indent=1) + "\n")
        except OSError as error:
            raise PyriteError(f"{self.folder} cannot be written: {error.strerror or error}") from error

    def _problems(self) -> tuple[Sequence[Problem], tuple[Problem, ...], Prompt]:
        """What is asked and what is learned, drawn once and kept as files."""
        from .models.data import draw_problems, recipe_prompt
        from .models.sources import load_tokenizer, parse_source
        from .models.training.objectives import get_objective
        from .problems.files import read_problems
        from .problems.lines import write_lines

        recipe = self.recipe
        prompt = recipe_prompt(recipe.prompt, recipe.data)
        files = {"asked": self.folder / "problems.jsonl", "learned": self.folder / "learned.jsonl"}
        if not all(path.exists() for path in files.values()):
            tokenizer = load_tokenizer(parse_source(recipe.model.source, recipe.model.adapter), self._note)
            drawn = {
                "asked": draw_problems(recipe.answers.problems, "test", prompt, tokenizer),
                "learned": draw_problems(recipe.data, "train", prompt, tokenizer) if self._learns() else None,
            }
            for name, found in drawn.items():
                if found is not None and found.passed_over:
                    self._note(f"  {found.passed_over} drawn problems were passed over as too long ({name})")
                write_lines(files[name], (problem.to_dict() for problem in (found.problems if found else ())))
        asked = read_problems(files["asked"])
        learned = read_problems(files["learned"]) if files["learned"].stat().st_size else []
        objective = get_objective(recipe.objective.name)
        taught = {problem.text for problem in learned} | objective.taught(objective.check(recipe.objective.options))
        shared = {problem.text for problem in asked} & taught
        if shared:
            raise PyriteError(
                f"{len(shared)} problems are both learned and asked: [data] and [answers.problems] overlap"
            )
        self._note(f"  {len(learned)} problems to learn from, {len(asked)} held out to be asked")
        return asked, tuple(learned), prompt

    def _learns(self) -> bool:
        return self.recipe.data.is_named

    def _answer(
        self,
        name: str,
        checkpoint: Path | None,
        examples: int,
        asked: Sequence[Problem],
        prompt: Prompt,
        rooms: str = "runs",
    ) -> None:
        from .models.sources import parse_source
        from .results.outputs import read_outputs

        recipe = self.recipe
        settings = recipe.answers.settings()
        run = self.folder / rooms / name
        wanted = len(asked) * settings.samples
        outputs = run / "outputs.jsonl"
        if outputs.exists() and outputs.stat().st_size and len(read_outputs(outputs)) >= wanted:
            return
        model = recipe.model
        source = parse_source(str(checkpoint)) if checkpoint else parse_source(model.source, model.adapter)
        compute = (model.device, model.dtype, model.threads)
        extra = {"training_examples": examples, "recipe_digest": recipe.digest}
        chosen = recipe.companions.chosen()
        work = (source, prompt, settings, compute, recipe.answers.back_end, chosen, run, list(asked), extra)

        def heard(done: int) -> None:
            self.told(Event("progress", f"answering ({name})", done, wanted))

        # vLLM keeps the memory it took and changes how torch uses threads: tuning must find neither.
        apart = recipe.answers.back_end == "vllm"
        tally = run_apart(_answer_run, *work, heard=heard) if apart else _answer_run(*work, tell=heard)
        self._note(f"  {name}: {tally.sentence()}")

    def _cards(self, checkpoints: Mapping[int, Path]) -> None:
        """The scores into each checkpoint's model card, beside those of the base model."""
        from .models.card import write_card

        runs = self.folder / "runs"
        for step, path in checkpoints.items():
            write_card(path, [run for run in (runs / "base", runs / f"step-{step}") if (run / "summary.json").exists()])

    def _watch(self, steps: Sequence[int]) -> None:
        """Into each checkpoint's ``run.json``: the reward since the checkpoint before, and all scores beside it."""
        from .models.training.watching import sampled
        from .results.run import RunFolder

        for before, step in zip([0, *steps], steps, strict=False):
            found = sampled(self.folder / "tuning" / "training.jsonl", before, step)
            if found:
                RunFolder(self.folder / "runs" / f"step-{step}").update_run({"sampled": found})
                self._note(
                    f"  step-{step}: while training "
                    + ", ".join(f"{k} {v:.3f}" for k, v in found.items() if k != "steps")
                )

    def _report(self) -> None:
        from .reports.charts import CurvePoint, learning_curve, standalone
        from .reports.pages.site import write_site
        from .results.collection import read_collection
        from .results.statistics import rate_of

        collection = read_collection(self.runs())
        points = [
            CurvePoint(
                run.name, run.examples or 0, rate_of(run.observed, "surface"), rate_of(run.observed, "substance")
            )
            for run in collection.runs
        ]
        write_whole(self.folder / "curve.svg", standalone(learning_curve(points)) + "\n")
        write_site(collection, self.folder / "report")

    def _note(self, text: str) -> None:
        self.told(Event("note", text))

    # Time.

    def _stage(self, name: str) -> _Stage:
        return _Stage(self, name)

    def _keep_seconds(self) -> None:
        """Seconds of every stage over all goes."""
        target = self.folder / "seconds.json"
        before = read_object(target, "table of seconds") if plain_file(target) else {}
        with shaped(target, "table of seconds"):
            self.seconds = {name: round(before.get(name, 0.0) + used, 1) for name, used in self.seconds.items()}
        write_whole(target, json.dumps(self.seconds, indent=1) + "\n")


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What tuning cost, into ``run.json`` of each checkpoint's run; what is recorded already is not done again."""

    pipeline: Pipeline
    prompt: Prompt

    def record(self, checkpoints: Mapping[int, Path]) -> None:
        """KL(base || tuned) and the scores on untrained families, for every checkpoint."""
        from .results.run import RunFolder

        section, folder = self.pipeline.recipe.forgetting, self.pipeline.folder
        untrained = self._untrained(checkpoints) if section.families else {}
        base: Loaded | None = None
        for step, path in checkpoints.items():
            run = RunFolder(folder / "runs" / f"step-{step}")
            found = dict(run.read_run().get("forgetting") or {})
            if section.prompts and "kl_base_tuned" not in found:
                base = base or self._load(None)
                found |= self._moved(base, path)
                if found["kl_base_tuned"] is not None:
                    self.pipeline._note(f"  step-{step}: KL(base || tuned) {found['kl_base_tuned']:.3g} nats a token")
            if untrained:
                found["untrained"] = untrained[f"step-{step}"] | {"base": untrained["base"]}
            run.update_run({"forgetting": found})

    def _moved(self, base: Loaded, checkpoint: Path) -> dict[str, Any]:
        from .models.forgetting import kl_from_base
        from .models.prompts import right_answer
        from .problems.files import read_problems
        from .results.outputs import read_outputs

        section, folder = self.pipeline.recipe.forgetting, self.pipeline.folder
        asked = list(read_problems(folder / "problems.jsonl"))[: section.prompts]
        answers = folder / "runs" / "base" / "outputs.jsonl"
        outputs = list(read_outputs(answers)) if plain_file(answers) else []
        said = {output.problem_id: output.output for output in reversed(outputs) if output.output}
        along = "the base model's answers"
        if not any(problem.id in said for problem in asked):
            along = "the references' answers"
            said = {problem.id: right_answer(problem) for problem in asked if problem.reference is not None}
        texts = [(problem, said[problem.id]) for problem in asked if problem.id in said]
        if not texts:
            return {"kl_base_tuned": None, "along": "nothing: no answer of the base model and no reference"}
        return kl_from_base(base, self._load(checkpoint), self.prompt, texts).to_dict() | {"along": along}

    def _load(self, checkpoint: Path | None) -> Loaded:
        from .models.devices import choose_compute
        from .models.sources import load, parse_source

        model = self.pipeline.recipe.model
        source = parse_source(str(checkpoint)) if checkpoint else parse_source(model.source, model.adapter)
        return load(source, choose_compute(model.device, model.dtype, model.threads))

    def _untrained(self, checkpoints: Mapping[int, Path]) -> dict[str, dict[str, Any]]:
        """Run name -> both scores on families that were not trained; the runs lie in ``forgetting/``."""
        from .models.data import draw_problems
        from .models.sections import ProblemSection
        from .results.scoring import score_into

        section = self.pipeline.recipe.forgetting
        asked = draw_problems(ProblemSection(families=section.families, count=section.count), "test").problems
        found = {}
        for name, path in (("base", None), *((f"step-{step}", path) for step, path in checkpoints.items())):
            self.pipeline._answer(name, path, 0, asked, self.prompt, "forgetting")
            summary = score_into(self.pipeline.folder / "forgetting" / name)
            found[name] = {score: summary[score] for score in ("surface", "substance")}
        return found


def _answer_run(
    source: Source,
    prompt: Prompt,
    settings: Settings,
    compute: tuple[str, str, int],
    back_end: str,
    companions: Companions,
    run: Path,
    asked: Sequence[Problem],
    extra: dict[str, Any],
    tell: Callable[[int], None],
) -> AnswerCount:
    """Answer into one run folder, or go on there."""
    from .models.answering.into_run import answer_into
    from .models.answering.making import make_answerer

    answerer = make_answerer(
        source, prompt, settings, compute, note=lambda _: None, back_end=back_end, companions=companions
    )
    return answer_into(run, answerer, asked, settings, lambda done, total: tell(done), extra)


class _Stage:
    """Says what begins and how long it took."""

    def __init__(self, pipeline: Pipeline, name: str) -> None:
        self.pipeline, self.name = pipeline, name

    def __enter__(self) -> None:
        self.started = time.monotonic()
        self.pipeline.told(Event("begun", self.name))

    def __exit__(self, *error: object) -> None:
        used = time.monotonic() - self.started
        self.pipeline.seconds[self.name] = round(used, 1)
        if error[0] is None:
            self.pipeline.told(Event("ended", self.name, seconds=used))


def _step(name: str) -> int | None:
    """The step of a run's folder (``step-48``); None for a folder that is no run of this pipeline."""
    word, _, number = name.partition("-")
    return int(number) if word == "step" and number.isdecimal() else None
