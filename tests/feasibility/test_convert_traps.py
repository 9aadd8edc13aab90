"""One small text for each trap of LP and MPS: the optimum that HiGHS, SCIP, GLPK and CBC agree on, or a refusal."""

from __future__ import annotations

import pytest

from pyrite.feasibility.convert import Format, read, write
from pyrite.feasibility.convert.common import Notes
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.programs.program import Program
from pyrite.feasibility.solver.solving import solve


def optimum(program: Program) -> float | str:
    found = solve(program)
    return found.status if found.objective is None else float(found.objective)


LP = {
    "HiGHS's empty section": ("max\n x\nst\n x <= 4.5\ngen\n x\nsemi\nend\n", 4),
    "2x is 2 x": ("min\n obj: 2x + 3y\nst\n c1: x + y >= 4\n c2: 2x + y >= 5\nend\n", 8),
    "hexadecimal is none": ("min\n 0x10 + y\nst\n x10 + y >= 2\nend\n", 0),
    "infinite sides": ("max\n x + y\nst\n x + y <= 10\n x - y >= -inf\n x <= infinity\nend\n", 10),
    "sides of 1e20": ("max\n x + y\nst\n x + y <= 10\n x - y >= -1e20\n 1e30 >= x\nend\n", 10),
    "no line for st": ("min\n 3 x + 2 y + 7\nst x + y >= 2\nend\n", 11),
    "one line": ("Minimize obj: x + y Subject To c1: x + y >= 2 End\n", 2),
    "one line, all sections": ("Maximize x + y st x + y <= 7.5 bounds x <= 1.5 general y end", 7.5),
    "brackets": ("Max 8 x[0] + 10 x[1]\nst\n R0: 3 x[0] + 5 x[1] <= 80\nBounds x[0] <= 9\nGen x[0] x[1]\nEnd", 174),
    "brackets twice": ("min\n [ x[0]^2 + x[1]^2 ]/2\nst\n x[0] + x[1] >= 2\nend\n", 1),
    "a slash in a name": ("min\n x/2 + 2 y\nst\n x + y >= 2\nend\n", 0),
    "binary, then a bound": ("max\n x + y\nst\n x + y <= 7.5\nBinary\n y\nBounds\n x <= 1\n y <= 5\nEnd\n", 6),
    "a bound inside 0 and 1": ("min\n x + y\nst\n x + y >= 0.7\nbounds\n x <= 1\n y >= 0.5\nbinary\n y\nend\n", 1),
    "negative upper bound": ("min\n x\nst\n x + y >= -9\nbounds\n x <= -3\nend\n", "infeasible"),
    "the last bound counts": ("min\n x + y\nst\n x + y >= -20\nbounds\n x >= -5\n x >= -2\nend\n", -2),
    "two bounds in a line": ("min\n x + y\nst\n x + y >= -20\nbounds\n x <= 4 x >= -2\nend\n", -2),
    "a row begins with a plus": ("min\n x + y\nst\n x + y >= 2\n + y + x >= 3\nend\n", 3),
    "a row begins with a number": ("min\n x + y\nst\n x + y >= 2\n 3 y + x >= 9\nend\n", 3),
    "a constant on the left": ("min\n x\nst\n c: 3 + x >= 5\nend\n", 2),
    "signs": ("min\n 2 x - -y\nst\n c: x + -2 y >= -2\n d: x - - y >= 1\nend\n", 1),
    "repeated terms": ("min\n x + y + x\nst\n x + x + y >= 4\nend\n", 4),
    "names like exponents": ("min\n 3 e1 + y\nst\n e1 + y >= 2\nend\n", 2),
    "names like infinity": ("min\n nano + info\nst\n nano + info >= 2\nend\n", 2),
    "numbers as labels": ("min\n 1: x + y\nst\n 2: x + y >= 2\nend\n", 2),
    "an empty objective": ("min\n obj:\nst\n x >= 1\nend\n", 0),
    "other spaces end no comment": ("min\n x\nst\n\\ a \u2028 c9: x >= 5\n x >= 1\nend\n", 1),
}  # fmt: skip
LP_REFUSED = {
    "two names": ("max\n x1 x2\nst\n x1 + x2 <= 5\nend\n", "line 2: 'x1' 'x2': two names side by side"),
    "two names in a row": ("max\n x1\nst\n x1 x2 = 0\nend\n", "line 4: .*two names"),
    "two numbers": ("min\n 2 3 x\nst\n x >= 2\nend\n", "line 2: .*two numbers"),
    "no sign": ("min\n 2 x 3 y\nst\n x >= 2\nend\n", "line 2: .*a name and a number"),
    "two rows in a line": ("min\n x\nst\n x >= 2 3 y + x >= 3\nend\n", "line 4: .*two numbers"),
    "a row after a name": ("min\n x\nst\n x >= 2 y + x >= 3\nend\n", "line 4: .*only the middle"),
    "four sides": ("min\n x\nst\n 1 <= x <= 5 <= 9\nend\n", "line 4: a row has one or two relations"),
    "a range of both kinds": ("min\n x\nst\n 1 <= x >= 5\nend\n", "line 4: .*is no range"),
    "bounds of both kinds": ("min\n x\nst\n x >= 1\nbounds\n 1 <= x >= 0\nend\n", "line 6: .*do not form a range"),
    "2e": ("min\n 2ex\nst\n ex >= 2\nend\n", "line 2: .*where does the number end"),
    "2.x": ("min\n 2.x\nst\n x >= 2\nend\n", "line 2: .*where does the number end"),
    "1,000": ("min\n 1,000 x\nst\n x >= 2\nend\n", "line 2: '1,000 x' is no number"),
    "a fraction": ("min\n 1/2 x\nst\n x >= 2\nend\n", "line 2: .*no fractions"),
    "a factor of brackets": ("min\n 2 [ x^2 ] / 2\nst\n x >= 2\nend\n", "line 2: .*factor before brackets"),
    "a power without brackets": ("min\n x^2\nst\n x >= 2\nend\n", "line 2 .*no counterpart"),
    "infinity from below": ("min\n x\nst\n x + y >= inf\nend\n", "line 4: .*infinity, which nothing can be"),
    "a bound of infinity": ("min\n x\nst\n x >= 1\nbounds\n x >= 1e20\nend\n", "line 6: x .*infinity"),
    "infinity in a sum": ("min\n x + inf\nst\n x >= 1\nend\n", "line 2: 'inf' stands where a variable"),
    "a keyword for a name": ("min\n x + 2 st\nst\n x >= 1\nend\n", "line 2: the keyword `st`"),
    "a keyword or the rest of a sum": ("min\n x + 3\n bin\nst\n x >= 1\nend\n", "line 3: `bin`: a section or a name"),
    "a keyword in a list": ("min\n x\nst\n x >= 1\nbin\n x bounds\nend\n", "line 6: `bounds`: a section or a name"),
    "a bound, then binary": ("max\n y\nst\n y <= 7\nbounds\n y <= 5\nbinary\n y\nend\n", "line 8: y is binary"),
    "after end": ("min\n x\nst\n x >= 1\nend\nfoo\n", "line 6: 'foo' stands outside"),
    "sections after end": ("min\n x\nst\n x >= 1\nend\nbounds\n x >= 3\nend\n", "line 6: `bounds` after `end`"),
    "numbers only": ("min\n x\nst\n 2 <= 3\nend\n", "line 4: a row of numbers only"),
    "lp_solve": ("max: 3x+2y;\nc1: x+y<=4;\n", "line 1: .*lp_solve"),
    "semi-continuous": ("min\n x\nst\n x >= 1\nsemi-continuous\n x\nend\n", "semi-continuous variables` at line 5"),
    "semi-continuous inside": ("min\n x\nst\n x >= 1 semi-continuous x end\n", "semi-continuous variables` at line 4"),
    "sos inside": ("min x st x >= 1 sos2 s1: x:1 end\n", "SOS2` at line 1"),
    "several objectives": ("min multi-objectives\n a: x\nst\n x >= 1\nend\n", "multiple objectives` at line 1"),
    "semi-continuous after an empty one": ("min\n x\nst\n x >= 1\nsos2\nsemi\n x\nend\n", "variables` at line 6"),
    "control characters": ("min\n x\x0b + y\nst\n x >= 1\nend\n", "line 2: "),
}  # fmt: skip


