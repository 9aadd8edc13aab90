"""PuLP as programs use it. Runs inside the sandbox only.

What it means was measured on PuLP 3.3.2: a variable is free unless bounds are given, a binary is an integer in [0, 1],
a constraint is true (so ``lo <= x <= up`` is its second half alone), the last objective counts, names have their spaces
and signs replaced by ``_``.
"""

_rules["truth"] = "true"

_DOMAINS = {"Continuous": "continuous", "Integer": "integer", "Binary": "binary"}


def _clean(name):
    for sign in "-+[] ->/":
        name = name.replace(sign, "_")
    return name


def _pulp_domain(cat):
    if cat not in _DOMAINS:
        _not_recorded(f"the category {cat!r}")
    return _DOMAINS[cat]


def _pulp_variable(name, lowBound=None, upBound=None, cat="Continuous", e=None, family="", key=None):
    if e is not None:
        _not_recorded("column-wise modelling (e=)")
    if isinstance(lowBound, str) or isinstance(upBound, str):
        raise TypeError("'<' not supported between instances of 'str' and 'int'")
    for bound in (lowBound, upBound):
        if bound is not None:
            _number(bound)
    return _pulp_recorder.column(lowBound, upBound, _pulp_domain(cat), _clean(str(name)), family, key)


class _VariableMaker:
    """``pulp.LpVariable``: called for one variable, asked for many."""

    def __call__(self, name, lowBound=None, upBound=None, cat="Continuous", e=None):
        return _pulp_variable(name, lowBound, upBound, cat, e)

    def dicts(self, name, indices=None, lowBound=None, upBound=None, cat="Continuous", indexStart=None):
        lists = indices if isinstance(indices, tuple) else (indices,)
        lists = [list(items) for items in lists]
        return self._nested(str(name), lists, (), lowBound, upBound, cat)

    def _nested(self, name, lists, done, low, up, cat):
        found = {}
        for item in lists[0]:
            key = (*done, *(item if isinstance(item, tuple) else (item,)))
            if len(lists) > 1:
                found[item] = self._nested(name, lists[1:], key, low, up, cat)
            else:
                title = name + "_" + "_".join([str(part) for part in key])
                found[item] = _pulp_variable(title, low, up, cat, None, name, key)
        return found

    def dict(self, name, indices, lowBound=None, upBound=None, cat="Continuous"):
        lists = indices if isinstance(indices, tuple) else (indices,)
        keys = _products([list(items) for items in lists])
        found = {}
        for key in keys:
            flat = _flat_key(key)
            title = name + "_" + "_".join([str(part) for part in flat])
            found[key if len(lists) > 1 else key[0]] = _pulp_variable(title, lowBound, upBound, cat, None, name, flat)
        return found

    def matrix(self, name, indices=None, lowBound=None, upBound=None, cat="Continuous", indexStart=None):
        lists = indices if isinstance(indices, tuple) else (indices,)
        return self._rows(str(name), [list(items) for items in lists], (), lowBound, upBound, cat)

    def _rows(self, name, lists, done, low, up, cat):
        found = []
        for item in lists[0]:
            key = (*done, *(item if isinstance(item, tuple) else (item,)))
            if len(lists) > 1:
                found.append(self._rows(name, lists[1:], key, low, up, cat))
            else:
                title = name + "_" + "_".join([str(part) for part in key])
                found.append(_pulp_variable(title, low, up, cat, None, name, key))
        return found


def _var_read(self, name):
    if name == "lowBound":
        return self.low
    if name == "upBound":
        return self.up
    if name == "name":
        return self.given
    if name == "cat":
        return {"continuous": "Continuous", "integer": "Integer", "binary": "Integer"}[self.domain]
    if name == "varValue":
        return None
    return _plain(self, name)


def _var_write(self, name, value):
    if name == "lowBound":
        self.low = value
    elif name == "upBound":
        self.up = value
    elif name == "name":
        self.given = _clean(str(value))
    elif name == "cat":
        self.domain = _pulp_domain(value)
        if self.domain == "binary":
            self.low, self.up = 0, 1
    elif name != "varValue":
        setattr(self, name, value)


def _var_bounds(self, low, up):
    self.low, self.up = low, up


def _var_fix(self):
    _not_recorded("a variable that is fixed (fixValue)")


