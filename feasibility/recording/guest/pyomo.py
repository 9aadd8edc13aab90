"""Pyomo's functions, solvers and modules as programs use them (after ``pyomo_model.py``). Sandbox only."""

import math as _math


class _PyNothing:
    """A constraint that was skipped."""

    def deactivate(self):
        return None

    def activate(self):
        return None


def _py_tuple(parts):
    """``(low, body, up)``, or ``(a, b)`` for equality."""
    if len(parts) == 2:
        return _compare(parts[0], "==", parts[1])
    low, body, up = parts
    if isinstance(low, (Var, Expr)) or isinstance(up, (Var, Expr)):
        raise ValueError("a range whose side is variable")
    if low is not None and up is not None and low == up:
        return _compare(body, "==", low)
    low = None if low is None or low == -_inf else _number(low)
    up = None if up is None or up == _inf else _number(up)
    return Con(_copy(body), "range", (low, up))


def _py_inequality(lower=None, body=None, upper=None, strict=False):
    if strict:
        _not_recorded("a strict inequality")
    return _py_tuple((lower, body, upper))


def _declared(kind, *names):
    """A component class: positional arguments are index sets."""

    def made(*sets, **options):
        return _Declaration(kind, sets, options)

    return made


def _py_range(*given, **named):
    numbers = [int(_number(value)) for value in given]
    start, stop = (1, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])
    step = numbers[2] if len(numbers) > 2 else 1
    return _Declaration("Set", (), {"initialize": list(range(start, stop + (1 if step > 0 else -1), step))})


def _py_value(item, *given, **named):
    if isinstance(item, (Var, Expr, _PyObjective)):
        if isinstance(item, Expr) and _is_constant(item):
            return item.const
        if isinstance(item, Var) and getattr(item, "_value", None) is not None:
            return item._value
        raise ValueError("No value for uninitialized VarData object")
    return item


def _py_sum_product(*given, **named):
    """The sum over the index of the last one of the products of all."""
    index = named.get("index")
    keys = list(given[-1] if index is None else _members(index))
    total = []
    for key in keys:
        product = 1
        for factor in given:
            product = factor[key] * product
        total.append(product)
    return _total(total)


def _py_quicksum(items, *given, **named):
    return _total(items)


def _py_prod(items):
    product = 1
    for item in items:
        product = product * item
    return product


def _py_function(name, function):
    def made(x):
        if isinstance(x, (Var, Expr)):
            _not_recorded(f"{name}() of a variable")
        return function(x)

    return made


class _PySolver:
    """``SolverFactory(name)``."""

    def __init__(self, *given, **named):
        self.options = _Anything()
        self.config = _Anything()

    def solve(self, model, *given, **named):
        if not isinstance(model, _PyModel):
            raise TypeError("solve() takes a model")
        model._solve()

    def available(self, *given, **named):
        return True

    def license_is_valid(self):
        return True

    def set_instance(self, model):
        _not_recorded("a persistent solver")


def _other(what):
    def made(*values, **options):
        _not_recorded(what)

    return made


class _Marker:
    def __init__(self, name):
        self.name = name


_PY_SKIP, _PY_FEASIBLE, _PY_INFEASIBLE = _Marker("Skip"), _Marker("Feasible"), _Marker("Infeasible")


class _ConstraintClass:
    """``pyomo.environ.Constraint``: called, and asked for ``Skip``."""

    def __init__(self):
        self.Skip, self.NoConstraint = _PY_SKIP, _PY_SKIP
        self.Feasible, self.Infeasible = _PY_FEASIBLE, _PY_INFEASIBLE

    def __call__(self, *sets, **options):
        return _Declaration("Constraint", sets, options)


class _SetClass:
    """``pyomo.environ.Set``."""

    def __call__(self, *sets, **options):
        return _Declaration("Set", sets, options)


def _py_list(*sets, **options):
    return _Declaration("ConstraintList", (), options)


_PY_DOMAINS = {
    name: _PyDomain(name, domain, low, up)
    for name, domain, low, up in [
        ("Reals", "continuous", None, None),
        ("NonNegativeReals", "continuous", 0, None),
        ("PositiveReals", "continuous", 0, None),
        ("NonPositiveReals", "continuous", None, 0),
        ("NegativeReals", "continuous", None, 0),
        ("UnitInterval", "continuous", 0, 1),
        ("PercentFraction", "continuous", 0, 1),
        ("Integers", "integer", None, None),
        ("NonNegativeIntegers", "integer", 0, None),
        ("PositiveIntegers", "integer", 1, None),
        ("NonPositiveIntegers", "integer", None, 0),
        ("NegativeIntegers", "integer", None, -1),
        ("Binary", "binary", 0, 1),
        ("Boolean", "binary", 0, 1),
        ("Any", None, None, None),
    ]
}

_modules["pyomo.environ"] = _Namespace(
    "pyomo.environ",
    ConcreteModel=_PyModel,
    AbstractModel=_other("an abstract model"),
    Block=_other("blocks"),
    Var=_declared("Var"),
    Param=_declared("Param"),
    Set=_SetClass(),
    RangeSet=_py_range,
    Constraint=_ConstraintClass(),
    ConstraintList=_py_list,
    Objective=_declared("Objective"),
    Expression=_declared("Expression"),
    Suffix=_Anything,
    Piecewise=_other("piecewise linear functions"),
    SOSConstraint=_other("SOS constraints"),
    SolverFactory=_PySolver,
    TerminationCondition=_Anything(),
    SolverStatus=_Anything(),
    Reals=_PY_DOMAINS["Reals"],
    NonNegativeReals=_PY_DOMAINS["NonNegativeReals"],
    PositiveReals=_PY_DOMAINS["PositiveReals"],
    NonPositiveReals=_PY_DOMAINS["NonPositiveReals"],
    NegativeReals=_PY_DOMAINS["NegativeReals"],
    UnitInterval=_PY_DOMAINS["UnitInterval"],
    PercentFraction=_PY_DOMAINS["PercentFraction"],
    Integers=_PY_DOMAINS["Integers"],
    NonNegativeIntegers=_PY_DOMAINS["NonNegativeIntegers"],
    PositiveIntegers=_PY_DOMAINS["PositiveIntegers"],
    NonPositiveIntegers=_PY_DOMAINS["NonPositiveIntegers"],
    NegativeIntegers=_PY_DOMAINS["NegativeIntegers"],
    Binary=_PY_DOMAINS["Binary"],
    Boolean=_PY_DOMAINS["Boolean"],
    Any=_PY_DOMAINS["Any"],
    minimize=1,
    maximize=-1,
    inequality=_py_inequality,
    summation=_py_sum_product,
    sum_product=_py_sum_product,
    dot_product=_py_sum_product,
    quicksum=_py_quicksum,
    prod=_py_prod,
    value=_py_value,
    assert_optimal_termination=_print,
    check_optimal_termination=_print,
    log=_py_function("log", _math.log),
    log10=_py_function("log10", _math.log10),
    exp=_py_function("exp", _math.exp),
    sqrt=_py_function("sqrt", _math.sqrt),
    sin=_py_function("sin", _math.sin),
    cos=_py_function("cos", _math.cos),
)
_modules["pyomo"] = _Namespace("pyomo", environ=_modules["pyomo.environ"])
_modules["pyomo.core"] = _modules["pyomo.environ"]
_modules["pyomo.opt"] = _modules["pyomo.environ"]
