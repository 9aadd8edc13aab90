"""Pyomo's concrete models as programs use them. Runs inside the sandbox only; one library, so 839 lines.

What it means was measured on Pyomo 6.10.1: a variable is free unless its domain or bounds say otherwise, and both hold;
expressions do not change in place; neither constraints nor expressions have a truth value; a rule that gives True or
None is an error.
"""

import math as _math

_no_truth_values.append(True)
_rules["in_place"] = False
_rules["strict"] = "later"
_rules["message"] = "Cannot convert non-constant Pyomo expression to bool."
_rules["differ"] = "Cannot convert non-constant Pyomo expression to bool."
_rules["expressions"] = "Cannot convert non-constant Pyomo numeric value to bool."
_rules["numbers"] = True


class _PyDomain:
    """A domain of variables."""

    def __init__(self, name, domain, low, up):
        self.name = name
        self.domain = domain
        self.low = low
        self.up = up


class _PySet:
    """An ordered set of members; a member is a value or a tuple."""

    def __init__(self, members):
        self.entries = {}
        for member in members:
            self.entries[member] = True

    def __iter__(self):
        return iter(list(self.entries))

    def __len__(self):
        return len(self.entries)

    def __contains__(self, member):
        return member in self.entries

    def __mul__(self, other):
        return _PySet([_flat_key(pair) for pair in _products([list(self), list(_members(other))])])

    def cross(self, other):
        return self * other

    def __sub__(self, other):
        return _PySet([member for member in self.entries if member not in _members(other)])

    def __or__(self, other):
        return _PySet(list(self.entries) + list(_members(other)))

    def __and__(self, other):
        return _PySet([member for member in self.entries if member in _members(other)])

    def __xor__(self, other):
        return (self - other) | (_PySet(_members(other)) - self)

    def union(self, other):
        return self | other

    def difference(self, other):
        return self - other

    def intersection(self, other):
        return self & other

    def _place(self, member):
        return list(self.entries).index(member)

    def first(self):
        return list(self.entries)[0]

    def last(self):
        return list(self.entries)[-1]

    def at(self, place):
        return list(self.entries)[place - 1 if place > 0 else place]

    def __getitem__(self, place):
        return self.at(place)

    def ord(self, member):
        return self._place(member) + 1

    def next(self, member, step=1):
        return list(self.entries)[self._place(member) + step]

    def prev(self, member, step=1):
        place = self._place(member) - step
        if place < 0:
            raise IndexError("Cannot go before the first member of a Set")
        return list(self.entries)[place]

    def nextw(self, member, step=1):
        return list(self.entries)[(self._place(member) + step) % len(self.entries)]

    def prevw(self, member, step=1):
        return list(self.entries)[(self._place(member) - step) % len(self.entries)]

    def add(self, *members):
        for member in members:
            self.entries[member] = True

    def data(self):
        return tuple(self.entries)

    def ordered_data(self):
        return tuple(self.entries)


def _members(given):
    if isinstance(given, (_PySet, list, tuple, set, dict)):
        return given
    if isinstance(given, (_PyIndexed, _PyParam)):
        return list(given)
    if isinstance(given, (int, float, str)):
        raise TypeError(f"'{type(given).__name__}' object is not a set")
    return list(given)


class _Declaration:
    """A component before it belongs to a model: what kind, which index sets, which options."""

    def __init__(self, kind, sets, options):
        self.kind = kind
        self.sets = sets
        self.options = options

    def keys(self):
        """The keys of an indexed component."""
        if len(self.sets) == 1:
            return list(_members(self.sets[0]))
        return [_flat_key(key) for key in _products([list(_members(one)) for one in self.sets])]

    def _decorate(self, function, name):
        self.options["rule"] = function
        self.model._write(name, self)
        return self.model._parts[name]


