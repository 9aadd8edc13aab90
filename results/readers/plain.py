"""Rows with an id and a text under their usual names: Pyrite's own, and what most scripts write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ...feasibility.errors import PyriteError
from .choosing import UndecidedError, answer_name, has_answer, has_model_answer
from .names import ASSISTANT, CONVERSATIONS, SAMPLES, USER, finish_in, ids_in, prompt_in, role_of, usual
from .protocol import FileRow, ReadAnswer
from .unwrapping import last_answer, numbered, said
from .values import finish_word, first_of, id_of, message_answer, number_of, seconds_of, text_of

_OWN: Final = frozenset({"problem_id", "output", "finish", "sample", "seconds"})


class Plain:
    """An id, a text, and perhaps a sample's number and how it ended."""

    title = "rows with an id and a text"

    def claims(self, row: FileRow) -> bool:
        """Whether there is a text under a usual name."""
        return has_answer(usual(row))

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer, or one for each text of a list of texts. Raises UndecidedError."""
        own = usual(row)
        name = answer_name(own)
        found = None if name is None else own[name]
        answers = said(found)
        extra = {key: value for key, value in row.items() if key not in _OWN and (value is not found or found is None)}
        endings = _endings(finish_in(own), len(answers))
        ids, prompt = ids_in(own), prompt_in(own)
        given = number_of(first_of(own, SAMPLES)) if len(answers) == 1 else None
        for (number, answer), finish in zip(numbered(answers), endings, strict=True):
            yield ReadAnswer(
                problem_id=next(iter(ids.values()), None),
                text=answer.text,
                sample=given if number is None else number,
                finish=answer.finish or finish,
                seconds=seconds_of(row.get("seconds")),
                prompt=prompt,
                extra=extra,
                ids=ids,
            )


def _endings(finish: str | list[Any] | None, count: int) -> list[str | None]:
    """How each of several answers ended. Raises PyriteError when there are more or fewer endings than answers."""
    if not isinstance(finish, list):
        return [finish] * count
    if len(finish) != count:
        raise PyriteError(f"{len(finish)} endings to {count} answers: 'finish' is a word, or a list with one for each")
    return [None if word is None else finish_word(word) for word in finish]


class Mapped:
    """Rows under names that the user gave: ``--map problem_id=custom_id,output=response.text``."""

    title = "rows as --map says"

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def claims(self, row: FileRow) -> bool:
        """Whether the row has the text that was named."""
        return _follow(row, self.names["output"]) is not _MISSING

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer, or one for each text of a list of texts."""
        found = {name: _follow(row, path) for name, path in self.names.items()}
        given = {name: None if value is _MISSING else value for name, value in found.items()}
        if "problem_id" in self.names and id_of(given["problem_id"]) is None:
            raise PyriteError(f"the row has no id under {self.names['problem_id']!r}")
        named = id_of(given.get("problem_id"))
        ids = ids_in(row) if named is None else {"problem_id": named}
        answers = said(given["output"])
        sample = number_of(given.get("sample")) if len(answers) == 1 else None
        finish = given.get("finish")
        endings = _endings(None if finish is None else finish_in({"finish": finish}), len(answers))
        for (number, answer), ending in zip(numbered(answers), endings, strict=True):
            yield ReadAnswer(
                problem_id=next(iter(ids.values()), None),
                text=answer.text,
                sample=sample if number is None else number,
                finish=answer.finish or ending,
                prompt=prompt_in(row),
                ids=ids,
            )


class LlamaFactory:
    """LLaMA-Factory's ``generated_predictions.jsonl``: prompt, predict, label, in the order of the data set."""

    title = "LLaMA-Factory predictions"

    def claims(self, row: FileRow) -> bool:
        """Prompt, predict and label."""
        return {"prompt", "predict", "label"} <= set(row)

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer."""
        ids = ids_in(row)
        yield ReadAnswer(next(iter(ids.values()), None), text_of(row["predict"]), prompt=prompt_in(row), ids=ids)


class Messages:
    """A conversation a row: the last message of the assistant is the answer."""

    title = "rows of messages"

    def claims(self, row: FileRow) -> bool:
        """A list of messages with roles (or ``from`` and ``value``, as ShareGPT has them), and no answer beside it."""
        messages = _messages(row)
        if messages is None:
            return False
        own = usual(row)
        if has_model_answer(own):
            return False
        last = next((role for role in map(role_of, reversed(messages)) if role in (*ASSISTANT, *USER)), None)
        return last in ASSISTANT or not has_answer(own)

    def answers(self, row: FileRow) -> Iterator[ReadAnswer]:
        """One answer. Raises UndecidedError when another text beside the conversation may be it."""
        messages = _messages(row) or []
        text, finish = message_answer(last_answer(messages), _endings(finish_in(row), 1)[0])
        output = row.get("output")
        if isinstance(output, str) and output != text:
            raise UndecidedError(
                "the last message and 'output' hold different texts, and either may be the answer; say which: "
                "--map problem_id=KEY,output=output or --map problem_id=KEY,output=messages"
            )
        ids = ids_in(row)
        yield ReadAnswer(
            next(iter(ids.values()), None),
            text,
            number_of(first_of(usual(row), SAMPLES)),
            finish,
            prompt=prompt_in(row),
            ids=ids,
        )


_MISSING: Final = object()


def _messages(row: FileRow) -> list[Any] | None:
    found = first_of(row, CONVERSATIONS)
    if not isinstance(found, list) or not found or not all(isinstance(item, Mapping) for item in found):
        return None
    return found if any("role" in item or "from" in item for item in found) else None


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
