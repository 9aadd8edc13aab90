"""What a rewritten program calls for comparisons, conditions, assignments and errors. Runs inside the sandbox only.

Plain values are treated as Python does; everything else is handed to the recorder. Guest classes in the sandbox have no
comparisons, no truth value and no in-place operators of their own.
"""

_rules = {
    "truth": "raise",
    "message": "a constraint has no truth value",
    "strict": False,
    "in_place": True,
    "differ": "",
    "expressions": "",
    "numbers": False,
    "strict_message": "",
}


def _compare(a, op, b):
    """A comparison of two values; of an expression with anything it is a constraint."""
    if isinstance(a, (Var, Expr)) or isinstance(b, (Var, Expr)):
        return _relate(a, op, b)
    if hasattr(a, "_array") or hasattr(b, "_array"):
        return _compare_arrays(a, op, b)
    if isinstance(a, Con) or isinstance(b, Con):
        return _relate_more(a, op, b)
    if op == "<=":
        return a <= b
    if op == ">=":
        return a >= b
    if op == "==":
        return a == b
    if op == "<":
        return a < b
    if op == ">":
        return a > b
    return a != b


def _relate(a, op, b):
    if op == "<" or op == ">":
        if _rules["strict"] == "later":
            body = _copy(a)
            _accumulate(body, b, -1)
            return Con(body, op)
        if _rules["strict_message"]:
            raise ValueError(_rules["strict_message"])
        if not _rules["strict"]:
            raise TypeError(f"'{op}' not supported between instances of '{type(a).__name__}' and '{type(b).__name__}'")
        _not_recorded("a strict inequality")
    if op == "!=":
        return _differ(a, b)
    if b is None or a is None or isinstance(a, str) or isinstance(b, str):
        raise TypeError(f"'{op}' of an expression and {'a text' if isinstance(a, str) or isinstance(b, str) else None}")
    if isinstance(a, (list, tuple, dict)) or isinstance(b, (list, tuple, dict)):
        raise TypeError(f"'{op}' of an expression and a {type(b).__name__}")
    if hasattr(a, "_array") or hasattr(b, "_array"):
        return _compare_arrays(a, op, b)
    if isinstance(a, Con) or isinstance(b, Con):
        return _relate_more(a, op, b)
    body = _copy(a)
    _accumulate(body, b, -1)
    return Con(body, op)


def _differ(a, b):
    if _rules["differ"]:
        raise RuntimeError(_rules["differ"])
    return a is not b


def _relate_more(a, op, b):
    """``lo <= e`` was a constraint already and is compared again."""
    raise TypeError(f"'{op}' not supported between a constraint and another value")


def _chain(*parts):
    """``a <= b <= c`` as Python reads it: the first that is false, else the last."""
    found = True
    for k in range(1, len(parts), 2):
        found = _compare(parts[k - 1], parts[k], parts[k + 1])
        if k + 2 < len(parts) and not _truth(found):
            return found
    return found


def _truth(value):
    if isinstance(value, Con):
        return _truth_of_constraint(value)
    if _rules["expressions"] and isinstance(value, (Var, Expr)) and not _is_constant(value):
        raise RuntimeError(_rules["expressions"])
    if hasattr(value, "__bool__"):
        return bool(value.__bool__())
    if hasattr(value, "__len__"):
        return value.__len__() > 0
    return bool(value)


def _truth_of_constraint(con):
    if _rules["truth"] == "raise":
        raise RuntimeError(_rules["message"])
    return True


def _and(value, *rest):
    for more in rest:
        if not _truth(value):
            return value
        value = more()
    return value


def _or(value, *rest):
    for more in rest:
        if _truth(value):
            return value
        value = more()
    return value


def _in_place(op, a, b):
    """``a += b`` and its kin: lists and expressions change themselves, everything else is computed anew."""
    if hasattr(a, "__iadd__") and op == "+":
        return a.__iadd__(b)
    if isinstance(a, Expr) and _rules["in_place"]:
        if op == "+" or op == "-":
            _accumulate(a, b, 1 if op == "+" else -1)
            return a
        new = a * b if op == "*" else a / b
        if isinstance(new, Expr):
            a.terms, a.const, a.quads = new.terms, new.const, new.quads
            return a
        return new
    if op == "+":
        if isinstance(a, list):
            a.extend(b)
            return a
        return a + b
    if op == "-":
        return a - b
    return a * b if op == "*" else a / b


def _in_place_item(op, container, key, value):
    container[key] = _in_place(op, container[key], value)


def _in_place_attribute(op, owner, name, value):
    _set(owner, name, _in_place(op, _get(owner, name), value))


def _get(owner, name):
    """An attribute that the sandbox cannot compute on the way: asked from the object's ``_read``."""
    if hasattr(owner, "_read"):
        return owner._read(name)
    if _rules["numbers"] and name == "value" and isinstance(owner, (int, float)):
        return owner
    if name == "get" and isinstance(owner, dict):
        return lambda *given: owner.get(*given)
    return getattr(owner, name)


def _set(owner, name, value):
    if hasattr(owner, "_write"):
        owner._write(name, value)
    else:
        setattr(owner, name, _named(name, value))


def _decorated(decorator, function, name):
    """``@decorator`` above ``def name``."""
    if hasattr(decorator, "_decorate"):
        return decorator._decorate(function, name)
    return decorator(function)


def _delete(container, key):
    container.pop(key)


def _handled(error):
    """The program caught an error of its own: remembered, in case it never reaches the solver."""
    if len(_caught) < 20:
        _caught.append([type(error).__name__, str(error)[:300]])


def _named(name, value):
    """Remember under which name the program keeps a variable, or a list or map of variables."""
    if isinstance(value, Var):
        if value.hint is None:
            value.hint = [name, None]
    elif isinstance(value, (dict, list, tuple)):
        _name_all(name, value, ())
    elif hasattr(value, "entries"):
        _name_all(name, value.entries, ())
    return value


def _name_all(name, value, key):
    if not value or len(key) > 3:
        return
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for k, item in entries:
        at = key + (k if isinstance(k, tuple) else (k,))
        if isinstance(item, Var):
            if item.hint is None:
                item.hint = [name, at]
        elif isinstance(item, (dict, list, tuple)):
            _name_all(name, item, at)
        else:
            return


def _named_item(name, key, value):
    if isinstance(value, Var) and value.hint is None:
        value.hint = [name, key if isinstance(key, tuple) else (key,)]
    return value