class _PyIndexed:
    """An indexed component: its parts by key."""

    def __init__(self, name, entries):
        self.name = name
        self.entries = entries

    def __getitem__(self, key):
        if key not in self.entries:
            raise KeyError(f"Index '{key}' is not valid for indexed component '{self.name}'")
        return self.entries[key]

    def __setitem__(self, key, value):
        if isinstance(self.entries.get(key), Var):
            return  # an initial value
        _not_recorded(f"an item of {self.name} that is assigned")

    def __iter__(self):
        return iter(list(self.entries))

    def __len__(self):
        return len(self.entries)

    def __contains__(self, key):
        return key in self.entries

    def keys(self):
        return self.entries.keys()

    def values(self):
        return self.entries.values()

    def items(self):
        return self.entries.items()

    def index_set(self):
        return _PySet(self.entries)

    def fix(self, value):
        for var in self.entries.values():
            var.fix(value)

    def setlb(self, value):
        for var in self.entries.values():
            var.setlb(value)

    def setub(self, value):
        for var in self.entries.values():
            var.setub(value)

    def deactivate(self):
        for part in self.entries.values():
            part.deactivate()

    def activate(self):
        for part in self.entries.values():
            part.activate()


class _PyParam:
    """Known numbers by key."""

    def __init__(self, name, entries, keys, default):
        self.name = name
        self.entries = entries
        self.keys_of = keys
        self.default = default

    def __getitem__(self, key):
        if key in self.entries:
            return self.entries[key]
        if key not in self.keys_of:
            raise KeyError(f"Index '{key}' is not valid for indexed component '{self.name}'")
        if self.default is None:
            raise ValueError(f"The Param value is undefined and no default value is specified: {self.name}[{key}]")
        return self.default

    def __setitem__(self, key, value):
        self.entries[key] = value

    def _known(self):
        return [key for key in self.keys_of if key in self.entries or self.default is not None]

    def __iter__(self):
        return iter(self._known())

    def __len__(self):
        return len(self._known())

    def __contains__(self, key):
        return key in self.entries or (self.default is not None and key in self.keys_of)

    def keys(self):
        return self._known()

    def values(self):
        return [self[key] for key in self._known()]

    def items(self):
        return [(key, self[key]) for key in self._known()]


class _PyRow:
    """A constraint of a model."""

    def __init__(self, row):
        self.row = row

    def deactivate(self):
        self.row.gone = True

    def activate(self):
        self.row.gone = False


class _PyObjective:
    """An objective of a model."""

    def __init__(self, name, body, sense):
        self.name = name
        self.body = body
        self.sense = sense
        self.active = True

    def deactivate(self):
        self.active = False

    def activate(self):
        self.active = True

    def _read(self, name):
        return self.body if name == "expr" else _plain(self, name)

    def set_value(self, expr):
        self.body = _copy(expr)


class _PyRows:
    """``ConstraintList``: constraints one after another."""

    def __init__(self, model, name):
        self.model = model
        self.name = name
        self.entries = {}

    def add(self, expr=None):
        place = len(self.entries) + 1
        row = self.model._row(expr, f"{self.name}[{place}]")
        self.entries[place] = row
        return row

    def __getitem__(self, place):
        return self.entries[place]

    def __iter__(self):
        return iter(list(self.entries))

    def __len__(self):
        return len(self.entries)

    def deactivate(self):
        for row in self.entries.values():
            if row is not None:
                row.deactivate()

    def values(self):
        return self.entries.values()

    def items(self):
        return self.entries.items()


# Variables ------------------------------------------------------------------------------------------------------------


def _py_var_read(self, name):
    if name in ("lb", "lower"):
        return self.low
    if name in ("ub", "upper"):
        return self.up
    if name in ("value", "fixed", "stale"):
        return getattr(self, "_" + name) if hasattr(self, "_" + name) else None
    if name == "name" or name == "local_name":
        return self.given
    return _plain(self, name)


def _py_var_write(self, name, value):
    if name == "value":
        self._value = value
    elif name in ("lb", "ub"):
        if name == "lb":
            self.low = value
        else:
            self.up = value
    elif name == "domain":
        _py_domain(self, value)
    elif name == "fixed":
        _not_recorded("a variable whose 'fixed' is assigned")
    else:
        setattr(self, name, value)


def _py_fix(self, *value):
    fixed = value[0] if value else getattr(self, "_value", None)
    if fixed is None:
        raise ValueError("the variable is fixed without a value")
    self._fixed, self._value = True, _number(fixed)


