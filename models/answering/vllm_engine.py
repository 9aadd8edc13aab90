"""vLLM as an answerer, in this process: the same prompts, limits, endings and grammars as the transformers back end.

vLLM batches continuously: requests join and leave while others run. Tokens are followed one step at a time, so an
answer is withdrawn from the engine as soon as its JSON object is complete and handed out at once. Weights that were
tuned are merged first (``merging``). Sampled answers have seeds of their own, but vLLM's random numbers are not those
of the other back end.

What is not covered: drafts (``Settings.drafts`` belongs to the transformers back end), endpoints.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ...feasibility.errors import PyriteError
from ...results.outputs import Output
from ..devices import Compute
from ..embedded import Note, first_line
from ..merging import is_tuned, write_merged
from ..prompts import Prompt
from ..settings import Settings, context_length
from ..sources import Source, load_tokenizer, local_folder, weights_digest
from .answering import Request, sample_seed
from .choosing_grammar import grammar_for
from .grammar import VERSION
from .stopping import JsonEnd, TokenText
from .vllm_starting import check_device, engine_arguments, read_config, require_vllm, start_engine

_ROUNDS = 4  # times the rows at once: how many requests the engine is given together


@dataclass(slots=True)
class Growing:
    """One answer in the making: what it is to end at, and what came so far."""

    request: Request
    prompt: list[int]
    limit: int
    opened: str = ""
    """Thinking that the prompt has opened."""
    tokens: list[int] = field(default_factory=list)
    finish: str = ""
    end: JsonEnd = field(init=False)

    def __post_init__(self) -> None:
        self.end = JsonEnd(thinking=bool(self.opened), plan=self.request.problem.task == "plan")

    def take(self, tokens: Sequence[int], ends: frozenset[int], text: TokenText) -> bool:
        """Go on with tokens up to where the answer ends; what the engine wrote beyond is dropped. True at the end."""
        for token in tokens:
            if token in ends:
                self.finish = "stop"
            else:
                self.tokens.append(token)
                if self.end.feed(text(token)):
                    self.finish = "stop"
                elif len(self.tokens) >= self.limit:
                    self.finish = "length"
            if self.finish:
                return True
        return False


@dataclass(slots=True)
class VllmAnswerer:
    """Answers with vLLM; the engine starts with the first batch. Made by :func:`vllm_answerer`."""

    folder: Path
    """Plain weights with their tokenizer."""
    weights: dict[str, Any]
    """What they are, for run.json."""
    tokenizer: Any
    config: Any
    """The language model's configuration, as transformers reads it."""
    ends: frozenset[int]
    compute: Compute
    prompt: Prompt
    settings: Settings
    workplace: tempfile.TemporaryDirectory[str] | None = None
    """Where merged weights lie until the engine has read them."""
    _longest: int = field(default=0, init=False)
    _engine: Any = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.prompt = replace(self.prompt, thinks=self.settings.decoding == "free")

    def identity(self) -> dict[str, Any]:
        """Model, weights, prompt, decoding, device; drafts are none."""
        return {
            **self.weights,
            "prompt": self.prompt.identity(self.tokenizer),
            "answers": {**self.settings.identity(), "drafts": 0},
            "compute": {"device": self.compute.device, "dtype": self.compute.dtype},
            "back_end": "vllm",
            **TokenText(self.tokenizer).identity(),
            **({} if self.settings.decoding == "free" else {"grammar_version": VERSION}),
        }

    @property
    def rows(self) -> int:
        """Answers in the making at once: as asked, else 256 on a GPU and 40 elsewhere."""
        return self.settings.batch_size or (256 if self.compute.device == "cuda" else 40)

    def plan(self, requests: Sequence[Request]) -> list[list[Request]]:
        """A few rounds of rows at a time; the longest prompts first, whose answers take longest."""
        lengths = {request.key: len(self.prompt.tokens(request.problem, self.tokenizer)) for request in requests}
        fitting = [length for length in lengths.values() if length <= self._longest_prompt()]
        self._longest = max(fitting, default=0)
        ordered = sorted(requests, key=lambda request: -lengths[request.key])
        size = self.rows * _ROUNDS
        return [ordered[at : at + size] for at in range(0, len(ordered), size)]

    def answer(self, batch: Sequence[Request]) -> Iterator[Output]:
        """The answers as they end. Raises PyriteError when the engine does not start or runs out of memory."""
        growing: dict[str, Growing] = {}
        for number, request in enumerate(batch):
            prompt = self.prompt.tokens(request.problem, self.tokenizer)
            if len(prompt) > self._longest_prompt():
                yield request.answered("", "prompt-too-long", 0.0, 0, len(prompt))
                continue
            limit = min(self.settings.max_new_tokens, self._context() - len(prompt))
            opened = self.prompt.opened(request.problem, self.tokenizer)
            growing[str(number)] = Growing(request, prompt, limit, opened)
        if not growing:
            return
        engine = self._start()
        try:
            yield from self._run(engine, growing)
        except (RuntimeError, MemoryError) as error:
            if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
                reason = f"is out of memory with {self.rows} rows at once: lower --batch-size or --max-new-tokens"
            else:
                reason = f"failed: {first_line(error)}"
            raise PyriteError(f"vLLM {reason}; what was answered is kept", exit_code=3) from error
        finally:
            engine.abort_request(list(growing))

    def _run(self, engine: Any, growing: dict[str, Growing]) -> Iterator[Output]:
        """Step the engine until every answer has ended; they leave ``growing`` as they do."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

        started = time.perf_counter()
        ends, text = self.ends, TokenText(self.tokenizer)
        # What earlier batches left in the cache would change the shapes that are computed, and so the last bits.
        engine.reset_prefix_cache()
        for number, row in growing.items():
            given = sampling_arguments(self.settings, row.request, row.limit, ends)
            grammar = grammar_for(self.settings.decoding, row.request.problem, numbered=True)
            if grammar is not None:
                given["structured_outputs"] = StructuredOutputsParams(grammar=grammar)
            parameters = SamplingParams(**given, output_kind=RequestOutputKind.DELTA)
            try:
                engine.add_request(number, {"prompt_token_ids": row.prompt}, parameters)
            except ValueError as error:
                raise PyriteError(f"vLLM refuses problem {row.request.problem.id!r}: {first_line(error)}") from error
        while growing:
            for found in engine.step():
                number, chosen = found.request_id, found.outputs[0]
                if number not in growing:
                    continue
                row = growing[number]
                if not row.take(chosen.token_ids, ends, text):
                    if not found.finished:
                        continue
                    if chosen.finish_reason not in ("stop", "length"):
                        problem = row.request.problem.id
                        raise PyriteError(f"vLLM gave problem {problem!r} up ({chosen.finish_reason})", exit_code=3)
                    row.finish = chosen.finish_reason
                if not found.finished:
                    engine.abort_request([number])
                del growing[number]
                sizes = (time.perf_counter() - started, len(row.tokens), len(row.prompt))
                yield row.request.answered(text.whole(row.tokens), row.finish, *sizes, row.opened)

    def _start(self) -> Any:
        if self._engine is None:
            room = min(self._context(), (self._longest or self._context()) + self.settings.max_new_tokens)
            self._engine = start_engine(
                engine_arguments(
                    self.folder, self.compute, self.config, room, self.rows, self.settings.tensor_parallel
                ),
                self.compute.device,
            )
            if self.workplace is not None:
                self.workplace.cleanup()
        return self._engine

    def _context(self) -> int:
        return context_length(self.config)

    def _longest_prompt(self) -> int:
        return self.settings.longest_prompt(self._context())


def vllm_answerer(
    source: Source, compute: Compute, prompt: Prompt, settings: Settings, note: Note = lambda text: None
) -> VllmAnswerer:
    """An answerer for a source with weights; what was tuned is merged into a temporary folder first.

    Raises ModuleNotFoundError when vLLM is not installed, PyriteError for a device or a method that does not go.
    """
    require_vllm()
    check_device(compute)
    if is_tuned(source):
        workplace = tempfile.TemporaryDirectory(prefix="pyrite-merged-")
        folder = Path(workplace.name)
        note(f"merging {source.text} for vLLM")
        weights = write_merged(source, folder, compute.dtype, note)
    else:
        workplace, folder = None, local_folder(source, note)
        weights = {"model": source.name, "weights": weights_digest(folder)}
    tokenizer = load_tokenizer(Source("folder", str(folder)))
    config, ends = read_config(folder, tokenizer)
    return VllmAnswerer(folder, weights, tokenizer, config, ends, compute, prompt, settings, workplace)


def sampling_arguments(settings: Settings, request: Request, limit: int, ends: frozenset[int]) -> dict[str, Any]:
    """For vLLM's SamplingParams."""
    found: dict[str, Any] = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "max_tokens": limit,
        "stop_token_ids": sorted(ends),
        "detokenize": False,
    }
    if settings.temperature > 0:
        found["seed"] = sample_seed(settings.seed, request.key) % 2**63
    return found
