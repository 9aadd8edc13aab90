"""Logs of evaluation harnesses: lm-eval's samples, inspect's samples, promptfoo's results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...feasibility.errors import PyriteError
from .batches import request_failure
from .names import finish_in, ids_in, prompt_in
from .protocol import FileRow, ReadAnswer
from .values import finish_word, message_answer, number_of, text_of


class LmEval:
    """lm-eval's ``samples_*.jsonl``: ``doc``, ``doc_id`` and the raw ``resps``, one list a repeat.

    A task with several filters writes each document once for every filter; the first row counts.
    """

    title = "lm-eval samples"

    def claims(self, row: FileRow) -> bool:
        """A document's number and responses."""
        return "doc_id" in row and ("resps" in row or "filtered_resps" in row)

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer a repeat."""
        document, named = row.get("doc"), row.get("filter")
        ids = ids_in(document) if isinstance(document, Mapping) else {}
        texts = list(_flat(row.get("resps", row.get("filtered_resps"))))
        for number, text in enumerate(texts):
            yield ReadAnswer(
                next(iter(ids.values()), None),
                text_of(text),
                number,
                prompt=_asked(row),
                place=_place(row["doc_id"]),
                extra={} if named is None else {"filter": named},
                ids=ids,
                filter=None if named is None else str(named),
            )


def _asked(row: FileRow) -> str | None:
    """The question of a document, else the text that was sent to the model: it may hold examples too."""
    document = row.get("doc")
    found = prompt_in({"doc": document}) if isinstance(document, Mapping) else None
    if found is not None:
        return found
    return max(_sent(row.get("arguments")), key=len, default=None)


def _sent(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | Mapping) and depth < 4:
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _sent(item, depth + 1)


def _place(value: Any) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        return int(value[:18])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


class Inspect:
    """A sample of inspect_ai's log (``.json``, or inside of ``.eval``): id, epoch from 1, and the model's output."""

    title = "inspect samples"

    def claims(self, row: FileRow) -> bool:
        """An id, an epoch and an output that is a map."""
        return "epoch" in row and "id" in row and (isinstance(row.get("output"), Mapping) or "error" in row)

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer a choice; samples count over the epochs."""
        ids, epoch, prompt = ids_in(row), number_of(row["epoch"]) or 1, prompt_in(row)
        for sample, text, finish, error in self._said(row, epoch):
            yield ReadAnswer(next(iter(ids.values()), None), text, sample, finish, prompt=prompt, extra=error, ids=ids)

    def _said(self, row: FileRow, epoch: int) -> Iterator[tuple[int, str | None, str | None, dict[str, str]]]:
        output = row.get("output")
        choices = output.get("choices") if isinstance(output, Mapping) else None
        if not isinstance(output, Mapping) or (not choices and "completion" not in output) or output.get("error"):
            error = row.get("error") or (output.get("error") if isinstance(output, Mapping) else None) or "no output"
            words = str(error.get("message") if isinstance(error, Mapping) else error)[:500]
            yield epoch - 1, None, request_failure(words), {"error": words}
            return
        if choices and not isinstance(choices, list):
            raise PyriteError("the choices are no list")
        if not choices:
            yield epoch - 1, text_of(output["completion"]), _finish(output), {}
            return
        for number, choice in enumerate(choices):
            if not isinstance(choice, Mapping):
                raise PyriteError("a choice is no object")
            text, finish = message_answer(choice.get("message"), _finish(choice))
            yield (epoch - 1) * len(choices) + number, text, finish, {}


def _finish(said: Mapping[str, Any]) -> str | None:
    word = said.get("stop_reason")
    return None if word is None else finish_word(word)


class Promptfoo:
    """A result of promptfoo: ``vars``, ``response.output``, and the number of its test."""

    title = "promptfoo results"

    def claims(self, row: FileRow) -> bool:
        """Variables and a response or an error."""
        return isinstance(row.get("vars"), Mapping) and ("response" in row or "error" in row)

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer."""
        case = row.get("testCase")
        metadata = case.get("metadata") if isinstance(case, Mapping) else None
        places = [row["vars"], metadata, case.get("vars") if isinstance(case, Mapping) else None]
        ids: dict[str, str] = {}
        for place in places:
            ids = {**(ids_in(place) if isinstance(place, Mapping) else {}), **ids}
        response, number = row.get("response"), row.get("testIdx")
        texts = [value for value in row["vars"].values() if isinstance(value, str)]
        answered = isinstance(response, Mapping) and "output" in response
        finish = text = None
        if isinstance(response, Mapping) and answered:
            text, finish = text_of(response["output"]), finish_in(response)
        else:
            error = str((response.get("error") if isinstance(response, Mapping) else None) or row.get("error"))
            finish = request_failure(error)
        yield ReadAnswer(
            next(iter(ids.values()), None),
            text,
            finish=finish if isinstance(finish, str) else None,
            prompt=max(texts, key=len, default=None),
            place=number if isinstance(number, int) and not isinstance(number, bool) else None,
            ids=ids,
        )


LM_EVAL = LmEval()
INSPECT = Inspect()
PROMPTFOO = Promptfoo()
