"""What gurobipy and coptpy share: attributes of variables, sums, what is refused. Runs inside the sandbox only."""

_DOMAINS = {"C": "continuous", "B": "binary", "I": "integer", "S": "semi-continuous", "N": "semi-integer"}


def _expr_add_constant(self, value):
    self.const = self.const + _number(value)


Expr.addConstant = _expr_add_constant


def _common_read(var, low, infinity):
    """What both say of a variable under the same name (in small letters); None where they do not."""
    if low == "lb":
        return -infinity if var.low is None else var.low
    if low == "ub":
        return infinity if var.up is None else var.up
    if low == "obj":
        return var.cost
    if low == "vtype":
        return {"continuous": "C", "binary": "B", "integer": "I"}[var.domain]
    if low == "index":
        return var.number
    return None


def _common_write(var, low, value):
    """Set what both set of a variable under the same name; False where they do not."""
    if low == "lb":
        var.low = _bound(value)
    elif low == "ub":
        var.up = _bound(value)
    elif low == "obj":
        var.cost = _number(value)
        var.model.has_objective = True
    elif low == "vtype":
        var.domain = _domain(value)
        if var.domain == "binary":
            var.low, var.up = 0, 1
    else:
        return False
    return True


def _side(value):
    """A bound as the recorder keeps it: None beyond 1e20."""
    return None if value >= 1e20 or value <= -1e20 else value


def _put_objective(recorder, expr):
    """A new objective takes the place of the old one and of all costs of variables."""
    for var in recorder.columns:
        var.cost = 0
    recorder.objective = _copy(expr)
    recorder.has_objective = True


def _known_domain(domain):
    if domain.startswith("semi"):
        _not_recorded(f"{domain} variables")
    return domain


def _combined(lists):
    """The keys of addVars: the members of one list, or tuples of several."""
    if len(lists) == 1:
        return lists[0]
    return [_flat_key(key) for key in _products(lists)]


def _quicksum(items):
    return _total(items.values() if isinstance(items, (dict, _TupleDict)) else items)


def _other(what):
    def made(*values, **options):
        _not_recorded(what)

    return made


def _implies(self, other):
    _not_recorded("an indicator constraint (>>)")


Con.__rshift__ = _implies
