"""OR-tools' linear solver (pywraplp) as programs use it. Runs inside the sandbox only.

What it means was measured on OR-tools 9.15: bounds are always given, a constraint is true (so ``lo <= e <= up`` is its
second half alone), expressions do not change in place, products of variables are errors, a later objective replaces
an earlier one.
"""

_rules["in_place"] = False
_rules["truth"] = "true"
_rules["strict_message"] = 'Operators "<" and ">" not supported with the linear solver'
_rules["differ"] = 'Operator "!=" not supported with the linear solver'


def _lp_product(self, other):
    if isinstance(other, (Var, Expr)):
        raise TypeError("a product of two variables")
    return _op_mul(self, other)


def _no_power(self, other):
    raise TypeError("unsupported operand type(s) for ** or pow(): 'Variable' and 'int'")


def _no_division(self, other):
    raise TypeError(f"unsupported operand type(s) for /: '{type(other).__name__}' and 'Variable'")


for _class in (Var, Expr):
    _class.__mul__ = _lp_product
    _class.__rmul__ = _lp_product
    _class.__pow__ = _no_power
    _class.__rtruediv__ = _no_division


def _bound(value):
    value = _number(value)
    return None if value in (_inf, -_inf) else value


def _set_bounds(self, low, up):
    self.low, self.up = _bound(low), _bound(up)


def _set_low(self, low):
    self.low = _bound(low)


def _set_up(self, up):
    self.up = _bound(up)


def _set_integer(self, whole):
    self.domain = "integer" if whole else "continuous"


Var.SetBounds = _set_bounds
Var.SetLb = _set_low
Var.SetUb = _set_up
Var.SetInteger = _set_integer
Var.lb = lambda self: -_inf if self.low is None else self.low
Var.ub = lambda self: _inf if self.up is None else self.up
Var.Lb = Var.lb
Var.Ub = Var.ub
Var.integer = lambda self: self.domain != "continuous"
Var.Integer = Var.integer
Var.name = lambda self: self.given
Var.index = lambda self: self.number


class _LpRow:
    """A constraint that is built up by coefficients."""

    def __init__(self, row):
        self.row = row

    def SetCoefficient(self, var, value):
        self.row.body.terms[var.number] = _number(value)

    def GetCoefficient(self, var):
        return self.row.body.terms.get(var.number, 0)

    def SetBounds(self, low, up):
        self.row.low, self.row.up = _bound(low), _bound(up)

    def SetLb(self, low):
        self.row.low = _bound(low)

    def SetUb(self, up):
        self.row.up = _bound(up)

    def Clear(self):
        self.row.body.terms = {}

    def name(self):
        return self.row.name

    def lb(self):
        return -_inf if self.row.low is None else self.row.low

    def ub(self):
        return _inf if self.row.up is None else self.row.up

    def set_is_lazy(self, lazy):
        if lazy:
            _not_recorded("lazy constraints (set_is_lazy)")


class _LpObjective:
    """The objective, built up by coefficients."""

    def __init__(self, recorder):
        self.recorder = recorder

    def SetCoefficient(self, var, value):
        self.recorder.objective.terms[var.number] = _number(value)
        self.recorder.has_objective = True

    def SetOffset(self, value):
        self.recorder.objective.const = _number(value)

    def offset(self):
        return self.recorder.objective.const

    def SetMaximization(self):
        self.recorder.sense = "maximize"
        self.recorder.has_objective = True

    def SetMinimization(self):
        self.recorder.sense = "minimize"
        self.recorder.has_objective = True

    def SetOptimizationDirection(self, maximize):
        self.recorder.sense = "maximize" if maximize else "minimize"

    def Clear(self):
        self.recorder.objective = Expr({}, 0, None)


