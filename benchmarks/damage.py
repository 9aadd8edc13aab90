"""Damage drawn from a seed: places of a file's bytes, of its words, and of the JSON or TOML in it."""

from __future__ import annotations

import copy
import gzip
import json
import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2.5, 1e308, -0.0, 10**400, 2**63, float("nan"), float("inf"), "", "p", "1", "-3.5",
    "x", "p" * 5_000, "\ud800", "\x00", "pass", "ppp/p", "maximize", "continuous", [], {}, [[]], [None], {"": 0},
    [1, 1], {"a": {}}, "2*x <= 3", "sum(x for i in P)", "1/0", "9" * 400, "<=", [{"type": "text"}], {"values": 3},
)  # fmt: skip
_PIECES: tuple[bytes, ...] = (
    *rb"""{ } [ ] , : " ' \ / ( ) + - * ** ^ <= >= == = < > 0 1 -1 1e400 1e-400 9999999999999999999999 .5 5. 0x1 inf
    -inf nan NaN Infinity null true false x y sum for in if not free st end bounds general binary semi sos ranges RHS
    BOUNDS UP LO FR BV MI PL FX 'MARKER' 'INTORG' ENDATA OBJSENSE MAX QSECTION NAME RANGES N L G E $ \ufeff \ud800
    import def lambda @ ; # ``` </think> """.split(),
    *(
        b"\n",
        b"\r",
        b"\t",
        b" ",
        b"\0",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\x1a",
        b"\xff" * 8,
    ),
)


def _places(document: Any, here: tuple[Any, ...], found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The path of every value inside."""
    for key, value in document.items() if isinstance(document, dict) else enumerate(document):
        found.append((*here, key))
        if isinstance(value, dict | list):
            _places(value, (*here, key), found)
    return found


def _value_at(document: Any, way: tuple[Any, ...]) -> Any:
    for key in way:
        document = document[key]
    return document


def _in_document(rng: random.Random, document: Any) -> Any:
    """One to four values replaced, taken out, copied elsewhere, or put under another name."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        every = _places(document, (), []) if isinstance(document, dict | list) else []
        if not every:
            return copy.deepcopy(rng.choice(_VALUES))
        *way, last = rng.choice(every)
        at, what = _value_at(document, tuple(way)), rng.random()
        if what < 0.2:
            del at[last]
        elif what < 0.3 and isinstance(at, dict):
            at[rng.choice(("", "x", "id", "\ud800", "index", "values", "type"))] = at.pop(last)
        elif what < 0.45:
            at[last] = json.loads(json.dumps(_value_at(document, rng.choice(every))))
        elif what < 0.55 and isinstance(at[last], str) and at[last]:
            at[last] = _in_bytes(rng, at[last].encode("utf-8", "surrogatepass")).decode("utf-8", "surrogateescape")
        elif what < 0.6:
            at[last] = {"a": at[last]} if rng.random() < 0.5 else [at[last]] * rng.choice((1, 2, 30))
        else:
            at[last] = copy.deepcopy(rng.choice(_VALUES))  # else the next step would damage the choice itself
    return document


def _in_bytes(rng: random.Random, data: bytes) -> bytes:
    """One to four pieces lost, put in, doubled, exchanged or turned around."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        at, length = rng.randrange(len(data) + 1), rng.choice((0, 1, 1, 4, 8, 40))
        what = rng.random()
        if what < 0.2:
            data = data[:at] + data[at + max(1, length) :]
        elif what < 0.55:
            data = data[:at] + rng.choice(_PIECES) + data[at + rng.choice((0, 0, length)) :]
        elif what < 0.65:
            data = data[:at] + bytes((rng.randrange(256),)) + data[at + 1 :]
        elif what < 0.75:
            other = rng.randrange(len(data) + 1)
            data = data[:at] + data[other : other + rng.randrange(60)] + data[at:]
        elif what < 0.8:
            data = data[:at]
        else:
            data = _in_words(rng, data)
    return data


_WORD = re.compile(rb"\s+|[A-Za-z_]\w*|[-+]?\d+(?:\.\d+)?|.", re.DOTALL)


def _in_words(rng: random.Random, data: bytes) -> bytes:
    words = _WORD.findall(data)
    if not words:
        return rng.choice(_PIECES)
    at, other = rng.randrange(len(words)), rng.randrange(len(words))
    what = rng.random()
    if what < 0.3:
        words[at], words[other] = words[other], words[at]
    elif what < 0.6:
        words[at] = words[other]
    elif what < 0.8:
        words[at : at + 1] = words[at : at + 1] * rng.choice((0, 2, 3, 200))
    else:
        lines = data.split(b"\n")
        line = lines.pop(rng.randrange(len(lines)))
        for _ in range(rng.choice((0, 1, 2))):
            lines.insert(rng.randrange(len(lines) + 1), line)
        return b"\n".join(lines)
    return b"".join(words)


_BINARY = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff", b"GGUF", b"PK\x03\x04")


def _in_place(rng: random.Random, data: bytes) -> bytes:
    """One to four bytes replaced: formats that count bytes do not survive one more or less."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(changed))
        changed[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, (changed[at] + 1) % 256, (changed[at] - 1) % 256))
    return bytes(changed)


def damage(
    seed: str, files: Sequence[bytes], dump: Callable[[Any], bytes] | None, load: Callable[[bytes], Any]
) -> bytes:
    """One of the files, damaged: always the same for a seed. ``dump`` and ``load`` are those of its documents."""
    rng = random.Random(seed)
    data = rng.choice(files)
    what = rng.random()
    if what < 0.02:
        return rng.randbytes(rng.choice((0, 1, 20, 200)))
    if what < 0.03:
        return rng.choice((b"[", b"{", b'{"a":', b"(", b"[[", b"-", b" ")) * rng.choice((50, 2_000, 20_000))
    if dump is not None and what < 0.6:
        with suppress(ValueError, RecursionError):
            documents = [load(data)] if data.lstrip()[:1] in b"{[" or load is not json.loads else []
            if documents:
                ending = b"\n" if data.endswith(b"\n") else b""
                data = dump(_in_document(rng, documents[0])) + ending
                if rng.random() < 0.1:
                    data = _in_bytes(rng, data)
                return data
    if data.startswith(_BINARY) and what < 0.7:
        return _in_place(rng, data)
    if data.startswith(b"\x1f\x8b") and what < 0.9:
        return gzip.compress(_in_bytes(rng, gzip.decompress(data)), 1, mtime=0)
    return _in_bytes(rng, data)
