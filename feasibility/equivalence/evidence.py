"""What a comparison says and the evidence for it: plain data, exact numbers.

Certificates speak about claims ``body(x) <= limit`` over the plans of a source program. A lower side is the claim for
the negated body. Multipliers combine rows and columns of the source: a positive one uses the upper side, a negative
one the lower side; the combination equals the claim's body and its bound stays within the limit.
Where one combination does not reach, derived lines stand between: each is a combination of rows, columns and earlier
lines, rounded down on whole numbers (the derivations of VIPR: Cheung, Gleixner, Steffy 2017, arXiv 1611.08832).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..rationals import Exact, magnitude
from ..verdict import Proof
from .maps import Affine

Relation: TypeAlias = Literal["equivalent", "relaxation", "restriction", "incomparable", "objective-differs", "unknown"]
Side: TypeAlias = Literal["lower", "upper", "integer"]
ProofMethod: TypeAlias = Literal[
    "multipliers", "rounding", "integral", "empty", "crossed", "cases", "one-value", "thrift", "solver"
]
Scope: TypeAlias = Literal["this data", "all data"]
"""Of which data a relation speaks: of the numbers at hand, or of every instance of the same shape."""


Plans: TypeAlias = tuple[tuple[Exact, ...] | None, tuple[Exact, ...] | None]
"""A plan of A and one of B that are known from elsewhere; what is none is of no use and does no harm."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is claimed: a side of a row of the target program, or a bound or the integrality of one of its columns."""

    kind: Literal["row", "column", "objective"]
    number: int
    side: Side


@dataclass(frozen=True, slots=True)
class Certificate:
    """Why every plan of the source keeps the target.

    - multipliers: ``rows``/``columns`` combine to the claim's body.
    - rounding: the same for the body times ``factor`` (a positive integer that makes it whole-numbered on whole-number
      columns); the bound may be rounded down (Chvatal-Gomory).
    - integral: the image minus ``rows`` (multiples of equality rows) has whole coefficients on whole-number columns.
    - empty: the source has no plan: the multipliers combine to 0 <= a negative number (limit is ignored).
    - crossed: the source has no plan: the row or column named has its lower side above its upper side.
    - cases: a column of whole numbers is at most ``at`` or at least one more: either case has its certificate.
    - one-value: the image of a column is the same whole number at every plan. Under ``cases`` the column is whole.
    - thrift: what a row or its own end holds the objective's only column by, put in its place, has its certificate, in
      the order of the rows and its end last (``parts``): so the claim holds where that column is at its best.
    - solver: a mixed-integer search found no plan beyond the limit; not re-checkable here.

    ``products`` are multipliers of inequalities of second order, whose products cancel in the combination.
    """

    target: Target
    method: ProofMethod
    rows: dict[int, Exact] = field(default_factory=dict)
    columns: dict[int, Exact] = field(default_factory=dict)
    factor: Exact = 1
    lines: dict[int, Exact] = field(default_factory=dict)
    products: dict[int, Exact] = field(default_factory=dict)
    cases: Cases | None = None
    parts: tuple[Certificate, ...] = ()
    single: OneValue | None = None


@dataclass(frozen=True, slots=True)
class Cases:
    """A proof for ``column <= at`` and one for ``column >= at + 1``: of the claim, or that there is no such plan."""

    column: int
    at: Exact
    below: Certificate
    above: Certificate


@dataclass(frozen=True, slots=True)
class OneValue:
    """The whole number that a form is, with a proof that it is at most that and one that it is at least that."""

    value: Exact
    above: Certificate
    below: Certificate