class _LpSolver:
    """``pywraplp.Solver``."""

    def __init__(self, name="", relaxes=False):
        self.recorder = _Recorder(name)
        self.relaxes = relaxes
        self.Objective_ = _LpObjective(self.recorder)

    def infinity(*given):
        return _inf

    def Infinity(*given):
        return _inf

    def _new(self, lb, ub, domain, name):
        if not isinstance(name, str):
            raise TypeError("in method 'Solver_MakeVar', the name is no text")
        return self.recorder.column(_bound(lb), _bound(ub), domain, name)

    def NumVar(self, lb, ub, name):
        return self._new(lb, ub, "continuous", name)

    def IntVar(self, lb, ub, name):
        return self._new(lb, ub, "integer", name)

    def BoolVar(self, name):
        return self._new(0, 1, "binary", name)

    def Var(self, lb, ub, integer, name):
        return self._new(lb, ub, "integer" if integer else "continuous", name)

    def Add(self, constraint, name=""):
        if isinstance(constraint, (Var, Expr)):
            raise AttributeError("'SumArray' object has no attribute 'Extract'")
        if not isinstance(constraint, (Con, bool)):
            raise TypeError(f"'{type(constraint).__name__}' is no constraint")
        return _LpRow(self.recorder.row(constraint, name))

    def Constraint(self, *given):
        numbers = [value for value in given if not isinstance(value, str)]
        names = [value for value in given if isinstance(value, str)]
        low, up = (numbers[0], numbers[1]) if len(numbers) == 2 else (-_inf, _inf)
        row = self.recorder.row(Con(Expr({}, 0, None), "range", (_bound(low), _bound(up))), names[0] if names else "")
        return _LpRow(row)

    def RowConstraint(self, *given):
        return self.Constraint(*given)

    def Sum(self, expressions):
        return _total(expressions)

    def Objective(self):
        return self.Objective_

    def _aim(self, expr, sense):
        self.recorder.objective = _copy(expr)
        self.recorder.has_objective = True
        self.recorder.sense = sense

    def Maximize(self, expr):
        self._aim(expr, "maximize")

    def Minimize(self, expr):
        self._aim(expr, "minimize")

    def Solve(self, *given):
        whole = [var for var in self.recorder.columns if var.domain != "continuous"]
        if self.relaxes and whole:
            _note("the program's solver is for linear programs and leaves whole numbers aside; so does this reading")
            for var in whole:
                var.domain = "continuous"
        _solved(self.recorder, "ortools")

    def variables(self):
        return list(self.recorder.columns)

    def NumVariables(self):
        return len(self.recorder.columns)

    def NumConstraints(self):
        return len(self.recorder.rows)

    def LookupVariable(self, name):
        for var in self.recorder.columns:
            if var.given == name:
                return var
        return None

    def Clear(self):
        self.recorder = _Recorder(self.recorder.name)
        self.Objective_ = _LpObjective(self.recorder)

    def SolverVersion(self):
        return "recorded"


for _name in (
    "EnableOutput SuppressOutput SetTimeLimit set_time_limit SetNumThreads SetSolverSpecificParametersAsString SetHint "
    "ExportModelAsLpFormat ExportModelAsMpsFormat"
).split():
    setattr(_LpSolver, _name, lambda self, *given: True)


def _create_solver(name):
    if not isinstance(name, str):
        raise TypeError("in method 'Solver_CreateSolver', the name is no text")
    name = name.upper().split("_LINEAR_PROGRAMMING")[0].split("_MIXED_INTEGER_PROGRAMMING")[0]
    if name in _LP_ONLY:
        return _LpSolver(name, True)
    return _LpSolver(name) if name in _SOLVERS else None


_LP_ONLY = ("GLOP", "PDLP", "CLP", "GLPK_LP", "HIGHS_LP")
"""Solvers that take whole numbers and leave them aside."""

_SOLVERS = (
    "SCIP CBC SAT CP_SAT BOP SAT_INTEGER_PROGRAMMING BOP_INTEGER_PROGRAMMING GLPK HIGHS GUROBI CPLEX XPRESS".split()
)

_PROBLEM_TYPES = (
    "CLP_LINEAR_PROGRAMMING GLPK_LINEAR_PROGRAMMING GLOP_LINEAR_PROGRAMMING SCIP_MIXED_INTEGER_PROGRAMMING "
    "GLPK_MIXED_INTEGER_PROGRAMMING CBC_MIXED_INTEGER_PROGRAMMING GUROBI_LINEAR_PROGRAMMING "
    "GUROBI_MIXED_INTEGER_PROGRAMMING CPLEX_LINEAR_PROGRAMMING CPLEX_MIXED_INTEGER_PROGRAMMING "
    "BOP_INTEGER_PROGRAMMING SAT_INTEGER_PROGRAMMING"
).split()


class _SolverClass:
    """``pywraplp.Solver``: called, and asked for ``CreateSolver`` and constants."""

    def __init__(self):
        for place, name in enumerate("OPTIMAL FEASIBLE INFEASIBLE UNBOUNDED ABNORMAL MODEL_INVALID NOT_SOLVED".split()):
            setattr(self, name, place)
        for place, name in enumerate(_PROBLEM_TYPES):
            setattr(self, name, place)

    def __call__(self, name="", problem_type=None):
        return _LpSolver(name, problem_type in (0, 1, 2, 6, 8))

    def CreateSolver(self, name):
        return _create_solver(name)

    def infinity(self):
        return _inf

    def Infinity(self):
        return _inf


_modules["ortools.linear_solver.pywraplp"] = _Namespace("pywraplp", Solver=_SolverClass())
_modules["ortools.linear_solver"] = _Namespace(
    "ortools.linear_solver", pywraplp=_modules["ortools.linear_solver.pywraplp"]
)
_modules["ortools"] = _Namespace("ortools", linear_solver=_modules["ortools.linear_solver"])
