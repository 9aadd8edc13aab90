"""python-mip as programs use it. Runs inside the sandbox only.

What it means was measured on python-mip 2.0: a variable's lower bound is 0 unless given, a constraint is true (so
``lo <= e <= up`` is its second half alone), expressions do not change in place, products of variables are errors, and
``minimize`` or ``maximize`` sets the sense as well.
"""

_rules["in_place"] = False
_rules["truth"] = "true"

_DOMAINS = {"C": "continuous", "B": "binary", "I": "integer"}


def _mip_product(self, other):
    if isinstance(other, (Var, Expr)) or other is None:
        raise TypeError(f"Can not multiply with type {type(other).__name__}")
    return _op_mul(self, other)


def _mip_power(self, other):
    raise TypeError("unsupported operand type(s) for ** or pow(): 'Var' and 'int'")


def _mip_division(self, other):
    raise TypeError(f"unsupported operand type(s) for /: '{type(other).__name__}' and 'Var'")


for _class in (Var, Expr):
    _class.__mul__ = _mip_product
    _class.__rmul__ = _mip_product
    _class.__pow__ = _mip_power
    _class.__rtruediv__ = _mip_division


def _bound(value):
    value = _number(value)
    return None if value >= 1e20 or value <= -1e20 else value


def _mip_domain(kind):
    if kind not in _DOMAINS:
        raise ValueError(f"{kind!r} is no type of variable")
    return _DOMAINS[kind]


def _var_read(self, name):
    if name == "lb":
        return -_inf if self.low is None else self.low
    if name == "ub":
        return _inf if self.up is None else self.up
    if name == "obj":
        return self.cost
    if name == "var_type":
        return {"continuous": "C", "binary": "B", "integer": "I"}[self.domain]
    if name == "name":
        return self.given
    if name == "idx":
        return self.number
    return _plain(self, name)


def _var_write(self, name, value):
    if name == "lb":
        self.low = _bound(value)
    elif name == "ub":
        self.up = _bound(value)
    elif name == "obj":
        self.cost = _number(value)
        self.model.has_objective = True
    elif name == "var_type":
        self.domain = _mip_domain(value)
    elif name != "branch_priority":
        raise AttributeError(f"'Var' object has no attribute '{name}'")


Var._read = _var_read
Var._write = _var_write


class _Aim:
    """What ``minimize(...)`` and ``maximize(...)`` give."""

    def __init__(self, body, sense):
        self.body = body
        self.sense = sense


class _MipModel:
    """``mip.Model``."""

    def __init__(self, name="", sense="MIN", solver_name="", solver=None):
        self.recorder = _Recorder(name)
        self._sense(sense)

    def _sense(self, sense):
        if sense not in ("MIN", "MAX"):
            raise ValueError(f"{sense!r} is no sense")
        self.recorder.sense = "minimize" if sense == "MIN" else "maximize"

    def add_var(self, name="", lb=0.0, ub=_inf, obj=0.0, var_type="C", column=None):
        if column is not None:
            _not_recorded("a column (Column)")
        domain = _mip_domain(var_type)
        if domain == "binary" and lb not in (0, 1):
            raise ValueError("Invalid bounds for binary variable")
        var = self.recorder.column(_bound(lb), _bound(ub), domain, name)
        if domain == "binary":
            var.low, var.up = lb, min(1, ub)
        if obj:
            var.cost = _number(obj)
            self.recorder.has_objective = True
        return var

    def add_var_tensor(self, shape, name, **options):
        if len(shape) == 1:
            return [self.add_var(f"{name}_{i}", **options) for i in range(shape[0])]
        if len(shape) == 2:
            return [[self.add_var(f"{name}_{i}_{j}", **options) for j in range(shape[1])] for i in range(shape[0])]
        _not_recorded("a tensor of variables (add_var_tensor)")

    def add_constr(self, lin_expr, name="", priority=None):
        if isinstance(lin_expr, bool):
            raise TypeError("A boolean (true/false) cannot be used as a constraint.")
        if not isinstance(lin_expr, Con):
            raise TypeError(f"type {type(lin_expr).__name__} not supported")
        return _MipRow(self.recorder.row(lin_expr, name))

    def __iadd__(self, other):
        name = ""
        if isinstance(other, tuple):
            other, name = other[0], other[1]
        if isinstance(other, _Aim):
            self._write("objective", other)
        elif isinstance(other, Con):
            self.recorder.row(other, name)
        elif isinstance(other, (Var, Expr)):
            self._write("objective", other)
        else:
            raise TypeError(f"type {type(other).__name__} not supported")
        return self

    def _write(self, name, value):
        if name == "objective":
            if isinstance(value, _Aim):
                self._sense(value.sense)
                value = value.body
            for var in self.recorder.columns:
                var.cost = 0
            self.recorder.objective = _copy(value)
            self.recorder.has_objective = True
        elif name == "sense":
            self._sense(value)
        elif name == "objective_const":
            self.recorder.objective.const = _number(value)
        elif name in ("lazy_constrs_generator", "cuts_generator") and value is not None:
            _not_recorded("callbacks and lazy constraints")

    def _read(self, name):
        if name == "sense":
            return "MIN" if self.recorder.sense == "minimize" else "MAX"
        if name == "objective":
            return _copy(self.recorder.objective)
        if name == "vars":
            return list(self.recorder.columns)
        if name == "num_cols":
            return len(self.recorder.columns)
        if name == "num_rows":
            return len(self.recorder.rows)
        return _plain(self, name)

    def var_by_name(self, name):
        for var in self.recorder.columns:
            if var.given == name:
                return var
        return None

    def add_sos(self, *given, **named):
        _not_recorded("SOS constraints (add_sos)")

    def add_cut(self, *given, **named):
        _not_recorded("cuts (add_cut)")

    def add_lazy_constr(self, *given, **named):
        _not_recorded("lazy constraints (add_lazy_constr)")

    def read(self, *given):
        _not_recorded("a model read from a file (read)")

    def remove(self, items):
        for item in items if isinstance(items, list) else [items]:
            if not isinstance(item, _MipRow):
                _not_recorded("a variable that is removed")
            item.row.gone = True

    def write(self, *given):
        return None

    def optimize(self, *given, **named):
        if named.get("relax"):
            for var in self.recorder.columns:
                var.domain = "continuous"
            _note("optimize(relax=True) leaves whole numbers aside; so does this reading")
        _solved(self.recorder, "mip")


class _MipRow:
    """A constraint of a model."""

    def __init__(self, row):
        self.row = row

    def _read(self, name):
        return self.row.name if name == "name" else _plain(self, name)


def _xsum(items):
    return _total(items)


def _mip_minimize(expr):
    return _Aim(_copy(expr), "MIN")


def _mip_maximize(expr):
    return _Aim(_copy(expr), "MAX")


_modules["mip"] = _Namespace(
    "mip",
    Model=_MipModel,
    Var=Var,
    LinExpr=Expr,
    xsum=_xsum,
    minimize=_mip_minimize,
    maximize=_mip_maximize,
    CONTINUOUS="C",
    BINARY="B",
    INTEGER="I",
    MINIMIZE="MIN",
    MAXIMIZE="MAX",
    MIN="MIN",
    MAX="MAX",
    INF=_inf,
    CBC="CBC",
    GUROBI="GRB",
    GRB="GRB",
    HIGHS="HIGHS",
    OptimizationStatus=_Anything(),
    Column=lambda *given: _not_recorded("a column (Column)"),
)
_modules["mip.model"] = _modules["mip"]
