"""Pyomo's ``ConcreteModel`` as programs use it (after ``pyomo_parts.py``). Sandbox only."""


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