@pytest.mark.parametrize("name", LP)
def test_lp_means(name: str) -> None:
    text, expected = LP[name]
    program = read(text, "lp")
    assert optimum(program) == expected
    for target in ("lp", "mps", "json"):  # and every output says the same
        assert optimum(read(write(program, target), target)) == expected


@pytest.mark.parametrize("name", LP_REFUSED)
def test_lp_refuses(name: str) -> None:
    text, message = LP_REFUSED[name]
    with pytest.raises(PyriteError, match=message):
        read(text, "lp")


def mps(
    columns: str = " X COST 1 C1 1\n Y COST 1 C1 1\n",
    rhs: str = " RHS C1 2\n",
    rows: str = " N COST\n G C1\n",
    head: str = "NAME T\n",
    **sections: str,
) -> str:
    rest = "".join(f"{name.replace('_', ' ')}\n{body}" for name, body in sections.items())
    return f"{head}ROWS\n{rows}COLUMNS\n{columns}RHS\n{rhs}{rest}ENDATA\n"


def bound(lines: str, integer: bool = False, low: bool = True) -> str:
    body = f" X COST {1 if low else -1} C1 1\n X C2 1\n"
    if integer:
        body = f" M 'MARKER' 'INTORG'\n{body} M 'MARKER' 'INTEND'\n"
    return mps(body, " RHS C1 50.5 C2 -50.5\n", " N COST\n L C1\n G C2\n", BOUNDS=lines)


