"""From a resolved formulation to the sparse exact program: indices, sums and families written out.

``compile_program`` reports everything it finds, a finding for each kind of trouble in each constraint; ``build`` is
the short way from a formulation to its program for callers who want an exception instead.
"""

from __future__ import annotations

import sys
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from ..errors import PyriteError
from ..language.formulation import Data, Formulation, Variable
from ..language.grammar.syntax import Expression, ForClause, Member, RelationSyntax
from ..policy import Policy
from ..rationals import Exact, Fraction, simplify
from ..verdict import Finding
from .expansion import Expander
from .indexing import Trouble
from .pieces import Piece, Terms, describe, size
from .program import Column, Program, Quadratic, Row
from .written_before import MARGIN, WrittenBefore, WrittenOut

if TYPE_CHECKING:
    from ..language.names import Resolved

_BEFORE = WrittenBefore()

_OPPOSITE = {"<=": ">=", ">=": "<=", "==": "=="}


class Rejected(PyriteError):  # noqa: N818 - the name says what happened to the formulation
    """A formulation that does not become a program; ``findings`` says everything that is wrong."""

    def __init__(self, findings: list[Finding]) -> None:
        first = findings[0]
        place = f"{first.where}: " if first.where else ""
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        hint = f"; {first.hint}" if first.hint else ""
        super().__init__(f"{place}{first.message}{hint} [{first.code}]{more}")
        self.findings = findings


def build(formulation: Formulation, data: Data | None = None, policy: Policy | None = None) -> Program:
    """The program of a formulation over its own and the problem's data.

    Raises Rejected (a PyriteError) with the findings of stages 3 and 4.
    """
    from ..language.names import resolve

    policy = policy or Policy()
    resolved, findings = resolve(formulation, data or Data(), policy)
    if resolved is None:
        raise Rejected(findings)
    program, findings = compile_program(resolved, policy)
    if program is None:
        raise Rejected(findings)
    return program


def parse_formulation(text: str, policy: Policy | None = None) -> Formulation:
    """Read a formulation from JSON text: strictly, and against the schema. Raises Rejected."""
    from ..language.document.reading import read_json
    from ..language.document.schema import validate

    document, findings = read_json(text, policy or Policy())
    if not findings:
        findings = validate(document)
    if findings or document is None:
        raise Rejected(findings)
    return Formulation.from_dict(document)


def compile_program(resolved: Resolved, policy: Policy) -> tuple[Program | None, list[Finding]]:
    """Write out indices, sums and families. None exactly when there are findings (stages references and builds).

    Limits of the policy (rows, columns, terms, magnitude) are checked before anything large is written out.
    Convexity is not asked here.
    """
    return _Compiler(resolved, policy).run()


