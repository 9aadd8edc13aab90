"""Rows with an id and a text under their usual names: Pyrite's own, and what most scripts write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...feasibility.errors import PyriteError
from .protocol import FileRow, ReadAnswer
from .values import first_of, id_of, number_of, seconds_of, text_of

IDS: Final = (
    *("problem_id", "custom_id", "id", "task_id", "question_id", "instance_id", "sample_id", "qid", "uid", "index"),
    *("idx", "problem", "name"),
)
TEXTS: Final = (
    *("output", "response", "completion", "prediction", "predict", "generated_text", "generation", "model_output"),
    *("output_text", "raw_output", "answer", "generated", "text", "content", "outputs", "responses", "generations"),
    "completions",
)
FINISHES: Final = ("finish", "finish_reason", "stop_reason", "stopping_reason")
SAMPLES: Final = ("sample", "sample_index", "epoch", "repeat", "attempt", "trial")


class Plain:
    """An id, a text, and perhaps a sample's number and how it ended."""

    title = "rows with an id and a text"

    def claims(self, row: FileRow) -> bool:
        """Whether there is a text under a usual name."""
        return any(name in row for name in TEXTS)

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer, or one for each text of a list of texts."""
        known = {*IDS[:1], *TEXTS[:1], *FINISHES[:1], *SAMPLES[:1], "seconds"}
        found = first_of(row, TEXTS)
        extra = {key: value for key, value in row.items() if key not in known and value is not found}
        several = isinstance(found, list) and len(found) > 0 and all(isinstance(item, str) for item in found)
        texts = found if several else [found]
        finish, seconds = first_of(row, FINISHES), row.get("seconds")
        if finish is not None and not isinstance(finish, str):
            raise PyriteError(f"'finish' is a word such as stop or length, not {finish!r}")
        for number, text in enumerate(texts):
            yield ReadAnswer(
                problem_id=id_of(first_of(row, IDS)),
                text=text_of(text),
                sample=number if several and len(texts) > 1 else number_of(first_of(row, SAMPLES)),
                finish=finish,
                seconds=seconds_of(seconds),
                prompt=_prompt(row),
                extra=extra,
            )


class Mapped:
    """Rows under names that the user gave: ``--map problem_id=custom_id,output=response.text``."""

    title = "rows as --map says"

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def claims(self, row: FileRow) -> bool:
        """Whether the row has the text that was named."""
        return _follow(row, self.names["output"]) is not _MISSING

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer."""
        found = {name: _follow(row, path) for name, path in self.names.items()}
        given = {name: None if value is _MISSING else value for name, value in found.items()}
        if "problem_id" in self.names and id_of(given["problem_id"]) is None:
            raise PyriteError(f"the row has no id under {self.names['problem_id']!r}")
        finish = given.get("finish")
        yield ReadAnswer(
            problem_id=id_of(given.get("problem_id")),
            text=text_of(given["output"]),
            sample=number_of(given.get("sample")),
            finish=str(finish) if finish is not None else None,
            prompt=_prompt(row),
        )


class LlamaFactory:
    """LLaMA-Factory's ``generated_predictions.jsonl``: prompt, predict, label, in the order of the data set."""

    title = "LLaMA-Factory predictions"

    def claims(self, row: FileRow) -> bool:
        """Prompt, predict and label."""
        return {"prompt", "predict", "label"} <= set(row)

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer."""
        found = id_of(first_of(row, ("problem_id", "id")))
        yield ReadAnswer(found, text_of(row["predict"]), prompt=_prompt(row))


class Messages:
    """A conversation a row: the last message of the assistant is the answer."""

    title = "rows of messages"

    def claims(self, row: FileRow) -> bool:
        """A list of messages with roles (or ``from`` and ``value``, as ShareGPT has them)."""
        return _messages(row) is not None

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer."""
        from .values import message_answer

        messages = _messages(row) or []
        mine = [message for message in messages if message.get("role", message.get("from")) in _ASSISTANT]
        asked = [message for message in messages if message.get("role", message.get("from")) in ("user", "human")]
        if not mine:
            raise PyriteError("the conversation has no message of an assistant")
        last = dict(mine[-1])
        last.setdefault("content", last.get("value"))
        text, finish = message_answer(last, first_of(row, FINISHES))
        prompt = text_of(asked[-1].get("content", asked[-1].get("value"))) if asked else None
        metadata = row.get("metadata")
        inside = first_of(metadata, IDS) if isinstance(metadata, Mapping) else None
        found = id_of(first_of(row, IDS)) or id_of(inside)
        yield ReadAnswer(found, text, number_of(first_of(row, SAMPLES)), finish, prompt=prompt)


_ASSISTANT = ("assistant", "gpt", "model", "ai")
_MISSING: Final = object()


def _messages(row: FileRow) -> list[Any] | None:
    found = first_of(row, ("messages", "conversations", "conversation"))
    if not isinstance(found, list) or not found or not all(isinstance(item, Mapping) for item in found):
        return None
    return found if any("role" in item or "from" in item for item in found) else None


def _prompt(row: FileRow) -> str | None:
    found = first_of(row, ("prompt", "question", "input", "instruction"))
    return found if isinstance(found, str) else None


def _follow(row: Any, path: str) -> Any:
    """The value under a dotted path; numbers are places in lists, a key that holds a dot counts first."""
    if isinstance(row, Mapping) and path in row:
        return row[path]
    head, _, rest = path.partition(".")
    if isinstance(row, str) and row[:1] in "{[":
        import json

        try:
            row = json.loads(row)
        except (ValueError, RecursionError):
            return _MISSING
    if isinstance(row, Mapping) and head in row:
        return _follow(row[head], rest) if rest else row[head]
    if isinstance(row, list) and head.isdecimal() and int(head) < len(row):
        return _follow(row[int(head)], rest) if rest else row[int(head)]
    return _MISSING


PLAIN = Plain()
LLAMA_FACTORY = LlamaFactory()
MESSAGES = Messages()
