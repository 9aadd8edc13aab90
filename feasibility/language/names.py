"""Stage 3: every name is declared once and used with the right indices, and every expression reads by the grammar.

All problems of a formulation are reported, not only the first. Nothing is written out here: the time is linear in the
text of the formulation and its data, however many combinations of indices they stand for. What only shows when sums
and families are written out (a value that is missing, an index that leaves its set) is found in ``compiling``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from ..errors import PyriteError
from ..policy import Policy
from ..verdict import Finding
from .document.reading import MAX_FINDINGS
from .formulation import Data, Formulation, Parameter, Sense, Values, Variable
from .grammar.cursor import ExpressionError
from .grammar.parsing import parse_family
from .grammar.syntax import Expression, ForClause, Member, RelationSyntax
from .grammar.tokens import RESERVED
from .known_texts import SHORT, KnownTexts
from .suggestions import closest, escape, shorten
from .usage import Symbols, Usage


@dataclass(frozen=True, slots=True)
class ResolvedConstraint:
    """A constraint with its trees; ``family`` is None when it is a single relation.

    ``plain``: it is a single relation over variables without an index, in numbers and arithmetic.
    """

    relation: RelationSyntax
    family: ForClause | None = None
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """A formulation whose expressions are parsed and whose names are all known; sets and parameters of the problem's
    data stand beside its own. ``objective`` is None exactly when the sense is feasibility, and ``plain`` as a
    constraint may be.
    """

    sets: Mapping[str, tuple[Member, ...]]
    parameters: Mapping[str, Parameter]
    variables: Mapping[str, Variable]
    sense: Sense
    objective: Expression | None
    constraints: Mapping[str, ResolvedConstraint] = field(default_factory=dict)
    plain: bool = False


def resolve(
    formulation: Formulation, data: Data | None = None, policy: Policy | None = None
) -> tuple[Resolved | None, list[Finding]]:
    """Parse every expression and check every name. None exactly when there are findings (``MAX_FINDINGS`` at most).

    ``formulation`` must come from a document that is valid against the schema. Raises PyriteError when the problem's
    ``data`` itself is wrong, which no output can be blamed for.
    """
    data, policy = data or Data(), policy or Policy()
    _require_good(data)
    findings: list[Finding] = []
    _collect(findings, _declarations(formulation, data))
    symbols = Symbols(
        sets={**data.sets, **formulation.sets},
        parameters={**data.parameters, **formulation.parameters},
        variables=formulation.variables,
    )
    _collect(findings, _indices(symbols, formulation.variables, "/variables"))
    for name, parameter in formulation.parameters.items():
        _collect(findings, _indices(symbols, {name: parameter}, "/parameters"))
        _collect(findings, _values(symbols, parameter, f"/parameters/{name}/values"))
    texts = KnownTexts(policy)
    scalars = frozenset(name for name, variable in formulation.variables.items() if not variable.index)
    objective: Expression | None = None
    plain = False
    if formulation.objective.expression is not None:
        try:
            read = texts.expression(formulation.objective.expression)
        except ExpressionError as error:
            findings.append(replace(error.finding, where="/objective/expression"))
        else:
            objective = read.tree
            # Nothing can be wrong with the names of such a tree, which is most of what models write.
            plain = read.names is not None and read.names <= scalars
            if not plain:
                findings.extend(Usage(symbols, "/objective/expression").objective(objective))
    constraints: dict[str, ResolvedConstraint] = {}
    for name, item in formulation.constraints.items():
        if len(findings) >= MAX_FINDINGS:
            break
        if item.over is None and (known := _plain(texts, item.expression, scalars)) is not None:
            constraints[name] = ResolvedConstraint(known, plain=True)
            continue
        where = f"/constraints/{escape(name)}"
        relation: RelationSyntax | None = None
        family: ForClause | None = None
        try:
            family = None if item.over is None else parse_family(item.over, policy)
        except ExpressionError as error:
            findings.append(replace(error.finding, where=f"{where}/for"))
        inside = where if item.over is None else f"{where}/expression"
        try:
            relation = texts.relation(item.expression).tree
        except ExpressionError as error:
            findings.append(replace(error.finding, where=inside))
        if item.over is not None and family is None:
            continue  # without its loops, every bound name of the relation would be blamed too
        findings.extend(Usage(symbols, inside).constraint(relation, family, f"{where}/for"))
        if relation is not None:
            constraints[name] = ResolvedConstraint(relation, family)
    if findings:
        return None, findings[:MAX_FINDINGS]
    resolved = Resolved(
        symbols.sets, symbols.parameters, symbols.variables, formulation.objective.sense, objective, constraints, plain
    )
    return resolved, []


def _plain(texts: KnownTexts, text: str, scalars: frozenset[str]) -> RelationSyntax | None:
    """The relation, when it reads, is no chain (whose ends hold no variables), and all its names are ``scalars``."""
    if len(text) > SHORT:
        return None
    try:
        read = texts.relation(text)
    except ExpressionError:
        return None
    good = read.names is not None and read.names <= scalars and len(read.tree.terms) == 2
    return read.tree if good else None


def check_data(data: Data) -> list[Finding]:
    """What is wrong with the sets and parameters of a problem; pointers are relative to its ``data``."""
    symbols = Symbols(sets=data.sets, parameters=data.parameters, variables={})
    findings: list[Finding] = []
    _collect(findings, _names({"sets": data.sets, "parameters": data.parameters}))
    _collect(findings, _members(data.sets))
    _collect(findings, _indices(symbols, data.parameters, "/parameters"))
    for name, parameter in data.parameters.items():
        _collect(findings, _values(symbols, parameter, f"/parameters/{name}/values"))
    return findings


def _collect(findings: list[Finding], more: Iterator[Finding]) -> None:
    """Take over as many as are reported; what is not taken is never worked out."""
    findings.extend(islice(more, MAX_FINDINGS - len(findings)))


_checked: OrderedDict[int, tuple[Data, list[Finding]]] = OrderedDict()
"""Data that was checked lately, by identity: a problem's table is checked once, not once an output."""