Var._read = _var_read
Var._write = _var_write
Var.bounds = _var_bounds
Var.positive = lambda self: _var_bounds(self, 0, self.up)
Var.setInitialValue = lambda self, value, check=True: True
Var.fixValue = _var_fix
Var.value = lambda self: None


def _pulp_product(self, other):
    """PuLP multiplies by constants alone."""
    if isinstance(other, (Var, Expr)) and not _is_constant(other) and not _is_constant(self):
        raise TypeError("Non-constant expressions cannot be multiplied")
    return _op_mul(self, other)


def _no_power(self, other):
    raise TypeError("unsupported operand type(s) for ** or pow(): 'LpVariable' and 'int'")


def _no_division(self, other):
    raise TypeError(f"unsupported operand type(s) for /: '{type(other).__name__}' and 'LpVariable'")


for _class in (Var, Expr):
    _class.__mul__ = _pulp_product
    _class.__rmul__ = _pulp_product
    _class.__pow__ = _no_power
    _class.__rtruediv__ = _no_division


def _con_sum(self, other):
    _not_recorded("arithmetic with constraints")


Con.__add__ = _con_sum
Con.__radd__ = _con_sum
Con.__mul__ = _con_sum
Con.__rmul__ = _con_sum


# Expressions ----------------------------------------------------------------------------------------------------------


def _lp_sum(items):
    e = Expr({}, 0, None)
    _lp_gather(e, items)
    return e


def _lp_gather(e, items):
    if isinstance(items, (Var, Expr, int, float)):
        _accumulate(e, items, 1)
        return
    if isinstance(items, Con):
        _not_recorded("arithmetic with constraints")
    if isinstance(items, dict):
        items = items.values()
    for item in items:
        if isinstance(item, (list, tuple, dict)):
            _lp_gather(e, item)
        elif isinstance(item, Con):
            _not_recorded("arithmetic with constraints")
        elif item is not None:
            _accumulate(e, item, 1)


def _lp_dot(first, second):
    if not isinstance(first, (list, tuple)) and not isinstance(second, (list, tuple)):
        return first * second
    first = list(first) if isinstance(first, (list, tuple)) else [first] * len(second)
    second = list(second) if isinstance(second, (list, tuple)) else [second] * len(first)
    return _total([_lp_dot(a, b) for a, b in zip(first, second)])


def _lp_affine(e=None, constant=0, name=None):
    if e is None:
        return Expr({}, constant, None)
    if isinstance(e, (Var, Expr, int, float)):
        return _copy(e)
    pairs = e.items() if isinstance(e, dict) else e
    total = _total([var * value for var, value in pairs])
    total.const = total.const + constant
    return total


def _add_term(self, var, value):
    _accumulate(self, var, value)


Expr.addterm = _add_term
Expr.add = lambda self, other: _accumulate(self, other, 1)
Expr.addInPlace = lambda self, other: _accumulate(self, other, 1)
Expr.copy = _copy
Expr.value = lambda self: None


def _lp_constraint(e=None, sense=0, name=None, rhs=None):
    """``LpConstraint(expression, LpConstraintLE, name, rhs)``."""
    body = Expr({}, 0, None) if e is None else _copy(e)
    _accumulate(body, 0 if rhs is None else rhs, -1)
    con = Con(body, {0: "==", -1: "<=", 1: ">="}[sense])
    con.name = name or ""
    return con


# The problem ----------------------------------------------------------------------------------------------------------

_pulp_recorder = _Recorder()
"""PuLP's variables belong to no problem; those that a problem uses are its own."""


