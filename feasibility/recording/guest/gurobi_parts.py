"""gurobipy as programs use it: its variables, expressions and keys; ``gurobi.py`` has the model. Sandbox only.

What it means was measured on gurobipy 13.0.3: a variable's lower bound is 0 unless given, a binary is [0, 1] whatever
bounds are given, expressions change in place under ``+=``, a constraint has no truth value.
"""

_rules["message"] = 'Constraint has no bool value (are you trying "lb <= expr <= ub"?)'
_rules["differ"] = "Inequality constraints not supported"

_SENSES = {"<": "<=", ">": ">=", "=": "==", "<=": "<=", ">=": ">=", "==": "=="}
_HINTS = ("start", "varhintval", "varhintpri", "branchpriority", "partition", "pstart", "vtag", "pooling", "vbasis")


def _domain(vtype):
    if not isinstance(vtype, str):
        raise TypeError(f"'{type(vtype).__name__}' object is not subscriptable")
    domain = _DOMAINS.get(vtype[:1].upper())
    if domain is None:
        raise RuntimeError(f"Invalid variable type '{vtype}'")
    return _known_domain(domain)


def _var_read(self, name):
    low = name.lower()
    if low == "varname":
        return self.given or f"C{self.number}"
    found = _common_read(self, low, _inf)
    return _plain(self, name) if found is None else found


def _var_write(self, name, value):
    low = name.lower()
    if low == "varname":
        self.given = str(value)
    elif not _common_write(self, low, value) and low not in _HINTS and not name.startswith("_"):
        raise AttributeError(f"'gurobipy.Var' object has no attribute '{name}'")


def _bound(value):
    return _side(_number(value))


def _set_attr(self, name, value):
    self._write(name, value)


def _get_attr(self, name):
    return _get(self, name)


def _same_as(self, other):
    return self is other


Var._read = _var_read
Var._write = _var_write
Var.setAttr = _set_attr
Var.getAttr = _get_attr
Var.sameAs = _same_as


# Expressions ----------------------------------------------------------------------------------------------------------


def _lin_expr(arg1=0.0, arg2=None):
    """``LinExpr()``, ``LinExpr(coefficients, variables)``, ``LinExpr([(c, v), ...])``, ``LinExpr(c, v)``."""
    if arg2 is not None:
        if isinstance(arg2, Var):
            return arg2 * arg1
        return _weighted(arg1, arg2)
    if isinstance(arg1, (list, tuple)):
        return _total([c * v for c, v in arg1])
    return _copy(arg1)


def _weighted(coefficients, variables):
    coefficients, variables = list(coefficients), list(variables)
    if len(coefficients) != len(variables):
        raise RuntimeError("Lists of different lengths")
    return _total([c * v for c, v in zip(coefficients, variables)])


def _expr_add(self, other, factor=1.0):
    _accumulate(self, other, factor)


def _expr_add_terms(self, coefficients, variables, others=None):
    if isinstance(variables, Var):
        coefficients, variables = [coefficients], [variables]
        others = None if others is None else [others]
    if others is None:
        _accumulate(self, _weighted(coefficients, variables), 1)
    else:
        products = [v * w for v, w in zip(variables, others)]
        _accumulate(self, _weighted(coefficients, products), 1)


def _expr_clone(self):
    return _copy(self)


def _expr_clear(self):
    self.terms, self.const, self.quads = {}, 0, None


def _expr_size(self):
    return len(self.terms)


def _expr_constant(self):
    return self.const


Expr.add = _expr_add
Expr.addTerms = _expr_add_terms
Expr.copy = _expr_clone
Expr.clear = _expr_clear
Expr.size = _expr_size
Expr.getConstant = _expr_constant


# What addVars and prod are given ----------------------------------------------------------------------------------


def _keys_of(indices):
    return _combined(_indices(indices))


def _indices(parts):
    """The lists that the arguments of addVars stand for."""
    lists = []
    for part in parts:
        if isinstance(part, int):
            lists.append(list(range(part)))
        elif isinstance(part, float):
            raise TypeError("'float' object is not iterable")
        elif isinstance(part, str):
            lists.append(list(part) if len(parts) == 1 else [part])
        else:
            lists.append(list(part))
    return lists


def _attribute_of(given, key, place, default):
    """What lb=, ub=, obj=, vtype= or name= mean for one of many variables: one for all, a list, or a map."""
    if isinstance(given, (dict, _TupleDict)):
        return given[key] if key in given else default
    if hasattr(given, "_array"):
        return given.tolist()[place]
    if isinstance(given, (list, tuple, _TupleList)):
        assert place < len(given)
        return given[place]
    return given


def _factors(given, pattern):
    """The coefficients of ``tupledict.prod`` by key: without a pattern a list counts by whole keys."""
    if isinstance(given, (list, _TupleList)) and not pattern:
        return {place: given[place] for place in range(len(given))}
    if not isinstance(given, (dict, _TupleDict)):
        raise TypeError("tupledict.prod requires a dictionary")
    return given
