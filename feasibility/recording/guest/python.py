"""Python that the sandbox lacks, or has without guest classes. Runs inside the sandbox only."""


def _print(*values, **options):
    return None


def _length(o):
    if hasattr(o, "__len__"):
        return o.__len__()
    return len(o)


def _sum_all(items, start=0):
    """``sum``: expressions are added up in place, or a long sum would be copied at every step."""
    total, own = start, False
    for item in items:
        if own:
            if hasattr(item, "_array") or hasattr(item, "_own_sum"):
                total, own = total + item, False
            else:
                _accumulate(total, item, 1)
        elif isinstance(item, (Var, Expr)) and (isinstance(total, (int, float, Var, Expr))):
            total, own = _copy(total), True
            _accumulate(total, item, 1)
        else:
            total = total + item
    return total


def _absolute(x):
    if isinstance(x, (Var, Expr)):
        return _no_absolute()
    return abs(x)


def _no_absolute():
    raise TypeError("bad operand type for abs(): 'Var'")


def _smallest(*items, **options):
    return _extreme(min, "min", items, options)


def _largest(*items, **options):
    return _extreme(max, "max", items, options)


def _extreme(function, name, items, options):
    if len(items) == 1:
        items = (list(items[0]),)
        if any(isinstance(item, (Var, Expr)) for item in items[0]):
            _compare(items[0][0], "<", items[0][0])
            _not_recorded(f"{name}() of variables")
        if not items[0] and "default" in options:
            return options["default"]
    elif any(isinstance(item, (Var, Expr)) for item in items):
        sign = "<" if name == "min" else ">"
        raise TypeError(f"'{sign}' not supported between instances of 'Var' and 'Var'")
    options.pop("default", None)
    return function(*items, **options)


def _callable(o):
    return type(o).__name__ in ("function", "builtin_function_or_method", "type", "method") or hasattr(o, "_called")


_kinds = []
"""What a program takes for a class and is none in the sandbox, with the class that it stands for."""


def _is_instance(o, kind):
    """``isinstance``, where a recorder's function or object may stand for a class."""
    if isinstance(kind, (tuple, list)):
        return any([_is_instance(o, one) for one in kind])
    for stand_in, real in _kinds:
        if stand_in is kind:
            return isinstance(o, real)
    return isinstance(o, kind)


def _leave(*_):
    raise SystemExit("the program ends itself")


_overrides = {
    "print": _print,
    "len": _length,
    "sum": _sum_all,
    "abs": _absolute,
    "min": _smallest,
    "max": _largest,
    "callable": _callable,
    "isinstance": _is_instance,
    "exit": _leave,
    "quit": _leave,
}
"""Built-in functions of the program; the recorders themselves keep the sandbox's own."""


def _plain(owner, name):
    """An attribute that is simply there; the host knows whether the real library has it."""
    if not hasattr(owner, name):
        _end("absent", getattr(owner, "_title", type(owner).__name__), name)
    return getattr(owner, name)


_OUTSIDE = (
    "os subprocess socket urllib requests http pathlib shutil ctypes multiprocessing threading glob tempfile".split()
)


class _Missing:
    """A module that the sandbox does not have: harmless until it is used."""

    def __init__(self, name):
        self._name = name

    def _used(self, name):
        _refuse("outside-world" if self._name.split(".")[0] in _OUTSIDE else "sandbox-lacks", name)

    def _read(self, name):
        self._used(f"{self._name}.{name}")

    def __call__(self, *values, **options):
        self._used(self._name)

    def __getitem__(self, key):
        self._used(self._name)


class _Namespace:
    """A module or a class of constants: names and what they mean."""

    def __init__(self, _title, **names):
        self._title = _title
        for name, value in names.items():
            setattr(self, name, value)

    def _read(self, name):
        return _plain(self, name)


class _Anything:
    """Settings: every name may be set, and none matters to the model."""

    def __init__(self):
        self._kept = {}

    def _write(self, name, value):
        self._kept[name] = value

    def _read(self, name):
        return self._kept.get(name)

    def __setitem__(self, key, value):
        self._kept[key] = value

    def __getitem__(self, key):
        return self._kept.get(key)


_modules = {}
"""Modules that stand in for a real one: by full name."""


def _import(name):
    """``import name``: a stand-in, the outermost package of one, or a placeholder that may not be used."""
    if name in _modules:
        return _modules[name]
    return _Missing(name)


def _import_from(module, name):
    """``from module import name``."""
    whole = _import(module)
    if isinstance(whole, _Missing):
        return _modules.get(module + "." + name) or _Missing(module + "." + name)
    if not hasattr(whole, name):
        if module + "." + name in _modules:
            return _modules[module + "." + name]
        raise ImportError(f"cannot import name '{name}' from '{module}'")
    return getattr(whole, name)


_modules["sys"] = _Namespace(
    "sys",
    exit=_leave,
    maxsize=9223372036854775807,
    float_info=_Namespace("float_info", max=1.7976931348623157e308, min=2.2250738585072014e-308, epsilon=2.0**-52),
    argv=["program.py"],
    version="3.11.0",
    version_info=(3, 11, 0),
    setrecursionlimit=_print,
    stdout=_Namespace("stdout", write=_print, flush=_print),
    stderr=_Namespace("stderr", write=_print, flush=_print),
)
_modules["warnings"] = _Namespace("warnings", filterwarnings=_print, simplefilter=_print, warn=_print)
_modules["logging"] = _Namespace("logging", basicConfig=_print, info=_print, INFO=20, WARNING=30, ERROR=40, DEBUG=10)
