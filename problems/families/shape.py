"""Telling a large problem: the numbers are in the problem's data, the text says what each set and parameter means."""

from __future__ import annotations

from collections.abc import Mapping

from ...feasibility.language.formulation import Data, Parameter
from .prose import Voice, capitalized


def describe(voice: Voice, data: Data, sets: Mapping[str, str], parameters: Mapping[str, str]) -> str:
    """Name every set and parameter of the data, with its size and meaning, in one of several manners.

    ``sets`` maps a set's name to what its members are (``"the plants"``); ``parameters`` maps a name to what one
    number means (``"hours one tonne takes on a machine"``), with alternatives in brackets if one likes.
    """
    parameters = {name: voice.phrase(meaning) for name, meaning in parameters.items()}
    names = voice.words.shuffled(list(sets)) + voice.words.shuffled(list(parameters))
    manner = voice.words.pick(("prose", "bullets", "table", "glossary"))
    spelled = {
        name: _set_words(voice, data.sets[name], sets[name])
        if name in sets
        else _parameter_words(voice, data.parameters[name], parameters[name])
        for name in names
    }
    lead = voice.phrase(
        "[The numbers|All figures|The figures] [are in the attached data|come as data|are attached]",
        "[Attached|Enclosed] are [the figures|the data]",
        "[The data set|The data file] [holds|contains] [the following|these]",
        "[See|Take] the attached [file|data] for [numbers|all values]",
        "[A file with the numbers|The table of inputs] [comes with this|is supplied] [separately|along with this note]",
    )
    if manner == "prose":
        link = voice.pick("{n} is {m}", "`{n}` stands for {m}", "{n} gives {m}", "{n} holds {m}")
        pieces = [link.format(n=name, m=spelled[name]) for name in names]
        return f"{capitalized(lead)}: {'; '.join(pieces)}."
    if manner == "bullets":
        form = voice.pick("- {n}: {m}", "- `{n}`: {m}", "* {n} - {m}")
        return f"{capitalized(lead)}:\n" + "\n".join(form.format(n=name, m=spelled[name]) for name in names)
    if manner == "table":
        heads = voice.words.pick((("name", "meaning"), ("symbol", "what it is"), ("field", "contents")))
        rows = [f"| {name} | {spelled[name]} |" for name in names]
        return f"{capitalized(lead)}:\n| {heads[0]} | {heads[1]} |\n| --- | --- |\n" + "\n".join(rows)
    form = voice.pick("{n} = {m}", "{n} ... {m}", "{n} ({m})")
    return f"{capitalized(lead)}:\n" + "\n".join(form.format(n=name, m=spelled[name]) for name in names)


def _set_words(voice: Voice, members: tuple[str | int, ...], meaning: str) -> str:
    size = voice.digits(len(members))
    if len(members) == 1:
        return f"{meaning} (only one: {members[0]})"
    return voice.phrase(
        "{meaning} ({size} of them, {first} to {last})",
        "{meaning}, {size} in [all|number]: {first}, {second}, ..., {last}",
        "a set of {size} [entries|names], {meaning} ({first}, {second} and so on)",
        "{meaning}: {size} [names|members], {first} ... {last}",
        "{first} up to {last}, [that is|i.e.] {meaning} ({size})",
        meaning=meaning,
        size=size,
        first=members[0],
        second=members[1],
        last=members[-1],
    )


def _parameter_words(voice: Voice, parameter: Parameter, meaning: str) -> str:
    if not parameter.index:
        return meaning + voice.phrase("", ", a single number", " (one value)")
    over = " and ".join(parameter.index) if len(parameter.index) > 1 else parameter.index[0]
    return meaning + voice.phrase(
        " (indexed by {over})", ", by {over}", ", one [number|value|entry] for each [pair|choice] of {over}"
        if len(parameter.index) > 1 else ", one [number|value|entry] [per|for each] member of {over}",
        " <{index}>", " (over {over})", "; {over} index it", ", per {over}",
        over=over, index=",".join(parameter.index),
    )  # fmt: skip
