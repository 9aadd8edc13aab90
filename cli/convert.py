"""``pyrite convert``: own JSON to and from MathOptFormat, LP and MPS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..feasibility.disk import export_whole
from ..feasibility.errors import PyriteError
from .console import note, print_json, read_text

if TYPE_CHECKING:
    from ..feasibility.convert import Format

_FORMATS = "json, mof, lp or mps"


def register(app: typer.Typer) -> None:
    """Add ``convert``."""
    app.command("convert")(convert_command)


def convert_command(
    source: Annotated[
        str, typer.Argument(metavar="IN", help="A .json, .mof.json, .lp, .mps (.qps, .gz) or .py file, or -.")
    ],
    target: Annotated[str, typer.Argument(metavar="OUT", help="The file to write, or - for standard output.")],
    from_format: Annotated[str | None, typer.Option("--from", help=f"{_FORMATS}; else by IN's suffix.")] = None,
    to_format: Annotated[str | None, typer.Option("--to", help=f"{_FORMATS}; else by OUT's suffix.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What was converted, as JSON.")] = False,
) -> None:
    """Convert a model: its linear, integer and quadratic parts, number for number. What a format lacks is refused."""
    from ..feasibility.convert import convert

    if as_json and target == "-":
        raise PyriteError("--json and OUT - both want standard output; name a file")
    writes = _format(target, to_format, "--to")
    text = read_text(source)
    program_text = source.lower().endswith((".py", ".ipynb")) and from_format is None
    reads = "json" if program_text else _format(source, from_format, "--from")
    if program_text:
        text = _recorded(source, text)
    try:
        done = convert(text, reads, writes)
    except PyriteError as error:
        raise PyriteError(f"{'standard input' if source == '-' else source}: {error.message}") from error
    # A recorded formulation has indexed variables, which going through the program would write out.
    written, remarks = (text, ()) if program_text and writes == "json" else (done.text, done.notes)
    for line in remarks:
        note(f"pyrite: {line}")
    if target == "-":
        sys.stdout.write(written)
    else:
        export_whole(target, written)
    program = done.program
    if as_json:
        document = {
            "from": "program" if program_text else reads,
            "to": writes,
            "columns": len(program.columns),
            "rows": len(program.rows),
            "integers": sum(column.is_integer for column in program.columns),
            "quadratic": program.is_quadratic or program.is_nonlinear,
            "notes": list(remarks),
        }
        print_json(document)
    elif target != "-":
        note(f"{target}: {len(program.columns):,} variables, {len(program.rows):,} constraints")


def _recorded(source: str, program: str) -> str:
    """The formulation that a program declares, as JSON; recorded in a process of its own."""
    from ..feasibility.recording import record, require_sandbox
    from ..feasibility.workers.apart import run_apart

    require_sandbox()
    recording = run_apart(record, program)
    if recording.formulation is None:
        assert recording.trouble is not None
        raise PyriteError(f"{source}: {recording.trouble.message} ({recording.trouble.code})")
    for line in recording.notes:
        note(f"pyrite: {line}")
    return recording.formulation.to_json(indent=2) + "\n"


def _format(path: str, given: str | None, option: str) -> Format:
    from ..feasibility.convert import FORMATS, format_of

    if given is None:
        if path == "-":
            raise PyriteError(f"- has no suffix: say {option} {_FORMATS}")
        return format_of(path)
    for known in FORMATS:
        if given.lower() == known:
            return known
    raise PyriteError(f"{option} is {_FORMATS}, not {given!r}")
