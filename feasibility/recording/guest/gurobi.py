"""gurobipy as programs use it: constraints, the model, the module (after ``gurobi_parts.py``). Sandbox only."""


class _GurobiConstr:
    """A constraint in a model: its side may still change."""

    def __init__(self, row):
        self.row = row

    def _read(self, name):
        low = name.lower()
        if low == "constrname" or low == "qcname":
            return self.row.name
        if low == "rhs":
            return (self.row.up if self.row.up is not None else self.row.low) - self.row.body.const
        return _plain(self, name)

    def _write(self, name, value):
        low = name.lower()
        if low == "rhs":
            side = _number(value)
            self.row.body.const = 0
            self.row.low = None if self.row.low is None else side
            self.row.up = None if self.row.up is None else side
        elif low == "constrname" or low == "qcname":
            self.row.name = str(value)
        elif low == "lazy":
            if value:
                _not_recorded("lazy constraints")
        elif low == "sense":
            _not_recorded("a constraint whose sense is changed")

    def setAttr(self, name, value):
        self._write(name, value)

    def getAttr(self, name):
        return self._read(name)


class _GurobiModel:
    """``gurobipy.Model``."""

    def __init__(self, name="", env=None):
        self.recorder = _Recorder(name)
        self.Params = _Anything()
        self.params = self.Params
        self.quadratic_objectives = 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def addVar(self, lb=0.0, ub=_inf, obj=0.0, vtype="C", name="", column=None):
        if column is not None:
            _not_recorded("a column (Column)")
        if not isinstance(name, str):
            raise AttributeError(f"'{type(name).__name__}' object has no attribute 'encode'")
        return self._new(lb, ub, obj, vtype, name, "", None)

    def _new(self, lb, ub, obj, vtype, given, family, key):
        var = self.recorder.column(_number(lb), _number(ub), _domain(vtype), given, family, key)
        if obj:
            var.cost = _number(obj)
            self.recorder.has_objective = True
        return var

    def addVars(self, *indices, lb=0.0, ub=_inf, obj=0.0, vtype="C", name=""):
        found = {}
        if not indices:
            raise TypeError("addVars() takes at least 1 positional argument")
        for key in _keys_of(indices):
            if key in found:
                raise KeyError("Duplicate keys in Model.addVars()")
            place = len(found)
            parts = key if isinstance(key, tuple) else (key,)
            given = _attribute_of(name, key, place, "")
            own = not isinstance(name, str)
            if given and not own:
                given = f"{name}[{','.join([str(part) for part in parts])}]"
            found[key] = self._new(
                _attribute_of(lb, key, place, 0.0),
                _attribute_of(ub, key, place, _inf),
                _attribute_of(obj, key, place, 0.0),
                _attribute_of(vtype, key, place, "C"),
                given,
                "" if own else name,
                parts,
            )
        return _TupleDict(found)

    def addConstr(self, constr, name=""):
        return _GurobiConstr(self._add(constr, name))

    def _add(self, constr, name):
        if not isinstance(constr, (Con, bool)):
            raise RuntimeError("Invalid value for Model.addConstr")
        return self.recorder.row(constr, name)

    def addLConstr(self, lhs, sense=None, rhs=None, name=""):
        if sense is None or isinstance(lhs, Con):
            return self.addConstr(lhs, name or (sense or ""))
        return self.addConstr(_compare(lhs, _SENSES[sense], rhs), name)

    def addQConstr(self, lhs, sense=None, rhs=None, name=""):
        return self.addLConstr(lhs, sense, rhs, name)

    def addRange(self, expr, lower, upper, name=""):
        return _GurobiConstr(self.recorder.row(Con(_copy(expr), "range", (_number(lower), _number(upper))), name))

    def addConstrs(self, constrs, name=""):
        if not isinstance(constrs, _Keyed):
            raise KeyError("Missing constraint index")
        found = {}
        for key, con in constrs.entries:
            parts = [str(part) for part in key]
            given = f"{name}[{','.join(parts)}]" if name else ""
            found[key if len(key) > 1 else key[0]] = _GurobiConstr(self._add(con, given))
        return _TupleDict(found)

    def setObjective(self, expr, sense=None):
        _put_objective(self.recorder, expr)
        if sense is not None:
            self._write("ModelSense", sense)

    def _write(self, name, value):
        low = name.lower()
        if low == "modelsense":
            value = int(value)
            if value not in (1, -1):
                raise RuntimeError(f"Unable to set attribute 'ModelSense' to {value}")
            self.recorder.sense = "minimize" if value == 1 else "maximize"
        elif low == "objcon":
            self.recorder.objective.const = _number(value)
        elif low == "modelname":
            self.recorder.name = str(value)
        elif name.startswith("_"):
            setattr(self, name, value)
        elif low not in ("numstart", "numobj", "multiobjmethod", "startnumber"):
            raise AttributeError(f"'gurobipy.Model' object has no attribute '{name}'")
        elif low == "numobj":
            _not_recorded("several objectives")

    def _read(self, name):
        low = name.lower()
        if low == "numvars":
            return len(self.recorder.columns)
        if low == "numconstrs":
            return len(self.recorder.rows)
        if low == "modelsense":
            return 1 if self.recorder.sense == "minimize" else -1
        if low == "modelname":
            return self.recorder.name
        return _plain(self, name)

    def setAttr(self, name, value, *more):
        if more:
            _not_recorded("setAttr of many variables at once")
        self._write(name, value)

    def getAttr(self, name, *more):
        if more:
            return _TupleDict({key: _get(var, name) for key, var in more[0].items()})
        return self._read(name)

    def setParam(self, *given):
        return None

    def resetParams(self):
        return None

    def update(self):
        return None

    def write(self, *given):
        return None

    def getVars(self):
        return list(self.recorder.columns)

    def getConstrs(self):
        return [_GurobiConstr(row) for row in self.recorder.rows if not row.gone]

    def getVarByName(self, name):
        for var in self.recorder.columns:
            if var.given == name:
                return var
        return None

    def getConstrByName(self, name):
        for row in self.recorder.rows:
            if row.name == name and not row.gone:
                return _GurobiConstr(row)
        return None

    def getObjective(self):
        return _copy(self.recorder.objective)

    def remove(self, item):
        if isinstance(item, (list, dict, _TupleDict)):
            for one in list(item if isinstance(item, list) else item.values()):
                self.remove(one)
        elif isinstance(item, _GurobiConstr):
            item.row.gone = True
        else:
            _not_recorded("a variable that is removed")

    def chgCoeff(self, constr, var, value):
        constr.row.body.terms[var.number] = _number(value)

    def optimize(self, callback=None):
        if callback is not None:
            _not_recorded("a callback")
        _solved(self.recorder, "gurobipy")

    def optimizeAsync(self, callback=None):
        self.optimize(callback)

    def dispose(self):
        return None

    def close(self):
        return None


