"""Logs of evaluation harnesses: lm-eval's samples, inspect's samples, promptfoo's results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...feasibility.errors import PyriteError
from .batches import request_failure
from .plain import IDS
from .protocol import FileRow, ReadAnswer
from .values import first_of, id_of, message_answer, number_of, text_of


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
        document = row.get("doc")
        found = id_of(first_of(document, IDS)) if isinstance(document, Mapping) else None
        place = row["doc_id"] if isinstance(row["doc_id"], int) else None
        texts = list(_flat(row.get("resps", row.get("filtered_resps"))))
        prompt = document.get("text") if isinstance(document, Mapping) else None
        for number, text in enumerate(texts):
            yield ReadAnswer(
                found,
                text_of(text),
                number,
                prompt=prompt if isinstance(prompt, str) else None,
                place=place,
                extra={"filter": row["filter"]} if "filter" in row else {},
            )


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
        found, epoch = id_of(row["id"]), number_of(row["epoch"]) or 1
        output = row.get("output")
        choices = output.get("choices") if isinstance(output, Mapping) else None
        if not isinstance(output, Mapping) or (not choices and "completion" not in output) or output.get("error"):
            error = row.get("error") or (output.get("error") if isinstance(output, Mapping) else None) or "no output"
            words = str(error.get("message") if isinstance(error, Mapping) else error)[:500]
            yield ReadAnswer(found, None, epoch - 1, request_failure(words), extra={"error": words})
            return
        if choices and not isinstance(choices, list):
            raise PyriteError("the choices are no list")
        if not choices:
            yield ReadAnswer(found, text_of(output["completion"]), epoch - 1, output.get("stop_reason"))
            return
        for number, choice in enumerate(choices):
            if not isinstance(choice, Mapping):
                raise PyriteError("a choice is no object")
            text, finish = message_answer(choice.get("message"), choice.get("stop_reason"))
            yield ReadAnswer(found, text, (epoch - 1) * len(choices) + number, finish)


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
        found = next((id_of(first_of(place, IDS)) for place in places if isinstance(place, Mapping)), None)
        response, place = row.get("response"), row.get("testIdx")
        texts = [value for value in row["vars"].values() if isinstance(value, str)]
        prompt = max(texts, key=len, default=None)
        number = place if isinstance(place, int) else None
        if not isinstance(response, Mapping) or "output" not in response:
            error = str((response.get("error") if isinstance(response, Mapping) else None) or row.get("error"))
            yield ReadAnswer(found, None, finish=request_failure(error), prompt=prompt, place=number)
            return
        finish = response.get("finishReason")
        yield ReadAnswer(
            found,
            text_of(response["output"]),
            finish=finish if isinstance(finish, str) else None,
            prompt=prompt,
            place=number,
        )


LM_EVAL = LmEval()
INSPECT = Inspect()
PROMPTFOO = Promptfoo()
