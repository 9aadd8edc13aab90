"""coptpy as programs use it. Runs inside the sandbox only; one library, so 513 lines.

What it means was measured on coptpy 8.0.7: a variable's lower bound is 0 unless given, a binary is [0, 1] whatever is
given, lists of bounds are taken in order while maps of bounds are ignored, expressions change in place under ``+=``.
"""

_rules["message"] = "Boolean value of 'ConstrBuilder' object is not defined"
_rules["differ"] = "Boolean value of 'ConstrBuilder' object is not defined"

_DOMAINS = {"C": "continuous", "B": "binary", "I": "integer", "S": "semi-continuous", "N": "semi-integer"}
_SENSES = {"L": "<=", "G": ">=", "E": "=="}


def _domain(vtype):
    domain = _DOMAINS.get(vtype) if isinstance(vtype, str) else None
    if domain is None:
        raise TypeError("Wrong number or type of arguments for overloaded function 'IModel_AddVar'.")
    if domain.startswith("semi"):
        _not_recorded(f"{domain} variables")
    return domain


def _copt_number(value):
    """What coptpy makes a float of: texts are refused, True is 1."""
    if value is None or isinstance(value, (list, tuple, dict)):
        raise TypeError(f"float() argument must be a string or a real number, not '{type(value).__name__}'")
    return float(value) if isinstance(value, str) else _number(value)


def _var_read(self, name):
    low = name.lower()
    if low == "lb":
        return -1e30 if self.low is None else self.low
    if low == "ub":
        return 1e30 if self.up is None else self.up
    if low == "obj":
        return self.cost
    if low in ("type", "vtype"):
        return {"continuous": "C", "binary": "B", "integer": "I"}[self.domain]
    if low == "name":
        return self.given
    if low == "index":
        return self.number
    return _plain(self, name)


def _var_write(self, name, value):
    low = name.lower()
    if low == "lb":
        self.low = _bound(value)
    elif low == "ub":
        self.up = _bound(value)
    elif low == "obj":
        self.cost = _number(value)
        self.model.has_objective = True
    elif low in ("type", "vtype"):
        self.domain = _domain(value)
        if self.domain == "binary":
            self.low, self.up = 0, 1
    elif low == "name":
        self.given = str(value)
    else:
        raise RuntimeError("Unknown variable information")


def _bound(value):
    value = _copt_number(value)
    return None if value >= 1e20 or value <= -1e20 else value


Var._read = _var_read
Var._write = _var_write
Var.getName = lambda self: self.given
Var.setName = lambda self, name: _var_write(self, "name", name)
Var.getType = lambda self: _var_read(self, "vtype")
Var.setType = lambda self, vtype: _var_write(self, "vtype", vtype)
Var.getIdx = lambda self: self.number
Var.getInfo = lambda self, name: _var_read(self, name)
Var.setInfo = lambda self, name, value: _var_write(self, name, value)


# Expressions ----------------------------------------------------------------------------------------------------------


def _lin_expr(arg1=0.0, arg2=None):
    """``LinExpr()``, ``LinExpr(variable, coefficient)``, ``LinExpr([(v, c), ...])``, ``LinExpr(variables, cs)``."""
    if arg2 is not None:
        if isinstance(arg1, (Var, Expr)):
            return arg1 * _number(arg2)
        return _weighted(arg1, arg2)
    if isinstance(arg1, (list, tuple)):
        return _total([v * c for v, c in arg1])
    return _copy(arg1)


def _weighted(variables, coefficients):
    if isinstance(coefficients, (int, float)):
        coefficients = [coefficients for _ in variables]
    variables, coefficients = list(variables), list(coefficients)
    if not all([isinstance(v, Var) for v in variables]) or len(variables) != len(coefficients):
        raise AttributeError("'int' object has no attribute '__dict__'")
    return _total([v * c for v, c in zip(variables, coefficients)])


def _expr_add_terms(self, variables, coefficients, others=None):
    if isinstance(variables, Var):
        variables, coefficients = [variables], [coefficients]
    if others is not None:
        variables = [v * w for v, w in zip(variables, others)]
        _accumulate(self, _total([v * c for v, c in zip(variables, coefficients)]), 1)
    else:
        _accumulate(self, _weighted(variables, coefficients), 1)


def _expr_add_term(self, var, coefficient, other=None):
    if other is not None and isinstance(coefficient, Var):
        var, coefficient = var * coefficient, other
    _accumulate(self, var, _number(coefficient))


