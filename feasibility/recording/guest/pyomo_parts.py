"""Pyomo as programs use it: sets, parameters, rows, variables; then ``pyomo_model.py`` and ``pyomo.py``. Sandbox only.

What it means was measured on Pyomo 6.10.1: a variable is free unless its domain or bounds say otherwise, and both hold;
expressions do not change in place; neither constraints nor expressions have a truth value; a rule that gives True or
None is an error.
"""

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