class _Compiler:
    def __init__(self, resolved: Resolved, policy: Policy) -> None:
        self.resolved, self.policy = resolved, policy
        self.findings: list[Finding] = []
        self.columns: list[Column] = []
        self.rows: list[Row] = []
        self.written = 0
        # Coefficients below the inverse of the largest magnitude are as far beyond what scaling can rescue for floats.
        self.limit = Fraction(min(policy.max_magnitude, sys.float_info.max))
        self.smallest = 1 / self.limit if self.limit else Fraction(0)
        # Numerators and denominators up to this long are within both limits, which is most of the checking.
        self.safe_bits = max(int(self.limit).bit_length() - 1, 0)
        self.tables: dict[str, dict[Any, int]] = {}
        self.expander = Expander(resolved.sets, resolved.parameters, resolved.variables, self.tables, policy.max_terms)

    def run(self) -> tuple[Program | None, list[Finding]]:
        if not self._write_columns():
            return None, self.findings
        objective = self._write_objective()
        for name, item in self.resolved.constraints.items():
            if not (item.plain and self._write_known(name, item.relation)):
                self._write_constraint(name, item.relation, item.family)
        if self.findings:
            return None, self.findings
        return Program(self.columns, self.rows, self.resolved.sense, objective), []

    # -- columns -------------------------------------------------------------------------------------------------

    def _write_columns(self) -> bool:
        sizes = {
            name: prod(len(self.resolved.sets[index]) for index in item.index)
            for name, item in self.resolved.variables.items()
        }
        total, limit = sum(sizes.values()), self.policy.max_columns
        if total > limit:
            name = max(sizes, key=lambda name: sizes[name])
            self._find(
                "too-many-columns",
                f"the variables write out to {total:,} columns ({name}: {sizes[name]:,}); the limit is {limit:,}",
                _pointer("variables", name),
            )
            return False
        if total == 0:
            self._find(
                "empty-program", "every variable is indexed by an empty set: there is nothing to decide", "/variables"
            )
            return False
        for name, item in self.resolved.variables.items():
            self._write_variable(name, item)
        return True

    def _write_variable(self, name: str, item: Variable) -> None:
        lower, upper = item.lower, item.upper
        if item.domain == "binary":
            lower = 0 if lower is None else max(lower, 0)
            upper = 1 if upper is None else min(upper, 1)
        for side, bound in (("lower", lower), ("upper", upper)):
            if bound is not None and size(bound) > self.limit:
                self._find(
                    "number-too-large",
                    f"the {side} bound of {name} is {describe(bound)}; solvers read such numbers as no bound",
                    _pointer("variables", name, side),
                    hint="leave the bound out if there is none",
                )
        table = self.tables[name] = {}
        columns, domain = self.columns, item.domain
        start = len(columns)
        if not item.index:
            table[()] = start
            columns.append(Column(name, domain, lower, upper, name))
            return
        sets = [self.resolved.sets[index] for index in item.index]
        labels = product(*[[str(member) for member in members] for members in sets])
        for members, label in zip(product(*sets), labels, strict=True):
            columns.append(Column(f"{name}[{','.join(label)}]", domain, lower, upper, name, members))
        keys: Any = sets[0] if len(sets) == 1 else product(*sets)
        table.update(zip(keys, range(start, len(columns)), strict=True))

    # -- objective -----------------------------------------------------------------------------------------------

    def _write_objective(self) -> Quadratic:
        expression = self.resolved.objective
        if expression is None:
            return Quadratic()
        where = "/objective/expression"
        if self.resolved.plain and (known := self._known(expression)) is not None:
            return known[1]
        try:
            piece = self.expander.compile(expression, {})
            self.expander.allow(piece.terms, piece.tries, "the objective")
            into = Terms()
            piece.emit([None] * self.expander.lookup.width, 1, into)
            body = self._finish(into)
            self._large("the constant", body.constant)
            return body
        except Trouble as trouble:
            self._report(trouble, where)
            return Quadratic()

    # -- trees that were written out before -----------------------------------------------------------------------

    def _known(self, tree: Expression | RelationSyntax) -> tuple[WrittenOut, Quadratic] | None:
        """What the tree writes out to; None where that is not known, or goes over a limit (others say which)."""
        written = self.written
        if written + MARGIN > self.policy.max_terms or (known := _BEFORE.of(tree)) is None:
            return None
        tables = self.tables
        into = Terms()
        into.linear = {tables[name][()]: value for name, value in known.linear}
        into.constant = known.constant
        try:
            body = self._finish(into)
            for number in (body.constant, known.lower or 0, known.upper or 0):
                self._large("", number)
        except Trouble:
            self.written = written
            return None
        return known, body

    def _write_known(self, name: str, relation: RelationSyntax) -> bool:
        """The row of a plain relation; False when it must be compiled."""
        if len(self.rows) >= self.policy.max_rows or (found := self._known(relation)) is None:
            return False
        known, body = found
        self.rows.append(Row(name, body, known.lower, known.upper, name))
        return True

    # -- constraints ---------------------------------------------------------------------------------------------

    def _write_constraint(self, name: str, relation: RelationSyntax, family: ForClause | None) -> None:
        where = _pointer("constraints", name) + ("/expression" if family else "")
        expander = self.expander
        try:
            if family is None:
                sides = _Sides(relation, [expander.compile(term, {}) for term in relation.terms])
                expander.allow(self.written + sides.terms, sides.tries, "the formulation")
                self._write_row(name, name, (), sides, [None] * expander.lookup.width)
                return
            scope, _, sets, test = expander.lookup.loops(family.generators, family.condition, {})
            count = prod(map(len, sets))
            if test is None and len(self.rows) + count > self.policy.max_rows:
                raise Trouble(
                    "too-many-rows", f"{name} writes out to {count:,} rows; the limit is {self.policy.max_rows:,}"
                )
            sides = _Sides(relation, [expander.compile(term, scope) for term in relation.terms])
            surely = 0 if test else count * sides.terms
            expander.allow(self.written + surely, count * sides.tries, f"with {name} the formulation")
            expander.spend(count)
        except Trouble as trouble:
            self._report(trouble, where)
            return
        env: list[Any] = [None] * expander.lookup.width
        troubles: dict[tuple[str, int | None], tuple[Trouble, str, int]] = {}
        for members, label in zip(product(*sets), product(*map(_labels, sets)), strict=True):
            env[: len(members)] = members
            try:
                if test is None or test(env):
                    self._write_row(f"{name}[{','.join(label)}]", name, members, sides, env)
            except Trouble as trouble:
                kind = (trouble.code, trouble.node.at if trouble.node else None)
                first, row, seen = troubles.get(kind, (trouble, f"{name}[{','.join(label)}]", 0))
                troubles[kind] = (first, row, seen + 1)
                if trouble.code in ("too-many-rows", "too-many-terms"):
                    break
        for first, row, seen in troubles.values():
            self._report(first, where, row, seen - 1)

    def _write_row(
        self, name: str, constraint: str, members: tuple[Member, ...], sides: _Sides, env: list[Any]
    ) -> None:
        if len(self.rows) >= self.policy.max_rows:
            raise Trouble("too-many-rows", f"there are more than {self.policy.max_rows:,} rows")
        into = Terms()
        lower, upper = sides.write(env, into)
        body = self._finish(into)
        for bound in (lower, upper):
            if bound is not None:
                self._large("the right-hand side", bound)
        body.constant = 0
        self.rows.append(Row(name, body, lower, upper, constraint, members))

    def _finish(self, into: Terms) -> Quadratic:
        """Whole coefficients as ints, zeros dropped, sizes checked."""
        self.written += len(into.linear) + len(into.quadratic)
        if self.written > self.policy.max_terms:
            raise Trouble("too-many-terms", f"there are more than {self.policy.max_terms:,} terms")
        linear = self._tidy(into.linear)
        quadratic = self._tidy(into.quadratic) if into.quadratic else {}
        return Quadratic(linear, quadratic, simplify(into.constant))

    def _tidy(self, terms: dict[Any, Exact]) -> dict[Any, Exact]:
        bits = self.safe_bits
        for value in terms.values():
            if type(value) is int:
                if value and value.bit_length() <= bits:
                    continue
            elif value.denominator != 1 and value.numerator.bit_length() <= bits >= value.denominator.bit_length():
                continue
            break
        else:
            return terms
        tidy = {key: simplify(value) for key, value in terms.items() if value != 0}
        for key, value in tidy.items():
            if size(value) > self.limit:
                self._large(f"the coefficient of {self._named(key)}", value)
            if size(value) < self.smallest:
                raise Trouble(
                    "number-too-small",
                    f"the coefficient of {self._named(key)} is {describe(value)}, which solvers cannot tell from zero",
                    hint="measure in other units",
                )
        return tidy

    def _large(self, what: str, value: Exact) -> None:
        if size(value) > self.limit:
            raise Trouble(
                "number-too-large",
                f"{what} is {describe(value)}, more than {float(self.limit):g}",
                hint="measure in other units",
            )

    def _named(self, key: int | tuple[int, int]) -> str:
        if isinstance(key, int):
            return self.columns[key].name
        return "*".join(self.columns[j].name for j in key)

    # -- findings ------------------------------------------------------------------------------------------------

    def _find(self, code: str, message: str, where: str, hint: str = "") -> None:
        self.findings.append(Finding(code, message, where, hint=hint))

    def _report(self, trouble: Trouble, where: str, row: str = "", more: int = 0) -> None:
        message = f"{row}: {trouble.message}" if row else trouble.message
        if more:
            message += f" (and {more:,} more row{'s' if more > 1 else ''})"
        node = trouble.node
        self.findings.append(
            Finding(trouble.code, message, where, node.at if node else None, node.end if node else None, trouble.hint)
        )