def _expr_add_expr(self, other, factor=1.0):
    _accumulate(self, other, factor)


def _expr_add_constant(self, value):
    self.const = self.const + _number(value)


def _expr_set_constant(self, value):
    self.const = _number(value)


Expr.addTerms = _expr_add_terms
Expr.addTerm = _expr_add_term
Expr.addExpr = _expr_add_expr
Expr.addLinExpr = _expr_add_expr
Expr.addQuadExpr = _expr_add_expr
Expr.addConstant = _expr_add_constant
Expr.setConstant = _expr_set_constant
Expr.clone = _copy
Expr.getConstant = lambda self: self.const
Expr.getSize = lambda self: len(self.terms)


def _quicksum(items):
    return _total(items.values() if isinstance(items, (dict, _TupleDict)) else items)


# The model ------------------------------------------------------------------------------------------------------------


def _keys_of(indices):
    """The keys of addVars: numbers alone count, lists alone are combined; the two do not mix."""
    if not indices:
        raise TypeError("addVars() takes at least one index")
    numbers = [isinstance(part, int) for part in indices]
    if any(numbers):
        if not all(numbers):
            raise TypeError("'list' object cannot be interpreted as an integer")
        lists = [list(range(part)) for part in indices]
    else:
        if any([isinstance(part, (str, float)) for part in indices]):
            raise TypeError("'int', 'float' or 'str' object(s) are required for argument 'indices'")
        lists = [list(part) for part in indices]
    if len(lists) == 1:
        return lists[0]
    return [_flat_key(key) for key in _products(lists)]


def _attribute_of(given, place, default):
    """One value for all, or a list in order (nested lists count row by row). A map is ignored, as coptpy does."""
    if isinstance(given, (dict, _TupleDict)):
        _note("coptpy ignores a map of bounds or costs in addVars; so does this reading")
        return default
    if hasattr(given, "_array"):
        given = given.tolist()
    if isinstance(given, (list, tuple)):
        return _flattened(given)[place]
    return given


def _flattened(items):
    flat = []
    for item in items:
        flat.extend(_flattened(item) if isinstance(item, (list, tuple)) else [item])
    return flat


def _factors(given, pattern):
    """The coefficients of ``tupledict.prod`` by key."""
    if not isinstance(given, (dict, _TupleDict)):
        raise AttributeError(f"'{type(given).__name__}' object has no attribute 'keys'")
    return given


class _CoptConstr:
    """A constraint in a model."""

    def __init__(self, row):
        self.row = row

    def getName(self):
        return self.row.name

    def setName(self, name):
        self.row.name = str(name)

    def _read(self, name):
        if name.lower() == "name":
            return self.row.name
        return _plain(self, name)

    def _write(self, name, value):
        low = name.lower()
        if low == "lb" or low == "ub":
            value = _bound(value)
            side = None if value is None else value - self.row.body.const
            if low == "lb":
                self.row.low = side
            else:
                self.row.up = side
        elif low == "name":
            self.row.name = str(value)

    def setInfo(self, name, value):
        self._write(name, value)


