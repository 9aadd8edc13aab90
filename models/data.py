"""Problems for a recipe, and training examples: prompt and answer as tokens, with the loss on the answer alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ..feasibility.errors import PyriteError
from ..problems.files import read_problems
from ..problems.planning import ask_for_plans
from ..problems.problem import Problem
from .prompts import Prompt, closed, right_answer
from .sections import ProblemSection, PromptSection

_SEEDS_PER_PROBLEM = 60  # how far drawing looks for a problem that fits before it gives up


@dataclass(frozen=True, slots=True)
class Example:
    """One training example. The first ``prompt`` of ``tokens`` are given; the rest is learned."""

    problem_id: str
    tokens: tuple[int, ...]
    prompt: int

    @property
    def labels(self) -> list[int]:
        """The tokens with the prompt's replaced by -100, which the loss passes over."""
        return [-100] * self.prompt + list(self.tokens[self.prompt :])


@dataclass(frozen=True, slots=True)
class Drawn:
    """Problems, with how many were passed over because they were too long."""

    problems: tuple[Problem, ...]
    passed_over: int = 0


def recipe_prompt(section: PromptSection, data: ProblemSection) -> Prompt:
    """The prompt of a recipe; its worked examples are validation problems, which nothing trains on or asks."""
    examples: tuple[Problem, ...] = ()
    if section.examples:
        if not data.families:
            raise PyriteError("[prompt] examples are drawn from [data] families, and there are none")
        source = ProblemSection(
            families=data.families, size=data.size, count=section.examples, task=data.task, texts=data.texts
        )
        examples = draw_problems(source, "validation").problems
    return Prompt(section.style, examples, section.fallback, system=section.system)


def draw_problems(section: ProblemSection, split: str, prompt: Prompt | None = None, tokenizer: Any = None) -> Drawn:
    """The problems of a section, the same on every machine: families and variants take turns, seeds go up.

    ``split`` is used where the section names none. With ``max_tokens``, prompt and tokenizer measure each example.
    Raises PyriteError when a file holds too little or no seed gives a problem that fits.
    """
    if section.file is not None:
        read: Iterable[Problem] = read_problems(section.file)
        return Drawn(tuple(islice(ask_for_plans(read) if section.task == "plan" else read, section.count)))
    if not section.families:
        raise PyriteError("no problems are named: give families or a file")
    turns = [_seeds(section, family, variant, split) for family in section.families for variant in section.variants]
    found: list[Problem] = []
    passed_over = 0
    while len(found) < section.count:
        for turn in turns[: section.count - len(found)]:
            for attempt, problem in enumerate(turn):
                if prompt is None or not section.max_tokens:
                    found.append(problem)
                    break
                if len(encode(problem, prompt, tokenizer).tokens) <= section.max_tokens:
                    found.append(problem)
                    break
                passed_over += 1
                if attempt >= _SEEDS_PER_PROBLEM:
                    raise PyriteError(
                        f"max_tokens = {section.max_tokens} is too little for {problem.family}: "
                        f"{_SEEDS_PER_PROBLEM} problems in a row were longer"
                    )
    return Drawn(tuple(found), passed_over)


def _seeds(section: ProblemSection, family: str, variant: Any, split: str) -> Iterator[Problem]:
    from ..problems.families import draw, split_of

    wanted = section.split or split
    seed = section.first_seed
    while True:
        if split_of(seed) == wanted:
            drawn = draw(family, seed, section.size, variant, section.texts)
            yield from ask_for_plans([drawn]) if section.task == "plan" else [drawn]
        seed += 1


def encode(problem: Problem, prompt: Prompt, tokenizer: Any) -> Example:
    """A problem with its right answer as tokens, asked exactly as in answering. Raises PyriteError when it has none."""
    asked = prompt.tokens(problem, tokenizer)
    text = closed(prompt.opened(problem, tokenizer)) + right_answer(problem)
    answer = tokenizer(text, add_special_tokens=False)["input_ids"]
    return Example(problem.id, (*asked, *answer, tokenizer.eos_token_id), len(asked))


def encode_all(
    problems: Sequence[Problem], prompt: Prompt, tokenizer: Any, max_length: int
) -> tuple[list[Example], list[str]]:
    """Examples within ``max_length`` tokens, and the ids of those left out: half an answer teaches half answers.

    Raises PyriteError when nothing is left.
    """
    examples = [encode(problem, prompt, tokenizer) for problem in problems]
    kept = [example for example in examples if len(example.tokens) <= max_length]
    left_out = [example.problem_id for example in examples if len(example.tokens) > max_length]
    if not kept:
        shortest = min((len(example.tokens) for example in examples), default=0)
        raise PyriteError(
            f"no training example fits schedule.max_length = {max_length}; the shortest has {shortest} tokens"
        )
    return kept, left_out