class _Sides:
    """The sides of a relation compiled: which part holds the variables, which parts are the bounds."""

    def __init__(self, relation: RelationSyntax, pieces: list[Piece]) -> None:
        self.terms, self.tries = sum(piece.terms for piece in pieces), sum(piece.tries for piece in pieces)
        self.operators: tuple[str, ...] = relation.operators
        if len(pieces) == 3:
            for term, piece in zip(relation.terms[::2], pieces[::2], strict=True):
                if piece.value is None:
                    raise Trouble(
                        "chain-with-variables",
                        "in a chain `low <= expression <= high` only the middle may hold variables",
                        term,
                        "write two constraints",
                    )
            self.body = [(1, pieces[1])]
            self.bounds = [pieces[0], pieces[2]]
            # `low <= e` reads as `e >= low`
            self.operators = (_OPPOSITE[relation.operators[0]], relation.operators[1])
        elif pieces[0].value is not None and pieces[1].value is None:
            self.body, self.bounds = [(1, pieces[1])], [pieces[0]]
            self.operators = (_OPPOSITE[relation.operators[0]],)
        elif pieces[1].value is not None:
            self.body, self.bounds = [(1, pieces[0])], [pieces[1]]
        else:
            self.body, self.bounds = [(1, pieces[0]), (-1, pieces[1])], []

    def write(self, env: list[Any], into: Terms) -> tuple[Exact | None, Exact | None]:
        """Collect the body's terms; the row's lower and upper bound with the body's constant moved over."""
        for sign, piece in self.body:
            piece.emit(env, sign, into)
        lower: Exact | None = None
        upper: Exact | None = None
        for position, operator in enumerate(self.operators):
            bound: Exact = 0
            if self.bounds:
                value = self.bounds[position].value
                assert value is not None
                bound = value(env)
            bound = simplify(bound - into.constant)
            if operator != "<=":
                lower = bound if lower is None else max(lower, bound)
            if operator != ">=":
                upper = bound if upper is None else min(upper, bound)
        return lower, upper


def _labels(members: tuple[Member, ...]) -> list[str]:
    return [str(member) for member in members]


def _pointer(*parts: str) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)
