"""What gurobipy and coptpy have in common: kinds of variables, sums, what is refused. Runs inside the sandbox only."""

_DOMAINS = {"C": "continuous", "B": "binary", "I": "integer", "S": "semi-continuous", "N": "semi-integer"}


def _expr_add_constant(self, value):
    self.const = self.const + _number(value)


Expr.addConstant = _expr_add_constant


def _quicksum(items):
    return _total(items.values() if isinstance(items, (dict, _TupleDict)) else items)


def _other(what):
    def made(*values, **options):
        _not_recorded(what)

    return made


def _implies(self, other):
    _not_recorded("an indicator constraint (>>)")


Con.__rshift__ = _implies
