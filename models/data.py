"""Problems for a recipe, and training examples: prompt and answer as tokens, with the loss on the answer alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
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
        if not data.families and not data.grids:
            raise PyriteError("[prompt] examples are drawn from [data] families or grids, and there are none")
        source = replace(
            data, file=None, variants=("plain",), count=section.examples, split=None, first_seed=0, max_tokens=0
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
        return Drawn(tuple(islice(_asked(read, section), section.count)))
    turns = _turns(section, split)
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


def _asked(problems: Iterable[Problem], section: ProblemSection) -> Iterable[Problem]:
    return problems if section.task == "formulation" else ask_for_plans(problems, both=section.task == "both")


def _turns(section: ProblemSection, split: str) -> list[Iterator[Problem]]:
    """What takes turns in giving a problem: each grid whole or with a part out, or each family in each variant."""
    if section.grids:
        if section.families:
            raise PyriteError("families and grids are drawn by different recipes: name one of them")
        kinds = {"none": (False,), "one": (True,), "both": (False, True)}[section.outages]
        return [_grids(section, case, out, split) for case in section.grids for out in kinds]
    if not section.families:
        raise PyriteError("no problems are named: give families, grids or a file")
    return [_seeds(section, family, variant, split) for family in section.families for variant in section.variants]


def _grids(section: ProblemSection, case: str, outage: bool, split: str) -> Iterator[Problem]:
    from ..problems.grids.making import GridOrder, make_grids

    count = section.count * _SEEDS_PER_PROBLEM
    yield from make_grids(
        GridOrder((case,), section.physics, count, section.first_seed, outage, section.split or split)
    )


def _seeds(section: ProblemSection, family: str, variant: Any, split: str) -> Iterator[Problem]:
    from ..problems.families import split_of

    wanted = section.split or split
    seed = section.first_seed
    while True:
        if split_of(seed) == wanted:
            yield from _asked([_drawn(family, seed, section.size, variant, section.texts)], section)
        seed += 1


@lru_cache(maxsize=10_000)
def _drawn(family: str, seed: int, size: Any, variant: Any, texts: Any) -> Problem:
    """One problem; drawing proves it, which the cells of a study would do again and again."""
    from ..problems.families import draw

    return draw(family, seed, size, variant, texts)


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
