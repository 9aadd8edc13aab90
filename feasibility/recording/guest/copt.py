"""coptpy as programs use it: constraints, the model, the module (after ``copt_parts.py``). Sandbox only."""


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
        _put_objective(self.recorder, expr)
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
