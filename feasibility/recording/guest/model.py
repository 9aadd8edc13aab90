"""The recorded model and the text in which the host reads it. Runs inside the sandbox only."""

import json as _json


class _Recorder:
    """What a program said so far: columns, rows, objective."""

    def __init__(self, name=""):
        self.name = str(name)
        self.columns = []
        self.rows = []
        self.sense = "minimize"
        self.objective = Expr({}, 0, None)
        self.has_objective = False

    def column(self, low, up, domain, given="", family="", key=None):
        if domain == "binary":
            low, up = 0, 1
        if low is not None and low <= -1e20:
            low = None
        if up is not None and up >= 1e20:
            up = None
        given = "" if given is None else str(given)
        var = Var(self, len(self.columns), low, up, domain, given, family, key)
        self.columns.append(var)
        if len(self.columns) > 200000:
            _refuse("model-too-large", "more than 200,000 variables")
        return var

    def row(self, con, name=""):
        """Add a relation. A plain True or False is a row without variables, as the solvers take it."""
        name = "" if name is None else str(name)
        if con is True or con is False:
            row = Row(self, name, Expr({}, 0, None), 0 if con else 1, 0 if con else 1)
        elif con.ends is not None:
            row = Row(self, name, con.body, con.ends[0], con.ends[1])
        else:
            row = Row(self, name, con.body, 0 if con.sense != "<=" else None, 0 if con.sense != ">=" else None)
        self.rows.append(row)
        if len(self.rows) > 200000:
            _refuse("model-too-large", "more than 200,000 constraints")
        return row

    def document(self, library, notes):
        columns = [
            [v.given, v.family, _key(v.key), v.hint and [v.hint[0], _key(v.hint[1])], v.domain, v.low, v.up]
            for v in self.columns
        ]
        rows = [[r.name, _pairs(r.body), _squares(r.body), r.body.const, r.low, r.up] for r in self.rows if not r.gone]
        objective = _copy(self.objective)
        for v in self.columns:
            if v.cost:
                objective.terms[v.number] = objective.terms.get(v.number, 0) + v.cost
        sense = self.sense if self.has_objective or objective.terms else "feasibility"
        return _json.dumps(
            {
                "library": library,
                "name": self.name,
                "columns": columns,
                "rows": rows,
                "sense": sense,
                "objective": [_pairs(objective), _squares(objective), objective.const],
                "notes": notes,
            }
        )


def _key(key):
    if key is None:
        return None
    return [k if isinstance(k, (int, str)) and not isinstance(k, bool) else str(k) for k in key]


def _pairs(e):
    return [[j, c] for j, c in e.terms.items() if c != 0]


def _squares(e):
    return [[pair[0], pair[1], c] for pair, c in e.quads.items() if c != 0] if e.quads else []


_notes = []


def _note(text):
    if text not in _notes:
        _notes.append(text)


def _solved(recorder, library):
    """The program hands its model to the solver: that is where its recording ends."""
    _end("solved", recorder.document(library, _notes), "")


def _flat_key(parts):
    key = ()
    for part in parts:
        key = key + part if isinstance(part, tuple) else (*key, part)
    return key


def _products(lists):
    """All combinations, the last index fastest."""
    combined = [()]
    for items in lists:
        combined = [(*key, item) for key in combined for item in items]
    return combined


class _Keyed:
    """Constraints of a family with the values of the loop variables that each was made at."""

    def __init__(self, entries):
        self.entries = entries
