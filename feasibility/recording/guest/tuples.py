"""Maps and lists keyed by tuples, as gurobipy and coptpy have them. Runs inside the sandbox only."""


class _TupleDict:
    """A map with tuples for keys, some of which may be left open: ``x.sum(i, '*')``."""

    def __init__(self, *given, **named):
        self.entries = dict(*[g.entries if isinstance(g, _TupleDict) else g for g in given], **named)

    def __getitem__(self, key):
        return self.entries[key]

    def __setitem__(self, key, value):
        self.entries[key] = value

    def __iter__(self):
        return iter(list(self.entries))

    def __contains__(self, key):
        return key in self.entries

    def __len__(self):
        return len(self.entries)

    def keys(self):
        return self.entries.keys()

    def values(self):
        return self.entries.values()

    def items(self):
        return self.entries.items()

    def get(self, key, default=None):
        return self.entries.get(key, default)

    def pop(self, key, *default):
        return self.entries.pop(key, *default)

    def update(self, other):
        for key, value in other.items():
            self.entries[key] = value

    def copy(self):
        return _TupleDict(dict(self.entries))

    def clean(self):
        return None

    def select(self, *pattern):
        return [value for _, value in _matching(self.entries.items(), pattern)]

    def sum(self, *pattern):
        return _total([value for _, value in _matching(self.entries.items(), pattern)])

    def prod(self, coefficients, *pattern):
        coefficients = _factors(coefficients, pattern)
        chosen = _matching(self.entries.items(), pattern)
        return _total([coefficients[key] * value for key, value in chosen if key in coefficients])


def _matching(entries, pattern):
    """The entries whose keys agree with the pattern: a value, a list of values, or ``'*'``; a short one is open."""
    found = []
    for key, value in entries:
        parts = key if isinstance(key, tuple) else (key,)
        if len(pattern) > len(parts):
            raise IndexError(f"Too many indices for tuplelist with {len(parts)}-tuple keys")
        fits = True
        for want, have in zip(pattern, parts):
            if isinstance(want, (list, set, tuple)):
                fits = fits and have in want
            elif want != "*" and want != have:
                fits = False
        if fits:
            found.append((key, value))
    return found


class _TupleList:
    """A list of tuples with ``select``."""

    def __init__(self, items=()):
        self.entries = list(items)

    def __iter__(self):
        return iter(self.entries)

    def __len__(self):
        return len(self.entries)

    def __getitem__(self, key):
        return self.entries[key]

    def __contains__(self, key):
        return key in self.entries

    def __add__(self, other):
        return _TupleList(self.entries + list(other))

    def append(self, item):
        self.entries.append(item)

    def extend(self, items):
        self.entries.extend(items)

    def select(self, *pattern):
        return _TupleList([key for key, _ in _matching([(key, None) for key in self.entries], pattern)])


def _multidict(data):
    keys = list(data.keys())
    first = data[keys[0]]
    if not isinstance(first, (list, tuple)):
        return [_TupleList(keys), _TupleDict(data)]
    return [_TupleList(keys)] + [_TupleDict({key: data[key][k] for key in keys}) for k in range(len(first))]