def _require_good(data: Data) -> None:
    if not data.sets and not data.parameters:
        return
    known = _checked.get(id(data))
    if known is None or known[0] is not data:
        known = _checked[id(data)] = (data, check_data(data))
        if len(_checked) > 8:
            _checked.popitem(last=False)
    if known[1]:
        first = known[1][0]
        raise PyriteError(f"the problem's data is wrong at {first.where}: {first.message} [{first.code}]")


def _declarations(formulation: Formulation, data: Data) -> Iterator[Finding]:
    """Names of the formulation: allowed, each said once, and not said otherwise by the problem's data."""
    own: dict[str, Mapping[str, object]] = {
        "sets": formulation.sets,
        "parameters": formulation.parameters,
        "variables": formulation.variables,
    }
    yield from _names(own)
    given: dict[str, Mapping[str, object]] = {"sets": data.sets, "parameters": data.parameters}
    for kind, items in own.items():
        for name in items:
            for other, values in given.items():
                if name not in values:
                    continue
                if kind != other:
                    yield Finding(
                        "duplicate-name",
                        f"{shorten(name)} already names one of the problem's {other}",
                        f"/{kind}/{name}",
                        hint="choose another name",
                    )
                elif not _same(items[name], values[name]):
                    yield Finding(
                        "conflicting-data",
                        f"{shorten(name)} is not what the problem's data says",
                        f"/{kind}/{name}",
                        hint="leave it away: the problem's data is there without being restated",
                    )
    yield from _members(formulation.sets)


def _same(own: object, given: object) -> bool:
    """Whether a set (in any order) or a parameter is restated as it is given."""
    if isinstance(own, tuple) and isinstance(given, tuple):
        return own == given or (len(own) == len(given) and set(own) == set(given))
    return own == given


def _names(kinds: Mapping[str, Mapping[str, object]]) -> Iterator[Finding]:
    """No word of the grammar as a name, and no name for two things."""
    seen: dict[str, str] = {}
    for kind, items in kinds.items():
        for name in items:
            if name in RESERVED:
                message = f"{name!r} is a word of the grammar"
                yield Finding("reserved-name", message, f"/{kind}/{name}", hint="choose another name")
            if name in seen:
                message = f"{shorten(name)} is declared under {seen[name]!r} and under {kind!r}"
                yield Finding("duplicate-name", message, f"/{kind}/{name}", hint="give each thing its own name")
            seen.setdefault(name, kind)


def _members(sets: Mapping[str, tuple[Member, ...]]) -> Iterator[Finding]:
    """Members are unique, also when written as the keys of values: 1 and "1" cannot be told apart there."""
    for name, members in sets.items():
        written = set(map(str, members))
        if len(written) == len(members):
            continue
        seen: set[str] = set()
        for place, member in enumerate(members):
            if str(member) in seen:
                message = f"the set {shorten(name)} has the member {shorten(str(member))} twice"
                yield Finding("duplicate-member", message, f"/sets/{name}/{place}", hint="list each member once")
            seen.add(str(member))


def _indices(
    symbols: Symbols, items: Mapping[str, Variable] | Mapping[str, Parameter], where: str
) -> Iterator[Finding]:
    """The sets of an index are declared."""
    for name, item in items.items():
        for place, set_name in enumerate(item.index):
            if set_name not in symbols.sets:
                yield symbols.no_set(set_name, f"{where}/{name}/index/{place}")


def _values(symbols: Symbols, parameter: Parameter, where: str) -> Iterator[Finding]:
    """One level of keys for each index, and every key a member. Missing combinations are no fault here."""
    if not all(name in symbols.sets for name in parameter.index):
        return
    todo: list[tuple[Values, int, str]] = [(parameter.values, 0, where)]
    while todo:
        values, level, where = todo.pop()
        if level == len(parameter.index):
            if isinstance(values, Mapping):
                deep = f"{level} deep" if level else "no levels"
                message = f"the values have more levels than the index: {deep} is right"
                yield Finding("values-shape", message, where, hint="one level of keys for each set in the index")
            continue
        set_name = parameter.index[level]
        if not isinstance(values, Mapping):
            message = f"a number stands where a map over {set_name!r} is needed"
            yield Finding("values-shape", message, where, hint="one level of keys for each set in the index")
            continue
        written = symbols.written(set_name)
        if not values.keys() <= written:
            for key in values:
                if key not in written:
                    message = f"the key {shorten(key)} is not a member of {set_name!r}"
                    hint = closest(key, written) or "add it to the set, or remove the value"
                    yield Finding("unknown-key-member", message, f"{where}/{escape(key)}", hint=hint)
        if level + 1 == len(parameter.index) and not any(isinstance(value, Mapping) for value in values.values()):
            continue
        for key in reversed(list(values)):
            if key in written:
                todo.append((values[key], level + 1, f"{where}/{escape(key)}"))
