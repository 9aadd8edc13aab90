"""A model in memory as an answerer: tokenizing, batches by length, out-of-memory, constrained decoding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from ...feasibility.errors import PyriteError
from ...results.outputs import Output
from ..prompts import Prompt
from ..quiet import quiet_transformers
from ..settings import Settings, context_length
from ..sources import Loaded
from .answering import Request, sample_seed
from .attention import use_packed_attention
from .choosing_grammar import grammar_for, has_own_keys
from .decoding import Grammars
from .generating import AnswerRow, generate_rows, plain_generate
from .grammar import VERSION
from .logit_arithmetic import Ensemble
from .next_token import NextToken, OneModel
from .stopping import JsonEnd, TokenText, end_tokens


@dataclass(slots=True)
class LocalAnswerer:
    """Answers with a loaded model. ``note`` is told what a person should know, such as a halved batch."""

    loaded: Loaded
    prompt: Prompt
    settings: Settings
    note: Any = field(default=lambda text: None)
    ensemble: Ensemble | None = None
    """Companions whose scores are added to the model's."""
    _grammars: Grammars | None = field(default=None, init=False)
    _halved: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        use_packed_attention(self.loaded.language_model)
        self.prompt = replace(self.prompt, thinks=self.settings.decoding == "free")
        if self.loaded.restored is not None and self.loaded.restored.ending:
            self.prompt = replace(self.prompt, ending=self.loaded.restored.ending)

    def identity(self) -> dict[str, Any]:
        """Model, weights, prompt, decoding, device: what decides the answers on one machine."""
        return {
            **self.loaded.identity,
            "prompt": self.prompt.identity(self.loaded.tokenizer),
            "answers": self.settings.identity(),
            "compute": {"device": self.loaded.compute.device.split(":")[0], "dtype": self.loaded.compute.dtype},
            "back_end": "transformers",
            **TokenText(self.loaded.tokenizer).identity(),
            **({} if self.ensemble is None else {"companions": self.ensemble.identity()}),
            **({} if self.settings.decoding == "free" else {"grammar_version": VERSION}),
        }

    @property
    def batch_size(self) -> int:
        """Rows at once: as asked, else 128 on a GPU and 40 elsewhere."""
        return self.settings.batch_size or (128 if self.loaded.compute.device.startswith("cuda") else 40)

    def plan(self, requests: Sequence[Request]) -> list[list[Request]]:
        """Batches of similar prompt length, the shortest first; equal lengths keep the order asked."""
        lengths = {request.key: len(self._tokens(request)) for request in requests}
        ordered = sorted(requests, key=lambda request: lengths[request.key])
        return [list(ordered[at : at + self.batch_size]) for at in range(0, len(ordered), self.batch_size)]

    def answer(self, batch: Sequence[Request]) -> Iterator[Output]:
        """The answers as they end; out of memory halves the batch once, for the rest of this answerer's life."""
        longest = self.settings.longest_prompt(self._context())
        fitting = []
        for request in batch:
            tokens = self._tokens(request)
            asked = len(tokens) if self.ensemble is None else self.ensemble.longest(request.problem, self.prompt)
            if asked > longest:
                yield request.answered("", "prompt-too-long", 0.0, 0, asked)
            else:
                fitting.append((request, tokens))
        parts = _halves(fitting) if self._halved else [fitting]
        done: set[tuple[str, int]] = set()
        try:
            for part in parts:
                yield from self._note_done(self._answer_part(part), done)
        except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            if self._halved:
                raise PyriteError(
                    f"out of memory on {self.loaded.compute.device} with {len(fitting) // 2} rows at once: "
                    "lower --batch-size or --max-new-tokens; what was answered is kept",
                    exit_code=3,
                ) from error
            self._halved = True
            self.note(f"out of memory: going on with batches of {max(1, len(fitting) // 2)} (--batch-size)")
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            left = [request for request, _ in fitting if request.key not in done]
            yield from self.answer(left)

    def _note_done(self, outputs: Iterator[Output], done: set[tuple[str, int]]) -> Iterator[Output]:
        for output in outputs:
            done.add(output.key)
            yield output

    def _answer_part(self, part: Sequence[tuple[Request, list[int]]]) -> Iterator[Output]:
        if not part:
            return
        model, tokenizer, settings = self.loaded.model, self.loaded.tokenizer, self.settings
        room = self._context()
        rows, opened = [], []
        for number, (request, tokens) in enumerate(part):
            asked = len(tokens) if self.ensemble is None else self.ensemble.longest(request.problem, self.prompt)
            row = AnswerRow(number, tokens, min(settings.max_new_tokens, room - asked))
            row.temperature, row.top_p = settings.temperature, settings.top_p
            if settings.temperature > 0:
                row.uniform = np.random.default_rng(sample_seed(settings.seed, request.key))
            row.constraint = self._constraint(request)
            opened.append(self.prompt.opened(request.problem, tokenizer))
            row.end = JsonEnd(thinking=bool(opened[-1]), plan=request.problem.task == "plan")
            rows.append(row)
        pad, text = tokenizer.pad_token_id, TokenText(tokenizer)
        ends = end_tokens(model, tokenizer) if self.ensemble is None else self.ensemble.ends()
        with quiet_transformers():
            if self.loaded.plain_generate:
                found = plain_generate(model, rows, pad=pad, ends=ends, text=text)
            else:
                following, drafts = self._following(pad, part)
                found = generate_rows(following, rows, ends=ends, text=text, drafts=drafts)
            for row in found:
                request = part[row.number][0]
                sizes = (row.seconds, len(row.tokens), len(row.prompt))
                output = request.answered(text.whole(row.tokens), row.finish, *sizes, opened[row.number])
                if self.ensemble is not None and self.ensemble.companions.speculate:
                    extra = {**output.extra, "drafted": row.drafted, "accepted": row.accepted, "refused": row.refused}
                    output = replace(output, extra=extra)
                yield output

    def _following(self, pad: int, part: Sequence[tuple[Request, list[int]]]) -> tuple[NextToken, int]:
        """What gives the scores, and how many tokens may be guessed from the text."""
        if self.ensemble is None:
            return OneModel(self.loaded.model, pad, self.loaded.prefill), self.settings.drafts
        problems = [request.problem for request, _ in part]
        ahead = self.ensemble.companions.speculate
        return self.ensemble.following(pad, problems, self.prompt), 0 if ahead else self.settings.drafts

    def _constraint(self, request: Request) -> Any:
        grammar = grammar_for(self.settings.decoding, request.problem)
        if grammar is None:
            return None
        if self._grammars is None:
            model, tokenizer = self.loaded.model, self.loaded.tokenizer
            width = model.get_output_embeddings().weight.shape[0]
            self._grammars = Grammars(tokenizer, width, sorted(end_tokens(model, tokenizer)))
        return self._grammars.start(grammar, own_keys=has_own_keys(self.settings.decoding, request.problem))

    def _context(self) -> int:
        models = [self.loaded] if self.ensemble is None else self.ensemble.members
        return min(context_length(one.model.config) for one in models)

    def _tokens(self, request: Request) -> list[int]:
        return self.prompt.tokens(request.problem, self.loaded.tokenizer)


def _halves(items: list[Any]) -> list[list[Any]]:
    middle = (len(items) + 1) // 2
    return [part for part in (items[:middle], items[middle:]) if part]


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text or "not enough memory" in text
