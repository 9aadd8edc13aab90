"""Tables of numbers as numpy has them: what programs use to write data down. Runs inside the sandbox only.

One class stands for arrays of one and two dimensions, of numbers or of expressions. Whatever else numpy does is refused
by name.
"""

import math as _math


class _Array:
    """A list, or a list of lists of one length."""

    def __init__(self, rows):
        self._array = True
        self.rows = rows

    def _shape(self):
        if self.rows and isinstance(self.rows[0], list):
            return (len(self.rows), len(self.rows[0]))
        return (len(self.rows),)

    def _read(self, name):
        if name == "shape":
            return self._shape()
        if name == "T":
            return self.transpose()
        if name == "ndim":
            return len(self._shape())
        if name == "size":
            size = 1
            for part in self._shape():
                size *= part
            return size
        if name == "dtype":
            return "float"
        return _plain(self, name)

    def tolist(self):
        return [list(row) if isinstance(row, list) else row for row in self.rows]

    def transpose(self):
        if len(self._shape()) == 1:
            return self
        return _Array([list(column) for column in zip(*self.rows)])

    def copy(self):
        return _Array(self.tolist())

    def flatten(self):
        return _Array(self._flat())

    def ravel(self):
        return self.flatten()

    def astype(self, kind, **named):
        return _Array(_each(lambda value: kind(value) if kind in (int, float) else value, self.rows))

    def reshape(self, *shape):
        if len(shape) == 1 and isinstance(shape[0], tuple):
            shape = shape[0]
        flat = self._flat()
        if len(shape) == 1:
            return _Array(flat)
        rows, columns = shape
        columns = len(flat) // rows if columns == -1 else columns
        rows = len(flat) // columns if rows == -1 else rows
        if rows * columns != len(flat):
            raise ValueError(f"cannot reshape array of size {len(flat)} into shape {shape}")
        return _Array([flat[i * columns : (i + 1) * columns] for i in range(rows)])

    def _flat(self):
        return [value for row in self.rows for value in row] if len(self._shape()) == 2 else list(self.rows)

    def __len__(self):
        return len(self.rows)

    def __iter__(self):
        return iter([_Array(row) if isinstance(row, list) else row for row in self.rows])

    def __contains__(self, value):
        return value in self._flat()

    def __getitem__(self, key):
        if isinstance(key, tuple):
            row, column = key
            part = self.rows[row]
            if isinstance(row, slice):
                return _Array([line[column] for line in part])
            found = part[column]
            return _Array(found) if isinstance(found, list) else found
        found = self.rows[key]
        return _Array(found) if isinstance(found, list) else found

    def __setitem__(self, key, value):
        if hasattr(value, "_array"):
            value = value.tolist()
        if isinstance(key, tuple):
            row, column = key
            if isinstance(row, slice) or isinstance(column, slice):
                _not_recorded("a part of an array that is assigned")
            self.rows[row][column] = value
        elif isinstance(key, slice):
            _not_recorded("a part of an array that is assigned")
        elif isinstance(self.rows[key], list) and not isinstance(value, list):
            self.rows[key] = [value] * len(self.rows[key])
        else:
            self.rows[key] = value

    def _with(self, other, function):
        """An operation element by element; a row is combined with each row of a table."""
        if hasattr(other, "_array"):
            other = other.rows
        if not isinstance(other, (list, tuple)):
            return _Array(_each(lambda value: function(value, other), self.rows))
        deep, other_deep = len(self._shape()) == 2, bool(other) and isinstance(other[0], list)
        if deep and other_deep:
            if len(self.rows) != len(other) or len(self.rows[0]) != len(other[0]):
                raise ValueError("operands could not be broadcast together")
            return _Array([[function(a, b) for a, b in zip(row, line)] for row, line in zip(self.rows, other)])
        if deep:
            return _Array([[function(a, b) for a, b in _paired(row, other)] for row in self.rows])
        if other_deep:
            return _Array([[function(a, b) for a, b in _paired(self.rows, line)] for line in other])
        return _Array([function(a, b) for a, b in _paired(self.rows, other)])

    def __add__(self, other):
        return self._with(other, lambda a, b: a + b)

    def __radd__(self, other):
        return self._with(other, lambda a, b: b + a)

    def __sub__(self, other):
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other):
        return self._with(other, lambda a, b: b - a)

    def __mul__(self, other):
        return self._with(other, lambda a, b: a * b)

    def __rmul__(self, other):
        return self._with(other, lambda a, b: b * a)

    def __truediv__(self, other):
        return self._with(other, lambda a, b: a / b)

    def __rtruediv__(self, other):
        return self._with(other, lambda a, b: b / a)

    def __pow__(self, other):
        return self._with(other, lambda a, b: a**b)

    def __neg__(self):
        return _Array(_each(lambda value: -value, self.rows))

    def __matmul__(self, other):
        return _dot(self, other)

    def __rmatmul__(self, other):
        return _dot(_as_array(other), self)

    def sum(self, axis=None):
        return _np_sum(self, axis)

    def max(self):
        return max(self._flat())

    def min(self):
        return min(self._flat())

    def mean(self):
        return sum(self._flat()) / len(self._flat())

    def dot(self, other):
        return _dot(self, other)

    def item(self, *key):
        return self._flat()[0] if not key else self[key if len(key) > 1 else key[0]]


def _paired(first, second):
    if len(first) != len(second):
        raise ValueError("operands could not be broadcast together")
    return zip(first, second)


def _each(function, rows):
    return [[function(value) for value in row] if isinstance(row, list) else function(row) for row in rows]


