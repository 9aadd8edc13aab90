"""SciPy's ``linprog`` and ``milp`` as programs use them. Runs inside the sandbox only.

``linprog`` variables are in [0, inf) unless ``bounds`` are given; those of ``milp`` too. The objective is minimized. A
bound of None is no bound.
"""


def _table(given):
    """A list of rows of numbers."""
    if hasattr(given, "_array"):
        given = given.tolist()
    rows = [list(_row_of(row)) for row in given]
    return rows


def _row_of(row):
    return row.tolist() if hasattr(row, "_array") else row


def _vector(given, length=None):
    if hasattr(given, "_array"):
        given = given.tolist()
    if isinstance(given, (int, float)):
        return [given] * (1 if length is None else length)
    return [_only(value) for value in given]


def _only(value):
    if hasattr(value, "_array"):
        value = value.tolist()
    while isinstance(value, list):
        if len(value) != 1:
            raise ValueError("a number was expected, not a list")
        value = value[0]
    return value


def _finite(value, sign):
    """A side or bound; None for none, or for infinity on its own side."""
    if value is None:
        return None
    value = _number(value)
    return None if value == sign * _inf else value


def _bounds_of(bounds, size):
    """A pair for each variable."""
    if bounds is None:
        return [(0, None)] * size
    if isinstance(bounds, _Bounds):
        low, up = _vector(bounds.lb, size), _vector(bounds.ub, size)
        low = low * size if len(low) == 1 else low
        up = up * size if len(up) == 1 else up
        return list(zip(low, up))
    if hasattr(bounds, "_array"):
        bounds = bounds.tolist()
    pairs = [
        tuple(_row_of(pair)) if isinstance(pair, (list, tuple)) or hasattr(pair, "_array") else pair for pair in bounds
    ]
    if len(pairs) == 2 and not isinstance(pairs[0], tuple):
        return [(pairs[0], pairs[1])] * size
    if len(pairs) == 1:
        return pairs * size
    if len(pairs) != size:
        raise ValueError("Invalid input for linprog: the length of bounds is not the number of variables")
    return pairs


_WHOLE = {0: "continuous", 1: "integer"}


def _columns(recorder, size, bounds, integrality):
    kinds = [0] * size if integrality is None else _vector(integrality, size)
    kinds = kinds * size if len(kinds) == 1 else kinds
    for (low, up), kind in zip(_bounds_of(bounds, size), kinds):
        if kind not in _WHOLE:
            _not_recorded("semi-continuous variables (integrality 2 or 3)")
        recorder.column(_finite(low, -1), _finite(up, 1), _WHOLE[kind])


def _rows(recorder, matrix, low, up, size):
    for place, row in enumerate(matrix):
        if len(row) != size:
            raise ValueError("Invalid input: a row of the matrix has not as many entries as there are variables")
        body = Expr({j: value for j, value in enumerate(row) if value != 0}, 0, None)
        recorder.row(Con(body, "range", (_finite(low[place], -1), _finite(up[place], 1))))


def _linprog(
    c,
    A_ub=None,
    b_ub=None,
    A_eq=None,
    b_eq=None,
    bounds=(0, None),
    method="highs",
    callback=None,
    options=None,
    x0=None,
    integrality=None,
):
    recorder = _Recorder()
    cost = _vector(c)
    size = len(cost)
    if isinstance(bounds, _Bounds):
        raise ValueError("Invalid input for linprog: unable to interpret bounds; Bounds are for milp")
    _columns(recorder, size, bounds, integrality)
    if A_ub is not None:
        side = _vector(b_ub)
        matrix = _table(A_ub)
        if len(side) != len(matrix):
            raise ValueError("Invalid input for linprog: A_ub and b_ub do not have as many rows")
        _rows(recorder, matrix, [None] * len(side), side, size)
    if A_eq is not None:
        side = _vector(b_eq)
        matrix = _table(A_eq)
        if len(side) != len(matrix):
            raise ValueError("Invalid input for linprog: A_eq and b_eq do not have as many rows")
        _rows(recorder, matrix, side, side, size)
    _aimed(recorder, cost)


def _aimed(recorder, cost):
    recorder.objective = Expr({j: value for j, value in enumerate(cost) if value != 0}, 0, None)
    recorder.has_objective = True
    _solved(recorder, "scipy")


class _Bounds:
    """``scipy.optimize.Bounds``."""

    def __init__(self, lb=-_inf, ub=_inf, keep_feasible=False):
        self.lb = lb
        self.ub = ub


class _LinearConstraint:
    """``scipy.optimize.LinearConstraint``."""

    def __init__(self, A, lb=-_inf, ub=_inf, keep_feasible=False):
        self.A = A
        self.lb = lb
        self.ub = ub


def _milp(c, integrality=None, bounds=None, constraints=None, options=None):
    recorder = _Recorder()
    cost = _vector(c)
    size = len(cost)
    _columns(recorder, size, bounds, integrality)
    if constraints is not None:
        many = constraints if isinstance(constraints, (list, tuple)) else [constraints]
        if isinstance(constraints, tuple) and not isinstance(constraints[0], (_LinearConstraint, tuple)):
            many = [constraints]
        for one in many:
            if isinstance(one, (tuple, list)):
                one = _LinearConstraint(*one)
            matrix = one.A.tolist() if hasattr(one.A, "_array") else one.A
            matrix = _table(matrix if isinstance(_row_of(matrix[0]), (list, tuple)) else [matrix])
            low, up = _vector(one.lb, len(matrix)), _vector(one.ub, len(matrix))
            low = low * len(matrix) if len(low) == 1 else low
            up = up * len(matrix) if len(up) == 1 else up
            _rows(recorder, matrix, low, up, size)
    _aimed(recorder, cost)


def _other(what):
    def made(*values, **options):
        _not_recorded(what)

    return made


_modules["scipy.optimize"] = _Namespace(
    "scipy.optimize",
    linprog=_linprog,
    milp=_milp,
    Bounds=_Bounds,
    LinearConstraint=_LinearConstraint,
    minimize=_other("scipy.optimize.minimize"),
    linear_sum_assignment=_other("scipy.optimize.linear_sum_assignment"),
    NonlinearConstraint=_other("scipy.optimize.NonlinearConstraint"),
    differential_evolution=_other("scipy.optimize.differential_evolution"),
)
_modules["scipy"] = _Namespace("scipy", optimize=_modules["scipy.optimize"])