def _general(name):
    def made(*values, **options):
        _not_recorded(f"a general constraint ({name})")

    return made


for _name in (
    "addGenConstrAbs addGenConstrAnd addGenConstrCos addGenConstrExp addGenConstrExpA addGenConstrIndicator "
    "addGenConstrLog addGenConstrLogA addGenConstrLogistic addGenConstrMax addGenConstrMin addGenConstrNL "
    "addGenConstrNorm addGenConstrOr addGenConstrPWL addGenConstrPoly addGenConstrPow addGenConstrSin addGenConstrTan"
).split():
    setattr(_GurobiModel, _name, _general(_name))


_GurobiModel.addSOS = _other("SOS constraints (addSOS)")
_GurobiModel.addMVar = _other("matrix variables (addMVar)")
_GurobiModel.addMConstr = _other("matrix constraints (addMConstr)")
_GurobiModel.setObjectiveN = _other("several objectives (setObjectiveN)")
_GurobiModel.setPWLObj = _other("a piecewise linear objective (setPWLObj)")
_GurobiModel.setMObjective = _other("a matrix objective (setMObjective)")
_GurobiModel.read = _other("a file read by the model (read)")
_GurobiModel.computeIIS = _other("a program that asks for a conflict before it solves (computeIIS)")


class _GurobiEnv:
    """``gurobipy.Env``."""

    def __init__(self, *given, **named):
        self.params = _Anything()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def setParam(self, *given):
        return None

    def start(self):
        return None

    def dispose(self):
        return None

    def close(self):
        return None


_GRB = _Namespace(
    "GRB",
    CONTINUOUS="C",
    BINARY="B",
    INTEGER="I",
    SEMICONT="S",
    SEMIINT="N",
    MINIMIZE=1,
    MAXIMIZE=-1,
    INFINITY=1e100,
    LESS_EQUAL="<",
    GREATER_EQUAL=">",
    EQUAL="=",
    SOS_TYPE1=1,
    SOS_TYPE2=2,
    MAXINT=2000000000,
    OPTIMAL=2,
    INFEASIBLE=3,
    INF_OR_UNBD=4,
    UNBOUNDED=5,
    TIME_LIMIT=9,
    SUBOPTIMAL=13,
    Param=_Anything(),
    Attr=_Anything(),
    Status=_Namespace("Status", OPTIMAL=2, INFEASIBLE=3, INF_OR_UNBD=4, UNBOUNDED=5, TIME_LIMIT=9, SUBOPTIMAL=13),
    Callback=_Anything(),
)

_modules["gurobipy"] = _Namespace(
    "gurobipy",
    GRB=_GRB,
    Model=_GurobiModel,
    Env=_GurobiEnv,
    Var=Var,
    LinExpr=_lin_expr,
    QuadExpr=_lin_expr,
    quicksum=_quicksum,
    tupledict=_TupleDict,
    tuplelist=_TupleList,
    multidict=_multidict,
    GurobiError=RuntimeError,
    Constr=_GurobiConstr,
    setParam=_print,
    disposeDefaultEnv=_print,
    max_=_general("max_"),
    min_=_general("min_"),
    abs_=_general("abs_"),
    and_=_general("and_"),
    or_=_general("or_"),
    norm=_general("norm"),
    read=_other("a model read from a file (read)"),
)
_modules["gurobipy.GRB"] = _GRB
_kinds.append((_lin_expr, Expr))
