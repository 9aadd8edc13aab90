"""coptpy as programs use it: its variables, expressions and keys; ``copt.py`` has the model. Sandbox only.

What it means was measured on coptpy 8.0.7: a variable's lower bound is 0 unless given, a binary is [0, 1] whatever is
given, lists of bounds are taken in order while maps of bounds are ignored, expressions change in place under ``+=``.
"""

_rules["message"] = "Boolean value of 'ConstrBuilder' object is not defined"
_rules["differ"] = "Boolean value of 'ConstrBuilder' object is not defined"

_SENSES = {"L": "<=", "G": ">=", "E": "=="}


def _domain(vtype):
    domain = _DOMAINS.get(vtype) if isinstance(vtype, str) else None
    if domain is None:
        raise TypeError("Wrong number or type of arguments for overloaded function 'IModel_AddVar'.")
    return _known_domain(domain)


def _copt_number(value):
    """What coptpy makes a float of: texts are refused, True is 1."""
    if value is None or isinstance(value, (list, tuple, dict)):
        raise TypeError(f"float() argument must be a string or a real number, not '{type(value).__name__}'")
    return float(value) if isinstance(value, str) else _number(value)


def _var_read(self, name):
    low = "vtype" if name.lower() == "type" else name.lower()
    if low == "name":
        return self.given
    found = _common_read(self, low, 1e30)
    return _plain(self, name) if found is None else found


def _var_write(self, name, value):
    low = "vtype" if name.lower() == "type" else name.lower()
    if low == "name":
        self.given = str(value)
    elif not _common_write(self, low, value):
        raise RuntimeError("Unknown variable information")


def _bound(value):
    return _side(_copt_number(value))


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


def _expr_set_constant(self, value):
    self.const = _number(value)


Expr.addTerms = _expr_add_terms
Expr.addTerm = _expr_add_term
Expr.addExpr = _expr_add_expr
Expr.addLinExpr = _expr_add_expr
Expr.addQuadExpr = _expr_add_expr
Expr.setConstant = _expr_set_constant
Expr.clone = _copy
Expr.getConstant = lambda self: self.const
Expr.getSize = lambda self: len(self.terms)


# What addVars and prod are given ----------------------------------------------------------------------------------


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
    return _combined(lists)


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