L_ROW, E_ROW = " N COST\n L C1\n", " N COST\n E C1\n"
MIP = " M 'MARKER' 'INTORG'\n X COST -1 C1 1\n M 'MARKER' 'INTEND'\n Y COST -1 C1 1\n"
TRIANGLE = " X X 2\n X Y 1\n Y Y 4\n"
MPS = {
    "PuLP's comment beside OBJSENSE": ("*SENSE:Maximize\n" + mps(head="NAME T\nOBJSENSE\n MAX\n", rows=L_ROW), 2),
    "PuLP's minimisation": ("*SENSE:Minimize\n* Objective: COST (MINimum)\n* maximal 3 (max)\n" + mps(), 2),
    "BV said again": (bound(" LO B X 0\n UP B X 1\n BV B X\n", integer=True, low=False), -1),
    "FR after MI": (bound(" MI B X\n FR B X\n"), -50.5),
    "integer by marker": (mps(MIP, " RHS C1 4.5\n", L_ROW, BOUNDS=" UP B Y 1\n"), -2),
    "integer with a lower bound": (bound(" LO B X 2\n", integer=True, low=False), -50),
    "integer with PL": (bound(" PL B X\n", integer=True, low=False), -50),
    "integer with MI": (bound(" MI B X\n", integer=True, low=False), -50),
    "integer with an infinite bound": (bound(" UP B X 1e30\n", integer=True, low=False), -50),
    "UP 0 leaves the lower bound": (bound(" UP B X 0\n"), 0),
    "MI after UP": (bound(" UP B X 3\n MI B X\n", low=False), -3),
    "negative UP before LO": (bound(" UP B X -3\n LO B X -9\n"), -9),
    "negative UP with LO 0": (bound(" LO B X 0\n UP B X -3\n"), "infeasible"),
    "no vector": (bound(" UP X 4\n", low=False), -4),
    "FR with a number": (bound(" FR B X 0\n"), -50.5),
    "QSECTION is a triangle": (mps(QSECTION_COST=TRIANGLE), 5.5),
    "QUADOBJ is a triangle": (mps(QUADOBJ=TRIANGLE), 5.5),
    "QMATRIX is whole": (mps(QMATRIX=TRIANGLE + " Y X 1\n"), 5.5),
    "the objective's constant": (mps(rhs=" RHS C1 2 COST -5\n"), 7),
    "OBJNAME": (mps(" X COST 1 OTHER 3\n X C1 1\n Y COST 1 OTHER 2\n Y C1 1\n", head="OBJNAME\n OTHER\n",
                    rows=" N COST\n G C1\n N OTHER\n"), 4),
    "OBJSENSE MAXIMUM": (mps(head="OBJSENSE\n  MAXIMUM\nNAME T\n", rows=L_ROW), 2),
    "range E upwards": (mps(rows=E_ROW, RANGES=" R C1 3\n"), 2),
    "range E downwards": (mps(rows=E_ROW, RANGES=" R C1 -1.5\n"), 0.5),
    "range L": (mps(rows=L_ROW, RANGES=" R C1 -1\n"), 1),
    "range of the objective": (mps(RANGES=" R COST 3\n R C1 1\n"), 2),
    "Inf and 1e30": (mps(BOUNDS=" UP B X Inf\n LO B Y -0\n", RANGES=" R C1 1e30\n"), 2),
    "infinite right-hand side": (mps(rhs=" RHS C1 1e30\n", rows=L_ROW), 0),
    "a comment after $": (mps(" X COST 1\tC1 1 $ comment\n Y COST 1 C1 1\n"), 2),
    "Fortran exponents": (mps(rhs=" RHS C1 0.2D+1\n"), 2),
    "a row named MARKER": (mps(" X COST 1 MARKER 1\n", " RHS MARKER 2\n", " N COST\n G MARKER\n"), 2),
    "bounds before sides": (mps().replace("RHS\n RHS C1 2\n", "BOUNDS\n UP B X 9\nRHS\n RHS C1 2\n"), 2),
    "names with blanks": (
        "NAME          T\nROWS\n N  COST\n G  LIM 1\nCOLUMNS\n"
        "    X 1       COST               1.0   LIM 1              1.0\n"
        "RHS\n    RHS       LIM 1              2.0\nENDATA\n", 2),
}  # fmt: skip
MPS_REFUSED = {
    "PuLP's maximisation": ("*SENSE:Maximize\n" + mps(), "line 1: this comment says that the objective is maximized"),
    "GLPK's maximisation": ("* Rows: 2\n* Objective:  COST (MAXimum)\n" + mps(), "line 2: this comment says"),
    "FR after PL": (bound(" PL B X\n FR B X\n"), "line 13: 'X' has a bound before this FR"),
    "FX after UP": (bound(" UP B X 3\n FX B X 3\n"), "line 13: 'X' has a bound before this FX"),
    "BV after UP and LO": (bound(" UP B X 1\n LO B X 0\n BV B X\n"), "line 14: 'X' has a bound before this BV"),
    "negative UP alone": (bound(" UP B X -3\n"), "line 12: X has a negative upper bound and no lower one"),
    "UP twice": (bound(" UP B X 3\n UP B X 5\n"), "line 13: .*two different bounds"),
    "UP after FX": (bound(" FX B X 3\n UP B X 5\n"), "line 13: .*two different bounds"),
    "UP after BV": (bound(" BV B X\n UP B X 5\n"), "line 13: .*two different bounds"),
    "a second vector": (bound(" UP B X 3\n LO OTHER X 1\n"), "second BOUNDS vector OTHER` at line 13"),
    "half a QMATRIX": (mps(QMATRIX=TRIANGLE), "X Y differs from Y X"),
    "half a QCMATRIX": (mps(rows=L_ROW, QCMATRIX_C1=TRIANGLE), "X Y differs from Y X"),
    "both halves in QUADOBJ": (mps(QUADOBJ=TRIANGLE + " Y X 1\n"), "line 14: QUADOBJ is one triangle"),
    "QSECTION of a row": (mps(QSECTION_C1=TRIANGLE), "QSECTION of a constraint` at line 10"),
    "a sense spelled wrong": (mps(head="OBJSENSE\n  MXA\n"), "line 2: OBJSENSE is MAX or MIN, not 'MXA'"),
    "no sense": (mps(head="OBJSENSE\n"), "line 2: OBJSENSE says neither"),
    "junk in RHS": (mps(rhs=" foo\n"), "line 9: a line of RHS"),
    "an unknown row in RHS": (mps(rhs=" RHS C9 2\n"), "line 9: row 'C9' is not in ROWS"),
    "a row without its number": (mps(rhs=" C1 COST 3\n"), "line 9: 'C1' is a row: its number in RHS is missing, or"),
    "a column across a marker": (
        mps(" X COST 1\n M1 'MARKER' 'INTORG'\n X C1 1\n M2 'MARKER' 'INTEND'\n"),
        "line 8: column 'X' is there twice",
    ),
    "RHS twice": (mps(rhs=" RHS C1 2\n RHS C1 3\n"), "line 10: row 'C1' has a second value"),
    "a column in two places": (mps(" X COST 1\n Y COST 1 C1 1\n X C1 1\n"), "line 8: column 'X' is there twice"),
    "an entry twice": (mps(" X COST 1 C1 1\n X C1 1\n"), "line 7: column 'X' has row 'C1' twice"),
    "ranges before sides": (mps().replace("RHS\n", "RANGES\n R C1 1\nRHS\n", 1), "RANGES stands before RHS"),
    "a fraction": (mps(rhs=" RHS C1 4/2\n"), "line 9: '4/2' is a fraction"),
    "hexadecimal": (mps(rhs=" RHS C1 0x2\n"), "line 9: '0x2' is not a number"),
    "an infinite entry": (mps(" X COST 1 C1 inf\n"), "line 6: 'inf' is not a number"),
    "infinity from below": (mps(rhs=" RHS C1 1e30\n"), "row C1 is >= infinity"),
    "a marker without quotes": (mps(" M MARKER INTORG\n X COST 1 C1 1\n"), "line 6: a marker is a name"),
    "SOS by marker": (mps(" M 'MARKER' 'SOSORG'\n X COST 1 C1 1\n"), "`SOS` at line 6"),
    "which column": (mps(BOUNDS=" FR X Y\n"), "line 11: .*which of the two columns"),
    "a section twice": (mps(BOUNDS=" UP B X 1\nRHS\n RHS C1 7\n"), "line 12: a second section RHS"),
    "more than the fixed columns": (
        "NAME          T\nROWS\n N  COST\n G  LIM 1\nCOLUMNS\n"
        "    X 1       COST               1.0   LIM 1              1.0   MORE       3.0\nRHS\nENDATA\n",
        "line 4: a row"),
}  # fmt: skip


