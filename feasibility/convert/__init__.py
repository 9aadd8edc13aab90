"""Conversion between Pyrite's own JSON, MathOptFormat, LP and MPS.

Linear, integer and quadratic parts are carried without loss: writing and reading gives an equal program, number for
number (``common`` says how numbers and names are kept). What cannot be carried is refused by its name in the format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from ..errors import PyriteError
from ..policy import Policy
from ..programs.program import Program
from .common import Notes, Unsupported, plain
from .flat import to_formulation

__all__ = [
    "FORMATS",
    "Converted",
    "Format",
    "Notes",
    "Unsupported",
    "convert",
    "format_of",
    "plain",
    "read",
    "to_formulation",
    "write",
]

Format: TypeAlias = Literal["json", "mof", "lp", "mps"]
FORMATS: tuple[Format, ...] = get_args(Format)
_SUFFIXES: dict[str, Format] = {
    ".mof.json": "mof",
    ".mof": "mof",
    ".json": "json",
    ".lp": "lp",
    ".mps": "mps",
    ".qps": "mps",
}


_LONG = Policy(max_output_chars=10**9, max_expression_chars=10**9)


@dataclass(frozen=True, slots=True)
class Converted:
    """A conversion's result: the text, the program it says, and notes on what a person should know."""

    text: str
    program: Program
    notes: tuple[str, ...]


def format_of(name: str) -> Format:
    """The format that a file's suffix says, ``.gz`` left aside. Raises PyriteError for any other."""
    plain_name = name.lower().removesuffix(".gz")
    for suffix, found in _SUFFIXES.items():
        if plain_name.endswith(suffix):
            return found
    raise PyriteError(f"{name}: the suffix says no format; use {', '.join(_SUFFIXES)}, or --from / --to")


def read(text: str, source: Format, policy: Policy | None = None, notes: Notes | None = None) -> Program:
    """The program that a text in this format says. Raises Unsupported, Rejected or PyriteError.

    Without a policy, texts of any length are read: a person converts files of their own.
    """
    policy, notes = policy or _LONG, Notes() if notes is None else notes
    if source == "json":
        from ..programs.compiling import build, parse_formulation

        return build(parse_formulation(text, policy), policy=policy)
    if source == "mof":
        from .mof import read_mof

        return read_mof(text, notes, policy)
    if source == "lp":
        from .lp_reading import read_lp

        return read_lp(text, notes)
    from .mps_reading import read_mps

    return read_mps(text, notes)


def write(program: Program, target: Format, notes: Notes | None = None) -> str:
    """The program as text in this format. Raises Unsupported."""
    notes = Notes() if notes is None else notes
    if target == "json":
        from .flat import formulation_text

        return formulation_text(to_formulation(program, notes), notes)
    if target == "mof":
        from .mof import write_mof

        return write_mof(program, notes)
    if target == "lp":
        from .lp import write_lp

        return write_lp(program, notes)
    from .mps import write_mps

    return write_mps(program, notes)


def convert(text: str, source: Format, target: Format, policy: Policy | None = None) -> Converted:
    """From one format to another, by way of the exact program."""
    notes = Notes()
    program = read(text, source, policy, notes)
    return Converted(write(program, target, notes), program, tuple(notes.lines))
