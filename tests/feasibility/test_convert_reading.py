"""LP and MPS as other programs write them, and what is refused by its name."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyrite.feasibility.convert import Unsupported, read
from pyrite.feasibility.convert.common import Notes
from pyrite.feasibility.errors import PyriteError
from pyrite.feasibility.programs.program import Program

LP = r"""\* Problem: unknown *\
Minimize
 cost: 2 x1 + 3.5 x2
   - x3 + [ 2 x1^2 - 4 x1 * x2 + 2 x2 ^ 2 ] / 2 + 10
Subject To
 c1: x1 + x2 >= 2
 x1 - 2e-1 x3 <= 5
 range: -3 <= x1 + x2 + x3 <= 8
 both: 3 x1 + 1 >= 2 x2 - 4
 ball: x1 + [ x1^2 + x3^2 ] <= 4
 eq: 0.5 x3 = 0.25
Bounds
 x1 <= 4
 -2.5 <= x2 <= 9
 x3 free
 y = 3
 z >= -inf
 z < 7
General
 x2 z
Binaries
 b
End
"""

MPS = """* a comment
NAME          SAMPLE    (free)
OBJSENSE MAX
ROWS
 N  COST
 L  LIM1
 G  LIM2
 E  EQ1
 N  EXTRA
COLUMNS
    X         COST         1.0   LIM1         1.0
    X         LIM2         1.0
    MARKER                 'MARKER'                 'INTORG'
    Y         COST         2.0   LIM1         1.0
    Y         EQ1         -1.0   EXTRA        1.0
    MARKER                 'MARKER'                 'INTEND'
    Z         COST        -1.0   EQ1          1.0
    W         EQ1          2.0
RHS
    RHS       COST         -5.0  LIM1         4.0
    RHS       LIM2         1.0   EQ1          7.0
RANGES
    RNG       LIM1         2.5   EQ1         -3.0
BOUNDS
 UP BND       X            4.0
 LO BND       Y           -1.0
 UP BND       Y            1.0
 FR BND       Z
 MI BND       W
QMATRIX
    X         X           -2.0
    X         Z            1.0
    Z         X            1.0