@dataclass(frozen=True, slots=True)
class Product:
    """A side of a row or bound of the source, times a column or what this lacks to 1: an inequality of second order.

    ``side`` is read as ``limit - body >= 0``, and ``times`` (None: 1) lies between 0 and 1 by its bounds; an equation
    may be multiplied by any column. The square of a column of whole numbers between 0 and 1 is the column itself
    (Sherali, Adams 1990: reformulation and linearisation).
    """

    side: Target
    times: int | None = None
    complement: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A derived inequality over the source's columns: the combination's body, at most its bound rounded down.

    Every coefficient of the body is whole and stands on a whole-number column (Chvatal 1973); ``lines`` come earlier.
    """

    rows: dict[int, Exact] = field(default_factory=dict)
    columns: dict[int, Exact] = field(default_factory=dict)
    lines: dict[int, Exact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Witness:
    """A plan of the source whose image breaks the target.

    ``plan`` is over the source's own columns (before any are read together), ``image`` over the target's after merging
    (None where the target has an auxiliary column whose value is open). When ``slice_certificate`` is given, the target
    with its plan columns fixed at the image is infeasible by those multipliers, whatever the open columns do.
    """

    plan: tuple[Exact, ...]
    image: tuple[Exact | None, ...]
    target: Target
    value: Exact
    limit: Exact
    slice_certificate: Certificate | None = None

    @property
    def excess(self) -> Exact:
        """By how much the limit is passed (for integrality: the distance to the nearest whole number)."""
        return magnitude(self.value - self.limit)


@dataclass(frozen=True, slots=True)
class Containment:
    """Whether every plan of the source is a plan of the target. ``lines`` and ``products`` are derived from the source.

    ``tight`` adds products up to 0 <= 0: each of them then holds as an equation, and may be used with either sign.
    """

    status: Literal["proved", "refuted", "unknown"]
    certificates: tuple[Certificate, ...] = ()
    witness: Witness | None = None
    proof: Proof | None = None
    code: str | None = None
    message: str = ""
    lines: tuple[Line, ...] = ()
    products: tuple[Product, ...] = ()
    tight: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """Whether both objectives rank plans alike, both read as costs (a maximised objective is negated).

    - same: ``scale * cost_a + constant`` equals ``cost_b``: certificates for "at most" on B's plans and "at least" on
      A's, none of them a search's word. ``scale`` is None only where there is no plan to prefer.
    - differs: ``better`` and ``worse`` are plans of B's own columns; A's cost says better < worse, B's does not (or the
      reverse when ``strict_in`` is "b"). ``least`` names the sides with open columns in their objective, for which
      the certificates, in this order, show that reading a plan there and back never costs more.
    """

    status: Literal["same", "differs", "unknown"]
    scale: Exact | None = None
    constant: Exact = 0
    certificates: tuple[Certificate, ...] = ()
    least: tuple[Literal["a", "b"], ...] = ()
    better: tuple[Exact, ...] = ()
    worse: tuple[Exact, ...] = ()
    strict_in: Literal["a", "b"] = "a"
    proof: Proof | None = None
    code: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Merge:
    """Columns of one program read as one: ``merged = sum weights[j] x_j``.

    Exact because the columns are parallel everywhere and their weighted ranges cover every value of the merged range.
    Rows that hold one of these columns alone are read as its bounds first; they stay, emptied, so that numbers hold.
    """

    weights: dict[int, Exact]
    name: str


@dataclass(frozen=True, slots=True)
class Correspondence:
    """How plans of A and B are read as each other.

    ``forward[k]`` gives column k of B from A's columns, ``backward[j]`` column j of A from B's; None where an auxiliary
    column has no formula. ``a_open``/``b_open`` are columns without partner, which are no part of the plan: the checker
    sees which of them their own model's equations determine, and which are left to the objective.
    The programs are A and B after ``a_merges`` and ``b_merges`` (merged columns come last, their parts are gone).
    """

    forward: tuple[Affine | None, ...]
    backward: tuple[Affine | None, ...]
    source: str
    a_open: frozenset[int] = frozenset()
    b_open: frozenset[int] = frozenset()
    a_merges: tuple[Merge, ...] = ()
    b_merges: tuple[Merge, ...] = ()
    reductions: tuple[str, ...] = ()
    """What was reduced on the way to the pairing, in words."""


@dataclass(frozen=True, slots=True)
class RangeEnd:
    """The end of a column's range: a plan that reaches it and the certificate that none goes further."""

    plan: tuple[Exact, ...]
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class NamedPair:
    """Columns of A and of B under one meaningful name: B's is ``scale`` times A's, 1 for whole numbers.

    Any other unit is what the upper (``sign`` 1) or lower ends of both ranges, ``first`` and ``second``, say.
    """

    ours: int
    theirs: int
    scale: Exact
    sign: Literal[1, -1] = 1
    first: RangeEnd | None = None
    second: RangeEnd | None = None


@dataclass(frozen=True, slots=True)
class NamedEvidence:
    """Why no correspondence that keeps the named ``pairs`` makes two programs the same.

    - plan: ``plan`` is one of ``side``, and the other side has none with the same named values: they pass the bounds of
      the named columns there (``certificate`` None), or the certificate shows its plans with these values to be none.
    - order: ``plan`` of ``side`` costs less than ``floor``, which by ``certificate`` every plan of that side with the
      named values of ``other`` costs at least; ``other``, a plan of the other side, costs no more than any plan there
      with the named values of ``plan``, by ``other_certificate``.
    """

    pairs: tuple[NamedPair, ...]
    kind: Literal["plan", "order"]
    side: Literal["a", "b"]
    plan: tuple[Exact, ...]
    certificate: Certificate | None = None
    other: tuple[Exact, ...] = ()
    other_certificate: Certificate | None = None
    floor: Exact = 0


@dataclass(frozen=True, slots=True)
class WholeEvidence:
    """Why the plans of ``side`` are steps and those of the other side are not.

    All columns of ``side`` are whole numbers, the other side has none that moves. ``plan`` and ``other`` are plans with
    other values of ``column``, a decision: it has a cost and an end where it is dear, and is parallel to no other.
    """

    side: Literal["a", "b"]
    column: int
    plan: tuple[Exact, ...]
    other: tuple[Exact, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What sets A's plans apart from B's whatever corresponds to what: ``ours`` and ``theirs`` say what each has.

    ``proof``: ``certified`` when the checker has seen ``evidence``, ``enumerated`` when all plans were listed, else the
    search's word.
    """

    kind: str
    ours: str
    theirs: str
    proof: Proof
    evidence: NamedEvidence | WholeEvidence | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The relation of A to B and its evidence.

    ``proof`` is certified only when every part of the relation is and the checker has seen it: ``checked`` pieces of
    evidence were re-checked, ``trusted`` rest on a solver's search. ``scope`` says of which data the relation speaks.
    """

    relation: Relation
    proof: Proof | None = None
    correspondence: Correspondence | None = None
    a_in_b: Containment | None = None
    b_in_a: Containment | None = None
    preference: Preference | None = None
    code: str | None = None
    message: str = ""
    difference: Difference | None = None
    seconds: float = 0.0
    scope: Scope = "this data"
    checked: int = 0
    trusted: int = 0