def _py_unfix(self):
    self._fixed = False


def _py_setlb(self, value):
    self.low = value


def _py_setub(self, value):
    self.up = value


def _py_set_value(self, value, *given, **named):
    self._value = value


Var._read = _py_var_read
Var._write = _py_var_write
Var.fix = _py_fix
Var.unfix = _py_unfix
Var.setlb = _py_setlb
Var.setub = _py_setub
Var.set_value = _py_set_value
Var.is_fixed = lambda self: False


def _py_domain(var, domain):
    if not isinstance(domain, _PyDomain):
        _not_recorded("a domain that is a set of values")
    if domain.domain is None:
        _not_recorded(f"the domain {domain.name}")
    var.domain = domain.domain
    if domain.low is not None and (var.low is None or var.low < domain.low):
        var.low = domain.low
    if domain.up is not None and (var.up is None or var.up > domain.up):
        var.up = domain.up


class _PyModel:
    """``pyomo.environ.ConcreteModel``."""

    def __init__(self, name="", **options):
        self.recorder = _Recorder(name)
        self._parts = {}

    def _read(self, name):
        if name in self._parts:
            return self._parts[name]
        if name in ("name", "_name"):
            return self.recorder.name
        if hasattr(self, name):
            return getattr(self, name)
        _end("absent", "pyomo.environ.ConcreteModel", name)

    def _write(self, name, value):
        if isinstance(value, _Declaration):
            if isinstance(self._parts.get(name), (Var, _PyIndexed)):
                _not_recorded(f"the component {name}, which is declared twice")
            self._parts[name] = self._build(name, value)
        elif isinstance(value, _PyRows):
            self._parts[name] = value
        else:
            self._parts[name] = _PySet(list(value)) if isinstance(value, _PySet) else value

    def add_component(self, name, value):
        self._write(name, value)

    def find_component(self, name):
        return self._parts.get(name)

    def component(self, name):
        return self._parts.get(name)

    def del_component(self, item):
        _not_recorded("a component that is deleted")

    def _called(self, function, key):
        if key is None:
            return function(self)
        return function(self, *key) if isinstance(key, tuple) else function(self, key)

    def _each(self, declaration, make):
        """One part, or a part for each key; None is left out."""
        if not declaration.sets:
            return make(None)
        return {key: part for key in declaration.keys() for part in (make(key),) if part is not None}

    def _build(self, name, declaration):
        made = {
            "Var": self._var,
            "Param": self._param,
            "Set": self._set,
            "Constraint": self._constraint,
            "Objective": self._objective,
            "Expression": self._expression,
            "ConstraintList": self._list,
        }[declaration.kind](name, declaration)
        return _PyIndexed(name, made) if isinstance(made, dict) else made

    def _var(self, name, declaration):
        options = declaration.options
        domain = options.get("domain") or options.get("within") or _PY_DOMAINS["Reals"]

        def make(key):
            bounds = options.get("bounds")
            if type(bounds).__name__ == "function":
                bounds = self._called(bounds, key)
            low, up = bounds if bounds is not None else (None, None)
            parts = None if key is None else key if isinstance(key, tuple) else (key,)
            given = name if parts is None else f"{name}[{','.join([str(part) for part in parts])}]"
            low = None if low is None else _number(low)
            up = None if up is None else _number(up)
            var = self.recorder.column(low, up, "continuous", given, "" if parts is None else name, parts)
            kind = self._called(domain, key) if type(domain).__name__ == "function" else domain
            _py_domain(var, kind)
            start = options.get("initialize")
            var._value = start if isinstance(start, (int, float)) else None
            return var

        return self._each(declaration, make)

    def _param(self, name, declaration):
        options = declaration.options
        given, default = options.get("initialize"), options.get("default")
        if not declaration.sets:
            if type(given).__name__ == "function":
                given = given(self)
            if isinstance(given, dict):
                given = given.get(None)
            return default if given is None else given
        keys = declaration.keys()
        if type(given).__name__ == "function":
            entries = {key: self._called(given, key) for key in keys}
        elif isinstance(given, (dict, _PyParam)):
            entries = dict(given.items())
        elif given is None:
            entries = {}
        else:
            entries = {key: given for key in keys}
        known = {key: True for key in keys}
        for key in entries:
            if key not in known:
                raise KeyError(f"Index '{key}' is not valid for indexed component '{name}'")
        return _PyParam(name, entries, known, default)

    def _set(self, name, declaration):
        given, test = declaration.options.get("initialize"), declaration.options.get("filter")

        def make(key):
            members = given
            if type(members).__name__ == "function":
                members = self._called(members, key)
            elif key is not None:
                members = members[key]
            members = [] if members is None else list(_members(members))
            if test is not None:
                members = [member for member in members if _truth(self._called(test, member))]
            return _PySet(members)

        return self._each(declaration, make)

    def _expression(self, name, declaration):
        options = declaration.options
        rule = options.get("rule") if options.get("rule") is not None else options.get("expr")
        function = type(rule).__name__ == "function"
        return self._each(declaration, lambda key: _copy(self._called(rule, key) if function else rule))

    def _constraint(self, name, declaration):
        options = declaration.options
        rule = options.get("rule") if options.get("rule") is not None else options.get("expr")

        def make(key):
            found = self._called(rule, key) if type(rule).__name__ == "function" else rule
            parts = key if isinstance(key, tuple) else (key,)
            title = name if key is None else f"{name}[{','.join([str(part) for part in parts])}]"
            return self._row(found, title)

        made = self._each(declaration, make)
        return _PyNothing() if made is None else made

    def _row(self, found, title):
        """What a rule gives, as a row; None for Skip and Feasible."""
        if found is _PY_SKIP or found is _PY_FEASIBLE:
            return None
        if found is _PY_INFEASIBLE:
            return _PyRow(self.recorder.row(False, title))
        if isinstance(found, tuple):
            found = _py_tuple(found)
        if found is True or found is False:
            raise ValueError(f"Constraint '{title}': the constraint expression resolved to a trivial Boolean ({found})")
        if not isinstance(found, Con):
            raise ValueError(f"Constraint '{title}' does not have a proper value")
        if found.sense in ("<", ">"):
            raise ValueError(f"Constraint '{title}' encountered a strict inequality expression ('>' or '<')")
        return _PyRow(self.recorder.row(found, title))

    def _list(self, name, declaration):
        rows = _PyRows(self, name)
        rule = declaration.options.get("rule")
        if rule is not None:
            for found in rule(self):
                rows.add(found)
        return rows

    def _objective(self, name, declaration):
        options = declaration.options
        rule = options.get("rule") if options.get("rule") is not None else options.get("expr")
        if declaration.sets:
            _not_recorded("an indexed objective")
        body = rule(self) if type(rule).__name__ == "function" else rule
        sense = options.get("sense")
        return _PyObjective(name, _copy(body), 1 if sense is None else sense)

    def _solve(self):
        objectives = [part for part in self._parts.values() if isinstance(part, _PyObjective) and part.active]
        if len(objectives) > 1:
            _not_recorded("several active objectives")
        for var in self.recorder.columns:
            if hasattr(var, "_fixed") and var._fixed:
                var.low = var.up = var._value
        if objectives:
            sense = objectives[0].sense
            if sense not in (1, -1):
                _not_recorded(f"the sense {sense!r}")
            self.recorder.objective = objectives[0].body
            self.recorder.has_objective = True
            self.recorder.sense = "minimize" if sense == 1 else "maximize"
        _solved(self.recorder, "pyomo")

    def Constraint(self, *sets, **options):
        return self._deferred("Constraint", sets, options)

    def Objective(self, *sets, **options):
        return self._deferred("Objective", sets, options)

    def Expression(self, *sets, **options):
        return self._deferred("Expression", sets, options)

    def Param(self, *sets, **options):
        return self._deferred("Param", sets, options)

    def _deferred(self, kind, sets, options):
        declaration = _Declaration(kind, sets, options)
        declaration.model = self
        return declaration

    def pprint(self, *given, **named):
        return None

    def display(self, *given, **named):
        return None

    def write(self, *given, **named):
        return None

    def create_instance(self, *given, **named):
        _not_recorded("an abstract model")


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