class _CoptModel:
    """``coptpy.Model``."""

    def __init__(self, name=""):
        self.recorder = _Recorder(name)
        self.Param = _Anything()
        self.param = self.Param

    def addVar(self, lb=0.0, ub=1e30, obj=0.0, vtype="C", name="", column=None):
        if column is not None:
            _not_recorded("a column (Column)")
        if not isinstance(name, str):
            raise TypeError("Wrong number or type of arguments for overloaded function 'IModel_AddVar'.")
        return self._new(lb, ub, obj, vtype, name, "", None)

    def _new(self, lb, ub, obj, vtype, given, family, key):
        var = self.recorder.column(_copt_number(lb), _copt_number(ub), _domain(vtype), given, family, key)
        if obj:
            var.cost = _copt_number(obj)
            self.recorder.has_objective = True
        return var

    def addVars(self, *indices, lb=0.0, ub=1e30, obj=0.0, vtype="C", nameprefix="C"):
        found = {}
        for key in _keys_of(indices):
            if key in found:
                continue
            place = len(found)
            parts = key if isinstance(key, tuple) else (key,)
            found[key] = self._new(
                _attribute_of(lb, place, 0.0),
                _attribute_of(ub, place, 1e30),
                _attribute_of(obj, place, 0.0),
                _attribute_of(vtype, place, "C"),
                "" if nameprefix == "C" else f"{nameprefix}({','.join([str(part) for part in parts])})",
                "" if nameprefix == "C" else str(nameprefix),
                parts,
            )
        return _TupleDict(found)

    def addConstr(self, lhs, sense=None, rhs=None, name=""):
        if sense is not None and not isinstance(lhs, (Con, bool)):
            if sense == "R":
                _not_recorded("a range constraint of an older form (COPT.RANGE)")
            if sense not in _SENSES:
                raise ValueError("Unsupported constraint sense")
            lhs = _compare(lhs, _SENSES[sense], rhs)
        elif isinstance(sense, str) and not name:
            name = sense
        return _CoptConstr(self._add(lhs, name, False))

    def _add(self, con, name, quadratic):
        if not isinstance(con, (Con, bool)):
            raise ValueError("Unsupported constraint sense")
        if not quadratic and isinstance(con, Con) and con.body.quads:
            raise TypeError("'QConstrBuilder' or 'MQConstrBuilder' is not valid for argument 'lhs'")
        return self.recorder.row(con, name)

    def addQConstr(self, lhs, sense=None, rhs=None, name=""):
        if sense is not None and not isinstance(lhs, (Con, bool)):
            lhs = _compare(lhs, _SENSES[sense], rhs)
        elif isinstance(sense, str) and not name:
            name = sense
        return _CoptConstr(self._add(lhs, name, True))

    def addBoundConstr(self, expr, lb=-1e30, ub=1e30, name=""):
        return _CoptConstr(self.recorder.row(Con(_copy(expr), "range", (_bound(lb), _bound(ub))), name))

    def addConstrs(self, generator, nameprefix="R"):
        if isinstance(generator, int):
            _not_recorded("empty constraints (addConstrs of a number)")
        if isinstance(generator, _Keyed):
            entries = generator.entries
        elif isinstance(generator, (list, tuple)):
            entries = [((place,), con) for place, con in enumerate(generator)]
        else:
            raise AttributeError(f"'{type(generator).__name__}' object has no attribute '__dict__'")
        found = {}
        for key, con in entries:
            if not isinstance(con, (Con, bool)):
                raise AttributeError(f"'{type(con).__name__}' object has no attribute '__dict__'")
            given = f"{nameprefix}({','.join([str(part) for part in key])})"
            row = self._add(con, given if nameprefix != "R" else "", True)
            found[key if len(key) > 1 else key[0]] = _CoptConstr(row)
        return _TupleDict(found)

    def setObjective(self, expr, sense=None):
        for var in self.recorder.columns:
            var.cost = 0
        self.recorder.objective = _copy(expr)
        self.recorder.has_objective = True
        if sense is not None:
            self.setObjSense(sense)

    def setObjSense(self, sense):
        if not isinstance(sense, int) or sense not in (1, -1):
            raise TypeError("Wrong number or type of arguments for overloaded function 'IModel_SetObjective'.")
        self.recorder.sense = "minimize" if sense == 1 else "maximize"

    def setObjConst(self, value):
        self.recorder.objective.const = _number(value)

    def _write(self, name, value):
        if name.lower() == "objsense":
            self.setObjSense(value)
        elif name.lower() == "objconst":
            self.setObjConst(value)
        else:
            raise AttributeError("Invalid attribute name 'setAttr'")

    def _read(self, name):
        low = name.lower()
        if low == "objsense":
            return 1 if self.recorder.sense == "minimize" else -1
        if low == "cols":
            return len(self.recorder.columns)
        if low == "rows":
            return len(self.recorder.rows)
        return _plain(self, name)

    def setParam(self, *given):
        return None

    def getParam(self, *given):
        return None

    def getVars(self):
        return list(self.recorder.columns)

    def getVarByName(self, name):
        for var in self.recorder.columns:
            if var.given == name:
                return var
        raise RuntimeError("Invalid column index")

    def setInfo(self, info, given, value):
        items = (
            given.values() if isinstance(given, (dict, _TupleDict)) else given if isinstance(given, list) else [given]
        )
        for item in items:
            item._write(info, value)

    def setNames(self, given, names):
        for item, name in zip(list(given), list(names)):
            item._write("name", name)

    def setCoeff(self, constr, var, value):
        constr.row.body.terms[var.number] = _number(value)

    def remove(self, item):
        if isinstance(item, _CoptConstr):
            item.row.gone = True
        elif isinstance(item, (list, _TupleDict)):
            for one in list(item if isinstance(item, list) else item.values()):
                self.remove(one)
        else:
            _not_recorded("a variable that is removed")

    def setLogFile(self, *given):
        return None

    def write(self, *given):
        return None

    def update(self):
        return None

    def solve(self):
        _solved(self.recorder, "coptpy")

    def solveLP(self):
        for var in self.recorder.columns:
            if var.domain != "continuous":
                var.domain = "continuous"
                _note("solveLP leaves whole numbers aside; so does this reading")
        _solved(self.recorder, "coptpy")


