"""Variables, expressions and constraints as every recorder has them. Runs inside the sandbox only.

The files of this folder are fed to the sandbox before a program; nothing on this machine imports them. Their names, and
the built-in functions that they use, get a prefix on the way, so that no program can redefine them by chance.
"""

_inf = float("inf")
_caught = []


_ending = []
"""How the recording ends, once that is known: the program may catch an error, but cannot take this back."""


def _end(*words):
    """End the recording: the host answers this call by taking the program away.

    Inside an operator or another function that the sandbox itself calls, it cannot ask the host and raises an error
    instead; then the host finds the ending here.
    """
    if not _ending:
        _ending.extend(words)
    _pyrite_ended(*_ending)


def _refuse(code, message):
    _end("refused", code, str(message))


def _not_recorded(what):
    _refuse("not-recorded", what)


_no_truth_values = []
"""Not empty where the library refuses True and False as numbers."""


class Var:
    """A column: its number, its bounds and domain, and all that is known of its name."""

    def __init__(self, model, number, low, up, domain, given, family, key):
        self.model = model
        self.number = number
        self.terms = {number: 1}
        self.const = 0
        self.quads = None
        self.low = low
        self.up = up
        self.domain = domain
        self.given = given
        self.family = family
        self.key = key
        self.hint = None
        self.cost = 0

    def __hash__(self):
        return self.number

    def __str__(self):
        return self.given or f"C{self.number}"

    def __repr__(self):
        return self.given or f"C{self.number}"


class Expr:
    """``const + sum(terms[j] * x_j) + sum(quads[i, j] * x_i * x_j)``."""

    def __init__(self, terms, const, quads):
        self.terms = terms
        self.const = const
        self.quads = quads

    def __str__(self):
        return "<expression>"

    def __repr__(self):
        return "<expression>"


class Con:
    """A relation, not yet in a model: ``body`` (0 on the other side) and one of ``<= >= ==``, or both ``ends``."""

    def __init__(self, body, sense, ends=None):
        self.body = body
        self.sense = sense
        self.ends = ends
        self.name = ""
        self.row = None


class Row:
    """A constraint of a model."""

    def __init__(self, model, name, body, low, up):
        self.model = model
        self.name = name
        self.body = body
        self.low = low
        self.up = up
        self.gone = False


def _linear(o):
    return isinstance(o, (Var, Expr))


def _number(o, what="+"):
    """A plain number, or the TypeError that Python raises for a sum with anything else."""
    if isinstance(o, (int, float)) and not (_no_truth_values and isinstance(o, bool)):
        return o
    if hasattr(o, "__float__"):
        return float(o)
    if type(o).__name__ == "Decimal":
        return float(o)
    raise TypeError(f"unsupported operand type(s) for {what}: 'Var' and '{type(o).__name__}'")


def _plus(a, b):
    e = Expr(dict(a.terms), a.const, dict(a.quads) if a.quads else None)
    _accumulate(e, b, 1)
    return e


def _accumulate(e, o, factor):
    """Add ``factor * o`` to the expression in place."""
    if isinstance(o, (Var, Expr)):
        terms = e.terms
        for j, c in o.terms.items():
            terms[j] = terms.get(j, 0) + c * factor
        e.const = e.const + o.const * factor
        if o.quads:
            if e.quads is None:
                e.quads = {}
            for pair, c in o.quads.items():
                e.quads[pair] = e.quads.get(pair, 0) + c * factor
    else:
        e.const = e.const + _number(o) * factor


def _scaled(a, factor):
    quads = {pair: c * factor for pair, c in a.quads.items()} if a.quads else None
    return Expr({j: c * factor for j, c in a.terms.items()}, a.const * factor, quads)


def _is_constant(o):
    return not o.terms and not o.quads


def _product(a, b):
    if _is_constant(b):
        return _scaled(a, b.const)
    if _is_constant(a):
        return _scaled(b, a.const)
    if a.quads or b.quads:
        _not_recorded("a product of more than two variables")
    quads = {}
    for i, c in a.terms.items():
        for j, d in b.terms.items():
            pair = (i, j) if i <= j else (j, i)
            quads[pair] = quads.get(pair, 0) + c * d
    terms = {}
    if b.const != 0:
        for i, c in a.terms.items():
            terms[i] = terms.get(i, 0) + c * b.const
    if a.const != 0:
        for j, d in b.terms.items():
            terms[j] = terms.get(j, 0) + d * a.const
    return Expr(terms, a.const * b.const, quads)


def _op_add(self, o):
    if hasattr(o, "_array"):
        return o.__radd__(self)
    return _plus(self, o)


def _op_sub(self, o):
    if hasattr(o, "_array"):
        return o.__rsub__(self)
    e = Expr(dict(self.terms), self.const, dict(self.quads) if self.quads else None)
    _accumulate(e, o, -1)
    return e


def _op_rsub(self, o):
    e = _scaled(self, -1)
    _accumulate(e, o, 1)
    return e


def _op_mul(self, o):
    if isinstance(o, (Var, Expr)):
        return _product(self, o)
    if hasattr(o, "_array"):
        return o.__rmul__(self)
    return _scaled(self, _number(o, "*"))


def _op_div(self, o):
    if isinstance(o, (Var, Expr)):
        if not _is_constant(o):
            _not_recorded("a division by a variable")
        o = o.const
    factor = _number(o, "/")
    quads = {pair: c / factor for pair, c in self.quads.items()} if self.quads else None
    return Expr({j: c / factor for j, c in self.terms.items()}, self.const / factor, quads)


def _op_rdiv(self, o):
    if _is_constant(self):
        return o / self.const
    _not_recorded("a division by a variable")


def _op_pow(self, o):
    if o == 2:
        return _product(self, self)
    if o == 1:
        return _scaled(self, 1)
    if o == 0:
        return Expr({}, 1, None)
    _not_recorded(f"a variable to the power {o}")


def _op_rpow(self, o):
    _not_recorded("a variable in an exponent")


def _op_neg(self):
    return _scaled(self, -1)


for _class in (Var, Expr):
    _class.__add__ = _op_add
    _class.__radd__ = _op_add
    _class.__sub__ = _op_sub
    _class.__rsub__ = _op_rsub
    _class.__mul__ = _op_mul
    _class.__rmul__ = _op_mul
    _class.__truediv__ = _op_div
    _class.__rtruediv__ = _op_rdiv
    _class.__pow__ = _op_pow
    _class.__rpow__ = _op_rpow
    _class.__neg__ = _op_neg


def _total(items):
    """The sum of numbers and expressions, added up in place."""
    e = Expr({}, 0, None)
    for item in items:
        _accumulate(e, item, 1)
    return e


def _copy(o):
    """An expression of its own with the value of ``o`` (a number, a variable or an expression)."""
    e = Expr({}, 0, None)
    _accumulate(e, o, 1)
    return e
