"""What stands in a recipe: a class a section, a field a key, and a field's comment is its documentation.

The essay's axes are tables: ``[method]`` where and how much, ``[objective]`` which signal, ``[companions]`` which other
models, ``[data]`` on what.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..feasibility.errors import PyriteError
from ..problems.families.drawing import Size
from .companions import Companions, Delta
from .prompts import Fallback, Style
from .settings import BackEnd, Settings

Split = Literal["train", "validation", "test"]
TrackerName = Literal["trackio", "wandb", "tensorboard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSection:
    """``[model]``: where the weights come from and where they run."""

    source: str = "embedded"
    adapter: str | None = None
    device: str = "auto"
    dtype: str = "auto"
    threads: int = 0  # 0: every usable core
    load: Literal["full", "4bit"] = "full"  # 4bit: the frozen base while an adapter is tuned on it (QLoRA)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSection:
    """``[prompt]``: how problems are put; the same for training and answering."""

    style: Style = "short"
    examples: int = 0  # worked examples shown before each problem, drawn from the training problems' families
    fallback: Fallback = "error"  # a tokenizer without chat template: error, or plain headings
    system: str = ""  # own words instead of the style's
    file: str = ""  # the same from a text file


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodSection:
    """``[method]``: which parameters learn. ``options`` are the method's own."""

    name: str = "lora"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveSection:
    """``[objective]``: which signal teaches. ``options`` are the objective's own."""

    name: str = "supervised"
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionsSection:
    """``[companions]``: other models that help while answering, each as a ``--model`` is written (docs/methods.md).

    They are asked beside the base model and beside each checkpoint, and change nothing about what is tuned.
    """

    expert: str | None = None  # a tuned model; what tuning changed in it is added to the scores
    anti_expert: str | None = None  # the expert before it was tuned; nothing said: by the expert's record
    alpha: float = 1.0
    more: tuple[Delta, ...] = ()  # further experts: [[companions.more]]
    keep_top_p: float = 1.0  # below 1: a delta counts only within its expert's nucleus
    speculate: int = 0  # tokens that the expert writes ahead

    def chosen(self) -> Companions:
        """As answering takes them. Raises PyriteError for what does not go together."""
        first = () if self.expert is None else (Delta(self.expert, self.anti_expert, self.alpha),)
        if self.expert is None and (self.anti_expert is not None or self.more):
            raise PyriteError("companions need an expert")
        return Companions(deltas=(*first, *self.more), keep_top_p=self.keep_top_p, speculate=self.speculate)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemSection:
    """``[data]`` and ``[answers.problems]``: generated families, power grids, or a file of problems.

    With ``max_tokens`` longer examples (prompt and answer together) are passed over while drawing, and counted.
    """

    families: tuple[str, ...] = ()
    size: Size = "small"
    variants: tuple[str, ...] = ("plain",)
    count: int = 400  # over all families together, in turn
    first_seed: int = 0
    split: Split | None = None  # which seeds: train for [data], test for [answers.problems] unless said otherwise
    file: str | None = None  # a problems.jsonl instead of families
    grids: tuple[str, ...] = ()  # power grids instead of families: ieee9, ieee14 ... (extra grid; the task is a plan)
    physics: Literal["ac", "dc"] = "ac"  # of the grids
    outages: Literal["none", "one", "both"] = "none"  # of the grids: N, N-1, or both in turn
    max_tokens: int = 0  # 0: no limit
    texts: Literal["varied", "plain"] = "varied"  # how families are told; the references are the same
    task: Literal["formulation", "plan", "both"] = "formulation"  # a model is asked for, the best plan itself, or both

    @property
    def is_named(self) -> bool:
        """Something is named to take problems from."""
        return bool(self.families or self.grids or self.file)


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksSection:
    """``[tasks]``: how the families of ``[data]``, each a task, are taught (docs/signals.md).

    ``mixed`` all together; ``sequential`` one after the other; ``isolated`` by core parameter isolation (CPI-FT, arXiv
    2508.21741); ``merged`` each apart, then merged by TIES (arXiv 2306.01708).
    """

    plan: Literal["mixed", "sequential", "isolated", "merged"] = "mixed"
    probe_steps: int = 20  # isolated: steps on each task alone, which show its core; beside the schedule's
    core: float = 0.01  # isolated: a core's share of the numbers that learn
    scope: Literal["global", "tensor"] = "global"  # isolated: the share of all together, or of each tensor
    embeddings: bool = True  # isolated: whether a core may hold embeddings
    threshold: float = 0.1  # isolated: Jaccard of two cores from which their tasks are one group
    blend: float = 0.0  # isolated: a task's weight in the blend (omega); 0: the k-th has 1/k, all count alike
    slerp: Literal["weights", "updates"] = "weights"  # isolated: what is joined on the sphere
    data: Literal["group", "all"] = "group"  # isolated: a stage's problems, those of its group or of every task
    density: float = 0.2  # merged: share of each change that TIES keeps
    scale: float = 1.0  # merged: what the merged change is multiplied by


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSection:
    """``[schedule]``: how training runs."""

    steps: int = 0  # optimizer steps; 0: by epochs
    epochs: float = 1.0
    batch_size: int = 4  # examples a device at once
    accumulation: int = 1  # batches an optimizer step
    learning_rate: float | None = None  # nothing said: the method's own
    scheduler: Literal["linear", "cosine", "constant", "constant_with_warmup"] = "linear"
    warmup: float = 0.05  # share of the steps
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    optimizer: str = "adamw_torch"
    max_length: int = 2048  # tokens of prompt and answer; longer examples are left out and counted
    gradient_checkpointing: bool = False
    packing: bool = False
    group_by_length: bool = True  # batches of similar length, which saves padding
    checkpoints: tuple[int, ...] = ()  # steps at which a checkpoint is kept; the last step always is
    save_every: int = 25  # steps between the checkpoints that only serve to go on after a stop
    seed: int = 0
    report_to: tuple[TrackerName, ...] = ()  # trackio, wandb, tensorboard: where losses are sent while training


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersSection:
    """``[answers]``: what is asked of the base model and of each checkpoint."""

    problems: ProblemSection = field(default_factory=lambda: ProblemSection(count=40))
    base: bool = True  # the untuned model answers too
    samples: int = 1
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    max_new_tokens: int = 512
    max_prompt_tokens: int = 0
    batch_size: int = 0
    decoding: Literal["free", "grammar", "names"] = "free"
    back_end: BackEnd = "transformers"  # vllm: the extra vllm, in a process of its own
    drafts: int = 4  # tokens guessed ahead and checked in one pass; 0: none
    tensor_parallel: int = 1  # GPUs that vLLM splits the model over

    def settings(self) -> Settings:
        """As answering takes them."""
        names = {item.name for item in dataclasses.fields(Settings)}
        return Settings(**{name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgettingSection:
    """``[forgetting]``: what tuning cost, recorded for every checkpoint that answers (docs/signals.md)."""

    prompts: int = 16  # held-out problems along whose base answers KL(base || tuned) is taken; 0: none
    families: tuple[str, ...] = ()  # families that were not trained, asked of the base and of each checkpoint
    count: int = 20  # how many problems of them, over all in turn


LATER: tuple[tuple[str, str, Any], ...] = (
    ("model", "load", "full"),
    ("schedule", "report_to", []),
    ("answers", "tensor_parallel", 1),
)
"""Keys that recipes from before did not have: runs and studies that were begun without them go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The whole file."""

    name: str = "recipe"
    model: ModelSection = field(default_factory=ModelSection)
    prompt: PromptSection = field(default_factory=PromptSection)
    method: MethodSection = field(default_factory=MethodSection)
    objective: ObjectiveSection = field(default_factory=ObjectiveSection)
    companions: CompanionsSection = field(default_factory=CompanionsSection)
    data: ProblemSection = field(default_factory=ProblemSection)
    tasks: TasksSection = field(default_factory=TasksSection)
    schedule: ScheduleSection = field(default_factory=ScheduleSection)
    answers: AnswersSection = field(default_factory=AnswersSection)
    forgetting: ForgettingSection = field(default_factory=ForgettingSection)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, every default written out; what came later (``tasks``, ``LATER``) only if it says something."""
        document = typing.cast("dict[str, Any]", json.loads(json.dumps(dataclasses.asdict(self))))
        if self.tasks == TasksSection():
            del document["tasks"]
        for section, name, default in LATER:
            if document[section][name] == default:
                del document[section][name]
        return document

    @property
    def digest(self) -> str:
        """A short hash of everything that decides the tuned weights (not of what is asked afterwards)."""
        document = self.to_dict()
        del document["answers"], document["companions"], document["forgetting"]
        if self.objective == ObjectiveSection():
            del document["objective"]  # as in recipes from before there were others
        if self.data.texts == "varied":
            del document["data"]["texts"]  # likewise
        if not self.data.grids:
            for name in ("grids", "physics", "outages"):
                del document["data"][name]  # likewise
        document["schedule"].pop("report_to", None)
        for name in ("system", "file"):
            if not document["prompt"][name]:
                del document["prompt"][name]  # likewise
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:16]