def _plain_row(row):
    if hasattr(row, "_array"):
        return row.tolist()
    return list(row) if isinstance(row, (list, tuple)) else row


def _as_array(given, *kind, **named):
    if hasattr(given, "_array"):
        return given.copy()
    if isinstance(given, (int, float)):
        return given
    if isinstance(given, dict):
        _not_recorded("an array of a map")
    rows = [
        row.tolist() if hasattr(row, "_array") else list(row) if isinstance(row, (list, tuple)) else row
        for row in given
    ]
    if rows and isinstance(rows[0], list):
        if any([not isinstance(row, list) or len(row) != len(rows[0]) for row in rows]):
            raise ValueError("setting an array element with a sequence. The array has an inhomogeneous shape")
        if rows[0] and isinstance(rows[0][0], (list, tuple)):
            _not_recorded("an array of more than two dimensions")
    return _Array(rows)


def _filled(shape, value):
    if isinstance(shape, tuple) and len(shape) == 1:
        shape = shape[0]
    if isinstance(shape, (tuple, list)):
        if len(shape) != 2:
            _not_recorded("an array of more than two dimensions")
        return _Array([[value] * shape[1] for _ in range(shape[0])])
    return _Array([value] * shape)


def _np_sum(given, axis=None, **named):
    given = _as_array(given)
    if not hasattr(given, "_array"):
        return given
    if axis is None or len(given._shape()) == 1:
        return _sum_all(given._flat())
    rows = given.rows if axis in (1, -1) else given.transpose().rows
    return _Array([_sum_all(row) for row in rows])


def _dot(first, second):
    first, second = _as_array(first), _as_array(second)
    if not hasattr(first, "_array") or not hasattr(second, "_array"):
        return first * second
    deep, other_deep = len(first._shape()) == 2, len(second._shape()) == 2
    if not deep and not other_deep:
        return _sum_all([a * b for a, b in _paired(first.rows, second.rows)])
    if deep and not other_deep:
        return _Array([_sum_all([a * b for a, b in _paired(row, second.rows)]) for row in first.rows])
    if not deep:
        return _Array([_sum_all([a * b for a, b in _paired(first.rows, row)]) for row in second.transpose().rows])
    columns = second.transpose().rows
    return _Array([[_sum_all([a * b for a, b in _paired(row, column)]) for column in columns] for row in first.rows])


def _np_arange(*given):
    if all([isinstance(value, int) for value in given]):
        return _Array(list(range(*given)))
    start, stop, step = (0, given[0], 1) if len(given) == 1 else (*given, 1)[:3]
    return _Array([start + i * step for i in range(max(0, _math.ceil((stop - start) / step)))])


def _np_eye(size):
    return _Array([[1.0 if i == j else 0.0 for j in range(size)] for i in range(size)])


def _np_stack(parts):
    return _Array([row for part in parts for row in _stacked(part)])


def _stacked(part):
    part = _as_array(part)
    return part.rows if len(part._shape()) == 2 else [part.rows]


def _np_concatenate(parts, axis=0):
    parts = [_as_array(part) for part in parts]
    if axis == 0:
        return _Array([row for part in parts for row in part.rows])
    return _Array([[value for row in rows for value in row] for rows in zip(*[part.rows for part in parts])])


def _np_hstack(parts):
    parts = [_as_array(part) for part in parts]
    return _np_concatenate(parts, 0 if len(parts[0]._shape()) == 1 else 1)


def _mapped(function):
    def made(given, *more, **named):
        if hasattr(given, "_array") or isinstance(given, (list, tuple)):
            return _Array(_each(function, _as_array(given).rows))
        if isinstance(given, (Var, Expr)):
            _not_recorded("a function of numpy of a variable")
        return function(given)

    return made


def _compare_arrays(a, op, b):
    """Element by element, as numpy does; a constraint for each is more than a recorder takes."""
    if isinstance(a, (Var, Expr)) or isinstance(b, (Var, Expr)):
        _not_recorded("a comparison with an array")
    if hasattr(a, "_array"):
        return a._with(b, lambda x, y: _compare(x, op, y))
    return b._with(a, lambda x, y: _compare(y, op, x))


_modules["numpy"] = _Namespace(
    "numpy",
    array=_as_array,
    asarray=_as_array,
    ndarray=_Array,
    zeros=lambda shape, *kind, **named: _filled(shape, 0.0),
    ones=lambda shape, *kind, **named: _filled(shape, 1.0),
    full=lambda shape, value, *kind, **named: _filled(shape, value),
    zeros_like=lambda given, **named: _filled(given._shape(), 0.0),
    ones_like=lambda given, **named: _filled(given._shape(), 1.0),
    eye=_np_eye,
    identity=_np_eye,
    arange=_np_arange,
    sum=_np_sum,
    dot=_dot,
    matmul=_dot,
    vstack=_np_stack,
    hstack=_np_hstack,
    concatenate=_np_concatenate,
    transpose=lambda given: _as_array(given).transpose(),
    max=lambda given: _as_array(given).max(),
    min=lambda given: _as_array(given).min(),
    mean=lambda given: _as_array(given).mean(),
    sqrt=_mapped(_math.sqrt),
    exp=_mapped(_math.exp),
    log=_mapped(_math.log),
    abs=_mapped(abs),
    ceil=_mapped(lambda value: float(_math.ceil(value))),
    floor=_mapped(lambda value: float(_math.floor(value))),
    negative=_mapped(lambda value: -value),
    inf=_inf,
    Inf=_inf,
    infty=_inf,
    nan=float("nan"),
    pi=_math.pi,
    e=_math.e,
    int64=int,
    int32=int,
    float64=float,
    integer=int,
    floating=float,
)