ENDATA
"""


def test_lp_of_other_programs() -> None:
    program = read(LP, "lp")
    names = {column.name: (column.domain, column.lower, column.upper) for column in program.columns}
    assert names == {
        "x1": ("continuous", 0, 4),
        "x2": ("integer", Fraction(-5, 2), 9),
        "x3": ("continuous", None, None),
        "y": ("continuous", 3, 3),
        "z": ("integer", None, 7),
        "b": ("binary", 0, 1),
    }
    assert program.objective.linear == {0: 2, 1: Fraction(7, 2), 2: -1}
    assert program.objective.quadratic == {(0, 0): 1, (0, 1): -2, (1, 1): 1}
    assert program.objective.constant == 10
    rows = {row.name: (row.body.linear, row.lower, row.upper) for row in program.rows}
    assert rows == {
        "c1": ({0: 1, 1: 1}, 2, None),
        "c2": ({0: 1, 2: Fraction(-1, 5)}, None, 5),
        "range": ({0: 1, 1: 1, 2: 1}, -3, 8),
        "both": ({0: 3, 1: -2}, -5, None),
        "ball": ({0: 1}, None, 4),
        "eq": ({2: Fraction(1, 2)}, Fraction(1, 4), Fraction(1, 4)),
    }
    assert program.rows[4].body.quadratic == {(0, 0): 1, (2, 2): 1}


def test_mps_of_other_programs() -> None:
    notes = Notes()
    program = read(MPS, "mps", notes=notes)
    assert program.sense == "maximize"
    assert program.objective.constant == 5
    assert program.objective.linear == {0: 1, 1: 2, 2: -1}
    assert program.objective.quadratic == {(0, 0): -1, (0, 2): 1}
    columns = {column.name: (column.domain, column.lower, column.upper) for column in program.columns}
    assert columns == {
        "X": ("continuous", 0, 4),
        "Y": ("integer", -1, 1),
        "Z": ("continuous", None, None),
        "W": ("continuous", None, None),
    }
    rows = {row.name: (row.lower, row.upper) for row in program.rows}
    assert rows == {"LIM1": (Fraction(3, 2), 4), "LIM2": (1, None), "EQ1": (4, 7)}
    assert notes.lines == ["the free row EXTRA (another N row) constrains nothing and is left out"]


def one_column(bounds: str) -> Program:
    return read(f"NAME t\nROWS\n N OBJ\n L R\nCOLUMNS\n X OBJ 1 R 1\nRHS\n R 4\nBOUNDS\n{bounds}ENDATA\n", "mps")


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (" UP X 4\n", ("continuous", 0, 4)),
        (" MI BND X\n UP BND X -4\n", ("continuous", None, -4)),
        (" LO BND X -9\n UP BND X -4\n", ("continuous", -9, -4)),
        (" FX BND X 3\n", ("continuous", 3, 3)),
        (" BV BND X\n", ("binary", 0, 1)),
        (" BV X\n", ("binary", 0, 1)),
        (" LI BND X 2\n UI BND X 5\n", ("integer", 2, 5)),
        (" MI BND X\n PL BND X\n", ("continuous", None, None)),
        (" FR BND X 0\n", ("continuous", None, None)),
    ],
)
def test_mps_bounds(bounds: str, expected: tuple[object, ...]) -> None:
    program = one_column(bounds)
    column = program.columns[0]
    assert (column.domain, column.lower, column.upper) == expected
    assert program.rows[0].upper == 4  # the vector's name may be missing


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("min\n obj: x\nst\n c: b = 1 -> x <= 3\nend\n", "`indicator constraint`"),
        ("min\n x\nst\n x >= 1\nsos\n s1: S1:: x:1\nend\n", "`SOS`"),
        ("min\n x\nst\n x >= 1\nsemi-continuous\n x\nend\n", "`semi-continuous variables`"),
        ("min\n x\nst\n x >= 1\ngeneral constraints\n r = MAX(x)\nend\n", "`general constraints`"),
        ("min\n [ x^3 ] / 2\nst\n x >= 1\nend\n", "`power other than 2`"),
        ("min\n x\nmax\n y\nst\n x >= 1\nend\n", "`multiple objectives`"),
    ],
)
def test_lp_features_that_are_refused(text: str, feature: str) -> None:
    with pytest.raises(Unsupported, match=f"LP feature {feature}"):
        read(text, "lp")


@pytest.mark.parametrize(
    ("text", "feature"),
    [
        ("NAME t\nROWS\n N OBJ\nSOS\nENDATA\n", "`SOS`"),
        ("NAME t\nROWS\n N OBJ\nINDICATORS\nENDATA\n", "`INDICATORS`"),
        ("ROWS\n N OBJ\nCOLUMNS\n X OBJ 1\nBOUNDS\n SC BND X 4\nENDATA\n", "`SC`"),
        ("ROWS\n N OBJ\n L R\nCOLUMNS\n X R 1\nRHS\n A R 4\n B R 5\nENDATA\n", "`second RHS vector B`"),
    ],
)
def test_mps_features_that_are_refused(text: str, feature: str) -> None:
    with pytest.raises(Unsupported, match=f"MPS feature {feature}"):
        read(text, "mps")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no `minimize` or `maximize`"),
        ("hello world", "line 1: 'hello world' stands outside every section"),
        ("min\n x +\nst\n x >= 1\nend\n", "the keyword `st` stands where a number or a name should be"),
        ("min\n x\nst\n c: x + y\nend\n", "a section ends where a relation should be"),
        ("min\n x\nst\n c: x >= 1\nbounds\n x\nend\n", "x has no bound"),
        ("min\n x\nst\n c: 1 <= x <= y\nend\n", "only the middle"),
        ("min\n x\nst\n c: x >= 1\nbounds\n 3 <= 4\nend\n", "stands where a variable should be"),
        (f"min\n {'9' * 500} x\nst\nend\n", "too many digits"),
        ("min\n 1e99999 x\nst\nend\n", "too many digits"),
    ],
)
def test_broken_lp_is_one_line(text: str, message: str) -> None:
    with pytest.raises(PyriteError, match=message) as caught:
        read(text, "lp")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "without ENDATA"),
        ("NAME t\nROWS\n N OBJ\n", "without ENDATA"),
        ("NAME t\nROWS\nENDATA\n", "no objective"),
        ("ROWS\n N OBJ\n Q R\nENDATA\n", "line 3: a row is a letter"),
        ("ROWS\n N OBJ\n L R\n L R\nENDATA\n", "line 4: row 'R' is there twice"),
        ("ROWS\n N OBJ\nCOLUMNS\n X R 1\nENDATA\n", "line 4: row 'R' is not in ROWS"),
        ("ROWS\n N OBJ\nCOLUMNS\n X OBJ one\nENDATA\n", "line 4: 'one' is not a number"),
        ("ROWS\n N OBJ\nCOLUMNS\n X OBJ 1\nBOUNDS\n UP BND Y 1\nENDATA\n", "names no column"),
        ("WHAT\nENDATA\n", "'WHAT' is no section"),
    ],
)
def test_broken_mps_is_one_line(text: str, message: str) -> None:
    with pytest.raises(PyriteError, match=message) as caught:
        read(text, "mps")
    assert "\n" not in caught.value.message


@given(
    st.integers(0, len(LP)),
    st.integers(0, 40),
    st.sampled_from(["", "[", "<=", "x1", " 3 ", "\n", ":", "-> ", "end\n"]),
)
def test_damaged_lp_never_crashes(start: int, length: int, put: str) -> None:
    try:
        read(LP[:start] + put + LP[start + length :], "lp")
    except PyriteError as error:
        refused = error
    else:
        return
    assert "\n" not in refused.message


@given(st.integers(0, len(MPS)), st.integers(0, 40), st.sampled_from(["", " X", "\nROWS\n", " 1e9 ", "\n", "'MARKER'"]))
def test_damaged_mps_never_crashes(start: int, length: int, put: str) -> None:
    try:
        read(MPS[:start] + put + MPS[start + length :], "mps")
    except PyriteError as error:
        refused = error
    else:
        return
    assert "\n" not in refused.message