@pytest.mark.parametrize("name", MPS)
def test_mps_means(name: str) -> None:
    text, expected = MPS[name]
    program = read(text, "mps")
    assert optimum(program) == expected
    for target in ("lp", "mps", "json"):
        assert optimum(read(write(program, target), target)) == optimum(program)


@pytest.mark.parametrize("name", MPS_REFUSED)
def test_mps_refuses(name: str) -> None:
    text, message = MPS_REFUSED[name]
    with pytest.raises(PyriteError, match=message):
        read(text, "mps")


@pytest.mark.parametrize("target", ["lp", "mps"])
def test_finite_numbers_that_would_be_read_as_infinite_are_not_written(target: Format) -> None:
    program = read("max\n x\nst\n x <= 5\nend\n", "lp")
    program.columns[0].upper = 10**21
    with pytest.raises(PyriteError, match="1e20 and more is infinite"):
        write(program, target)


def test_notes_say_what_was_understood() -> None:
    notes = Notes()
    read("min\n x\nst\n c: x + y >= 2\n d: x >= -inf\nbounds\n y <= 1e20\nend\n", "lp", notes=notes)
    assert notes.lines == [
        "line 5: row d has only infinite sides, says nothing and is left out",
        "line 7: y: 1e+20 is read as infinite (1e20 and more are)",
    ]