class _LpProblem:
    """``pulp.LpProblem``."""

    def __init__(self, name="NoName", sense=1):
        self.name = _clean(str(name))
        self.sense = sense
        self.rows = []
        self.objective = None
        self.used = {}
        self.titles = {}
        self.status = 0

    def __iadd__(self, other):
        name = None
        if isinstance(other, tuple):
            other, name = other[0], other[1]
        if other is True or other is None:
            return self
        if isinstance(other, Con):
            self.addConstraint(other, name)
        elif isinstance(other, (Var, Expr, int, float)) and other is not False:
            if self.objective is not None:
                _note("the objective is set more than once; PuLP keeps the last")
            self.objective = _copy(other)
        else:
            said = (
                "A False object cannot be passed as a constraint"
                if other is False
                else ("Can only add LpConstraintVar, LpConstraint, LpAffineExpression or True objects")
            )
            raise TypeError(said)
        return self

    def addConstraint(self, constraint, name=None):
        if not isinstance(constraint, Con):
            raise TypeError("Can only add LpConstraint objects")
        title = _clean(str(name)) if name else constraint.name
        if title and title in self.titles:
            raise RuntimeError(f"overlapping constraint names: {title}")
        self.titles[title] = True
        self.rows.append((title, constraint))

    def setObjective(self, objective):
        self.objective = _copy(objective)

    def addVariable(self, variable):
        self.used[variable.number] = variable

    def addVariables(self, variables):
        for variable in variables:
            self.addVariable(variable)

    def variables(self):
        return [var for var in _pulp_recorder.columns if var.number in self._numbers()]

    def _numbers(self):
        numbers = dict(self.used)
        bodies = [con.body for _, con in self.rows] + ([self.objective] if self.objective is not None else [])
        for body in bodies:
            for j in body.terms:
                numbers[j] = True
        return numbers

    def sequentialSolve(self, *given, **named):
        _not_recorded("several objectives (sequentialSolve)")

    def writeLP(self, *given, **named):
        return None

    def writeMPS(self, *given, **named):
        return None

    def setSolver(self, *given, **named):
        return None

    def numVariables(self):
        return len(self._numbers())

    def numConstraints(self):
        return len(self.rows)

    def solve(self, solver=None, **named):
        recorder = _Recorder(self.name)
        numbers = self._numbers()
        places = {}
        for var in _pulp_recorder.columns:
            if var.number in numbers:
                places[var.number] = len(recorder.columns)
                new = recorder.column(var.low, var.up, var.domain, var.given, var.family, var.key)
                new.hint = var.hint
        for name, con in self.rows:
            body = Expr({places[j]: c for j, c in con.body.terms.items()}, con.body.const, None)
            recorder.row(Con(body, con.sense, con.ends), name)
        recorder.sense = {1: "minimize", -1: "maximize"}.get(self.sense)
        if recorder.sense is None:
            _not_recorded(f"the sense {self.sense!r}")
        if self.objective is not None:
            terms = {places[j]: c for j, c in self.objective.terms.items()}
            recorder.objective = Expr(terms, self.objective.const, None)
            recorder.has_objective = True
        _solved(recorder, "pulp")


def _solver_name(*given, **named):
    return None


def _value(item):
    if isinstance(item, (int, float)):
        return item
    return None


_lp_variable = _VariableMaker()

_modules["pulp"] = _Namespace(
    "pulp",
    LpProblem=_LpProblem,
    LpVariable=_lp_variable,
    LpAffineExpression=_lp_affine,
    LpConstraint=_lp_constraint,
    lpSum=_lp_sum,
    lpDot=_lp_dot,
    value=_value,
    valueOrDefault=_value,
    LpMinimize=1,
    LpMaximize=-1,
    LpContinuous="Continuous",
    LpInteger="Integer",
    LpBinary="Binary",
    LpConstraintLE=-1,
    LpConstraintEQ=0,
    LpConstraintGE=1,
    LpStatus={0: "Not Solved", 1: "Optimal", -1: "Infeasible", -2: "Unbounded", -3: "Undefined"},
    LpStatusOptimal=1,
    LpStatusNotSolved=0,
    LpStatusInfeasible=-1,
    LpStatusUnbounded=-2,
    LpStatusUndefined=-3,
    PULP_CBC_CMD=_solver_name,
    COIN_CMD=_solver_name,
    GLPK_CMD=_solver_name,
    GLPK=_solver_name,
    GUROBI=_solver_name,
    GUROBI_CMD=_solver_name,
    CPLEX_CMD=_solver_name,
    CPLEX_PY=_solver_name,
    HiGHS=_solver_name,
    HiGHS_CMD=_solver_name,
    SCIP_CMD=_solver_name,
    SCIP_PY=_solver_name,
    COPT=_solver_name,
    MOSEK=_solver_name,
    XPRESS=_solver_name,
    getSolver=_solver_name,
    listSolvers=lambda onlyAvailable=False: ["PULP_CBC_CMD"],
    PulpSolverError=RuntimeError,
    PulpError=RuntimeError,
)
_modules["pulp.constants"] = _modules["pulp"]
_kinds.extend([(_lp_variable, Var), (_lp_affine, Expr), (_lp_constraint, Con)])