for _name in "writeLp writeMps writeSol writeBin writeParam writeMst writeBasis setMipStart loadMipStart".split():
    setattr(_CoptModel, _name, lambda self, *given: None)


def _other(what):
    def made(*values, **options):
        _not_recorded(what)

    return made


for _name in "Abs And Indicator Indicators Max Min Or PWL".split():
    setattr(_CoptModel, "addGenConstr" + _name, _other(f"a general constraint (addGenConstr{_name})"))
for _name in "addSOS addCone addCones addConeByDim addExpCone addExpCones addAffineCone".split():
    setattr(_CoptModel, _name, _other(f"SOS and cone constraints ({_name})"))
for _name in "addPsdVar addPsdVars addMVar addMConstr addMQConstr setMObjective loadMatrix loadQ".split():
    setattr(_CoptModel, _name, _other(f"matrix models ({_name})"))
for _name in "addLazyConstr addLazyConstrs addUserCut addUserCuts setCallback".split():
    setattr(_CoptModel, _name, _other(f"callbacks and lazy constraints ({_name})"))
for _name in "addNlConstr addNlConstrs setObjectiveN setObjParamN".split():
    setattr(_CoptModel, _name, _other(f"nonlinear constraints and several objectives ({_name})"))
for _name in "read readLp readMps readBin readCbf readSdpa".split():
    setattr(_CoptModel, _name, _other(f"a model read from a file ({_name})"))


def _implies(self, other):
    _not_recorded("an indicator constraint (>>)")


Con.__rshift__ = _implies


class _CoptEnvr:
    """``coptpy.Envr``."""

    def __init__(self, *given):
        self._config = None

    def createModel(self, name=""):
        return _CoptModel(name)

    def close(self):
        return None

    def dispose(self):
        return None


class _CoptConfig:
    """``coptpy.EnvrConfig``."""

    def set(self, *given):
        return None


_COPT = _Namespace(
    "COPT",
    CONTINUOUS="C",
    BINARY="B",
    INTEGER="I",
    SEMICONT="S",
    SEMIINT="N",
    MINIMIZE=1,
    MAXIMIZE=-1,
    INFINITY=1e30,
    LESS_EQUAL="L",
    GREATER_EQUAL="G",
    EQUAL="E",
    FREE="N",
    RANGE="R",
    SOS_TYPE1=1,
    SOS_TYPE2=2,
    UNSTARTED=0,
    OPTIMAL=1,
    INFEASIBLE=2,
    UNBOUNDED=3,
    INF_OR_UNB=4,
    NUMERICAL=5,
    NODELIMIT=6,
    IMPRECISE=7,
    TIMEOUT=8,
    UNFINISHED=9,
    INTERRUPTED=10,
    Param=_Anything(),
    Attr=_Anything(),
    Info=_Namespace("Info", LB="lb", UB="ub", Obj="obj", Value="value", Slack="slack", Dual="dual", RedCost="redcost"),
)
_COPT.param, _COPT.attr, _COPT.info = _COPT.Param, _COPT.Attr, _COPT.Info

_modules["coptpy"] = _Namespace(
    "coptpy",
    COPT=_COPT,
    Envr=_CoptEnvr,
    EnvrConfig=_CoptConfig,
    Model=_CoptModel,
    Var=Var,
    LinExpr=_lin_expr,
    QuadExpr=_lin_expr,
    ExprBuilder=_lin_expr,
    quicksum=_quicksum,
    tupledict=_TupleDict,
    tuplelist=_TupleList,
    multidict=_multidict,
    CoptError=RuntimeError,
)
_modules["coptpy.COPT"] = _COPT
_kinds.append((_lin_expr, Expr))
