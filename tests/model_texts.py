"""Random models and the texts that say them, in the dialects of LP and MPS: the converters' test writer.

Nothing here is taken from the package's own writers: a model is drawn, and every spelling that the formats allow for it
is chosen at random. ``Drawn`` holds the model that the text means, so that a reader can be compared with it and with
other programs' readers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

Number = Fraction


@dataclass
class DrawnColumn:
    name: str
    integer: bool
    lower: Number | None
    upper: Number | None
    binary: bool = False


@dataclass
class DrawnRow:
    name: str
    linear: dict[int, Number]
    lower: Number | None
    upper: Number | None


@dataclass
class Drawn:
    """A model; ``skip`` names the readers that are known not to take this text."""

    maximize: bool
    columns: list[DrawnColumn]
    rows: list[DrawnRow]
    linear: dict[int, Number]
    quadratic: dict[tuple[int, int], Number]
    constant: Number
    text: str = ""
    features: set[str] = field(default_factory=set)


_PLAIN = ["x", "y", "z", "make", "stock", "w_1", "X", "prod.bread", "e", "e1", "E12", "inform", "nano", "freedom"]
_KEYLIKE = ["st1", "ending", "binx", "generalist", "bounds_", "maxi", "minute", "integer1", "semi2", "sos3"]
_ODD = ["x(1)", "x(1,2)", "a!b", "a#1", "$x", "%p", "a&b", "c;d", "t~", "r'", '"q"', "{s}", "p|q", "m@n", "a/b", "q?"]
_BRACKETS = ["x[0]", "x[1,2]", "make[bread,1]", "x[a]_2", "y[t-1]"]


def _name(rng: random.Random, mps: bool, brackets: bool) -> str:
    pools = [_PLAIN, _PLAIN, _KEYLIKE, _ODD]
    if brackets:
        pools.append(_BRACKETS)
    name = rng.choice(rng.choice(pools))
    if mps and rng.random() < 0.2:
        name = rng.choice(["2x", "-y", "+z", "x-y", "3", "1e5", "RHS1", "x=1", "a<b"])
    if mps and name[0] in "$\"'":
        name = "n" + name
    return name if rng.random() < 0.4 else f"{name}{rng.choice('_.' if not mps else '_')}{rng.randrange(100)}"


def _names(rng: random.Random, count: int, mps: bool, brackets: bool) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found[_name(rng, mps, brackets)] = None
    return list(found)


def _value(rng: random.Random) -> Number:
    found: Number = rng.choice(
        [
            Fraction(rng.randint(1, 9)),
            Fraction(rng.randint(1, 99)),
            Fraction(rng.randint(1, 999), 10),
            Fraction(rng.randint(1, 9999), 1000),
            Fraction(rng.randint(1, 9)) * 10 ** rng.randint(1, 5),
            Fraction(1, 8),
        ]
    )
    return found


def _signed(rng: random.Random) -> Number:
    return _value(rng) * rng.choice([1, 1, -1])


def draw(rng: random.Random, *, mps: bool, brackets: bool = False, quadratic: bool = False) -> Drawn:
    """A model with at most five columns and rows."""
    count = rng.randint(1, 5)
    columns = []
    for name in _names(rng, count, mps, brackets):
        kind = rng.choice(["continuous", "continuous", "integer", "binary"])
        if kind == "binary":
            columns.append(DrawnColumn(name, True, Fraction(0), Fraction(1), binary=True))
            continue
        lower, upper = rng.choice(
            [
                (Fraction(0), None), (Fraction(0), None), (None, None), (_signed(rng), None), (None, _signed(rng)),
                (Fraction(0), _value(rng)), (-_value(rng), _value(rng)), (_signed(rng),) * 2,
            ]
        )  # fmt: skip
        if lower is not None and upper is not None and lower > upper:
            lower, upper = upper, lower
        columns.append(DrawnColumn(name, kind == "integer", lower, upper))
    rows = []
    for name in _names(rng, rng.randint(0, 5), mps, False):
        chosen = rng.sample(range(count), rng.randint(1, count))
        low, high = sorted((_signed(rng), _signed(rng)))
        sides = rng.choice([(low, None), (None, high), (low, high) if mps and low != high else (low, None), (low, low)])
        rows.append(DrawnRow(name, {j: _signed(rng) for j in chosen}, *sides))
    linear = {j: _signed(rng) for j in rng.sample(range(count), rng.randint(0, count))}
    products: dict[tuple[int, int], Number] = {}
    if quadratic:
        for _ in range(rng.randint(1, 3)):
            j, k = sorted((rng.randrange(count), rng.randrange(count)))
            products[j, k] = _signed(rng)
    constant = rng.choice([Fraction(0), Fraction(0), _signed(rng)])
    return Drawn(rng.random() < 0.5, columns, rows, linear, products, constant)


def spell(rng: random.Random, value: Number) -> str:
    """One of a decimal's spellings."""
    sign, value = ("-" if value < 0 else ""), abs(value)
    plain = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    forms = [plain, plain, f"{plain}.0" if "." not in plain else f"{plain}0", f"{float(value):.12e}"]
    if "." not in plain:
        forms += [f"{plain}.", f"{plain}E0", f"{plain}e+00"]
    elif plain.startswith("0."):
        forms.append(plain[1:])
    chosen = rng.choice(forms)
    assert Fraction(chosen if chosen[-1] != "." else chosen + "0") == value, (chosen, value)
    return sign + chosen


# -- LP ----------------------------------------------------------------------------------------------------------------


class LPWriter:
    """One LP text for a model. ``plain`` keeps to what HiGHS and SCIP both take."""

    def __init__(self, rng: random.Random, model: Drawn, plain: bool) -> None:
        self.rng, self.model, self.plain = rng, model, plain
        self.features = model.features

    def pick(self, *choices: str) -> str:
        return self.rng.choice(choices)

    def case(self, word: str) -> str:
        return self.rng.choice([word, word.upper(), word.capitalize()])

    def text(self) -> str:
        model = self.model
        sense = (
            ("maximize", "maximum", "max", *(() if self.plain else ("maximise",)))
            if model.maximize
            else ("minimize", "minimum", "min")
        )
        lines = [self.comment(), self.case(self.pick(*sense)), self.wrapped(self.objective())]
        lines.append(self.case(self.pick("subject to", "such that", "st", "s.t.", "subject to")))
        for row in model.rows:
            lines += [self.comment(), self.row(row)]
        if not model.rows:
            used = self.model.columns[0].name
            lines.append(f" r0: 0 {used} >= -1")
        parts = [self.bounds(), self.integers(), self.binaries()]
        if self.rng.random() < 0.3 and not self.plain:
            parts = [parts[1], parts[0], parts[2]]
        for part in parts:
            lines += part
        lines.append(self.case("end"))
        end = self.pick("\n", "\n", "\r\n")
        return end.join(line for line in lines if line is not None) + end

    def comment(self) -> str:
        return self.pick("", "\\ a comment", "\\ x >= 7", "   ", "\\* one *\\")

    def wrapped(self, words: list[str]) -> str:
        out = " " + words[0]
        for word in words[1:]:
            out += self.rng.choice([" ", " ", " ", "  ", "\t", "\n ", "\n   "]) + word
        return out

    def terms(self, linear: dict[int, Number], split: bool = True) -> list[str]:
        items = list(linear.items())
        if split and items and self.rng.random() < 0.2 and not self.plain:
            j, value = items.pop()
            part = _value(self.rng)
            items += [(j, value - part), (j, part)]
            self.features.add("repeated term")
        words = []
        for place, (j, value) in enumerate(items):
            name = self.model.columns[j].name
            sign = "-" if value < 0 else "+"
            if place == 0 and value > 0 and self.rng.random() < 0.5:
                sign = ""
            size = abs(value)
            number = "" if size == 1 and self.rng.random() < 0.7 else spell(self.rng, size)
            joint = " "
            if (
                number
                and number[-1] != "."
                and name[0] not in "eE"
                and (name[0].isalpha() or name[0] == "_")
                and self.rng.random() < 0.3
            ):
                joint = ""
            if number and not self.plain and self.rng.random() < 0.1:
                joint = " * "
                self.features.add("star")
            body = f"{number}{joint}{name}" if number else name
            words.append(sign + self.rng.choice(["", " "]) + body if sign else body)
        return words

    def objective(self) -> list[str]:
        model = self.model
        words = [self.pick("obj:", "cost :", "obj: ")] if self.rng.random() < 0.8 else []
        terms = self.terms(model.linear)
        if model.constant and model.constant > 0:
            terms.append(f"+ {spell(self.rng, model.constant)}")
        elif model.constant:
            terms.append(f"- {spell(self.rng, -model.constant)}")
            self.features.add("negative constant")
        if model.quadratic:
            terms.append("+ [")
            for place, ((j, k), value) in enumerate(model.quadratic.items()):
                one, two = model.columns[j].name, model.columns[k].name
                sign = "-" if value < 0 else ("+" if place else "")
                what = f"{one} ^ 2" if j == k else f"{one} * {two}"
                terms.append(f"{sign} {spell(self.rng, 2 * abs(value))} {what}")
            terms.append("] / 2")
        return words + (terms or [f"0 {model.columns[0].name}"])

    def relation(self, kind: str) -> str:
        forms = {"<=": ("<=", "<", "=<"), ">=": (">=", ">", "=>"), "=": ("=", "=")}[kind]
        return self.pick(*forms)

    def row(self, row: DrawnRow) -> str:
        label = f"{row.name}:" if self.rng.random() < 0.85 else None
        if label is None:
            row.name = ""
        words = [label] if label else []
        words += self.terms(row.linear)
        if row.lower is not None and row.lower == row.upper:
            words += [self.relation("="), spell(self.rng, row.lower)]
        elif row.lower is not None:
            words += [self.relation(">="), spell(self.rng, row.lower)]
        else:
            assert row.upper is not None
            words += [self.relation("<="), spell(self.rng, row.upper)]
        return self.wrapped(words)

    def infinity(self) -> str:
        return self.pick("inf", "infinity", "Inf", "1e30", "1E+20", "INFINITY")

    def bounds(self) -> list[str]:
        lines = []
        for column in self.model.columns:
            if column.binary:
                continue
            name, low, high = column.name, column.lower, column.upper
            if low == 0 and high is None:
                lines += [f" {name} >= 0"] if self.rng.random() < 0.3 else []
            elif low is None and high is None:
                lines.append(self.pick(f" {name} free", f" {name} FREE", f" -{self.infinity()} <= {name} <= +inf"))
            elif low is not None and low == high:
                lines.append(f" {name} = {spell(self.rng, low)}")
            elif low is None:
                assert high is not None
                lines.append(f" -{self.infinity()} {self.relation('<=')} {name} <= {spell(self.rng, high)}")
            elif high is None:
                lines.append(f" {name} {self.relation('>=')} {spell(self.rng, low)}")
            elif low == 0 and self.rng.random() < 0.5:
                lines.append(f" {name} <= {spell(self.rng, high)}")
            elif self.rng.random() < 0.3:
                lines += [f" {name} >= {spell(self.rng, low)}", f" {name} <= {spell(self.rng, high)}"]
            else:
                lines.append(f" {spell(self.rng, low)} <= {name} <= {spell(self.rng, high)}")
        self.rng.shuffle(lines)
        return [self.case("bounds"), *lines] if lines else []

    def integers(self) -> list[str]:
        names = [c.name for c in self.model.columns if c.integer and not c.binary]
        head = self.case(self.pick("general", "generals", "gen", "integer", "integers"))
        return [head, self.wrapped(names)] if names else []

    def binaries(self) -> list[str]:
        names = [c.name for c in self.model.columns if c.binary]
        return [self.case(self.pick("binary", "binaries", "bin")), self.wrapped(names)] if names else []


def write_lp(rng: random.Random, model: Drawn, plain: bool = True) -> str:
    """The model as LP text in a random dialect. Every column is named in the objective or a row."""
    used = {j for row in model.rows for j in row.linear} | set(model.linear) | {j for p in model.quadratic for j in p}
    for j in range(len(model.columns)):
        if j not in used:
            model.linear[j] = Fraction(1)
    model.text = LPWriter(rng, model, plain).text()
    return model.text


# -- MPS ---------------------------------------------------------------------------------------------------------------


class MPSWriter:
    """One MPS text for a model, free or fixed."""

    def __init__(self, rng: random.Random, model: Drawn, fixed: bool) -> None:
        self.rng, self.model, self.fixed = rng, model, fixed
        self.vector = {name: rng.choice([name, "V1", ""]) for name in ("RHS", "RANGES")}
        self.chosen: dict[str, bool] = {}
        self.vector["BOUNDS"] = rng.choice(["BND", "BOUND"])
        if fixed:
            self.vector = {name: value or "V" for name, value in self.vector.items()}

    def line(self, *fields: str) -> str:
        """``fields``: kind, name, name, number[, name, number]; empty ones are left out."""
        if self.fixed:
            kind, one, two, number, three, other = (*fields, "", "", "")[:6]
            return f" {kind:<2} {one:<8}  {two:<8}  {number:>12}   {three:<8}  {other:>12}".rstrip()
        words = [field for field in fields if field]
        return self.rng.choice([" ", "    ", "\t"]) + self.rng.choice([" ", "   ", "\t"]).join(words)

    def number(self, value: Number) -> str:
        for _ in range(50):
            text = spell(self.rng, value)
            if not self.fixed or len(text) <= 12:
                return text
        return f"{float(value):.11g}"

    def text(self) -> str:
        rng, model = self.rng, self.model
        lines = ["* a comment", f"NAME {rng.choice(['', 'T', 'model one'])}".rstrip()]
        sense = [rng.choice(["OBJSENSE\n    MAX", "OBJSENSE\n    MAXIMIZE"])] if model.maximize else []
        if not model.maximize and rng.random() < 0.3:
            sense = ["OBJSENSE\n    MIN"]
        lines += [*sense, "ROWS"]
        goal = " N  COST"
        rows = [f" {self.kind(row)}  {row.name}" for row in model.rows]
        lines += [goal, *rows] if rng.random() < 0.8 else [*rows, goal]
        lines += ["COLUMNS", *self.columns(), "RHS", *self.sides()]
        ranges = list(self.ranges())
        lines += ["RANGES", *ranges] if ranges else []
        bounds = list(self.bounds())
        lines += ["BOUNDS", *bounds] if bounds else []
        lines += self.products()
        lines.append("ENDATA")
        return "\n".join(lines) + "\n"

    def kind(self, row: DrawnRow) -> str:
        if row.lower is not None and row.lower == row.upper:
            return "E"
        if row.lower is None:
            return "L"
        if row.upper is None:
            return "G"
        row_kind = self.rng.choice("LGE")
        self.model.features.add(f"range {row_kind}")
        self.kinds = {**getattr(self, "kinds", {}), row.name: row_kind}
        return row_kind

    def columns(self) -> list[str]:
        lines, inside, number = [], False, 0
        for j, column in enumerate(self.model.columns):
            wants = column.integer and not (column.binary and self.by_bound(column))
            if wants != inside:
                number += 1
                word = "'INTORG'" if wants else "'INTEND'"
                name = f"M{number}"
                if self.fixed:
                    lines.append(f"    {name:<8}  {chr(39)}MARKER{chr(39)}                 {word}")
                else:
                    lines.append(self.line("", name, "'MARKER'", word))
                inside = wants
            entries = [("COST", self.model.linear[j])] if j in self.model.linear else []
            entries += [(row.name, row.linear[j]) for row in self.model.rows if j in row.linear]
            entries = entries or [("COST", Fraction(0))]
            self.rng.shuffle(entries)
            while entries:
                row, value = entries.pop()
                words = ["", column.name, row, self.number(value)]
                if entries and self.rng.random() < 0.5:
                    row, value = entries.pop()
                    words += [row, self.number(value)]
                lines.append(self.line(*words))
        if inside:
            lines.append(self.line("", "M99", "'MARKER'", "'INTEND'") if not self.fixed else
                         f"    {'M99':<8}  'MARKER'                 'INTEND'")  # fmt: skip
        return lines

    def by_bound(self, column: DrawnColumn) -> bool:
        """Binary by BV rather than by a marker without bounds."""
        return self.chosen.setdefault(column.name, self.rng.random() < 0.5)

    def sides(self) -> list[str]:
        lines = []
        entries = [("COST", -self.model.constant)] if self.model.constant else []
        for row in self.model.rows:
            kind = getattr(self, "kinds", {}).get(row.name)
            side = row.lower if row.upper is None else row.upper
            if kind == "G":
                side = row.lower
            elif kind == "E":
                side = self.rng.choice([row.lower, row.upper])
                self.base = {**getattr(self, "base", {}), row.name: side}
            assert side is not None
            if side or self.rng.random() < 0.3:
                entries.append((row.name, side))
        self.rng.shuffle(entries)
        while entries:
            name, value = entries.pop()
            words = ["", self.vector["RHS"], name, self.number(value)]
            if entries and self.rng.random() < 0.4:
                name, value = entries.pop()
                words += [name, self.number(value)]
            lines.append(self.line(*words))
        return lines

    def ranges(self) -> list[str]:
        lines = []
        for row in self.model.rows:
            kind = getattr(self, "kinds", {}).get(row.name)
            if kind is None:
                continue
            assert row.lower is not None
            assert row.upper is not None
            width = row.upper - row.lower
            if kind == "E":
                width = width if self.base[row.name] == row.lower else -width
            else:
                width = width * self.rng.choice([1, 1, -1])
            lines.append(self.line("", self.vector["RANGES"], row.name, self.number(width)))
        return lines

    def bounds(self) -> list[str]:
        rng, vector, lines = self.rng, self.vector["BOUNDS"], []

        def infinite() -> str:
            return rng.choice(["1e30", "1E+20", "inf", "Infinity"])

        for column in self.model.columns:
            name, low, high = column.name, column.lower, column.upper
            own: list[str] = []
            if column.binary:
                own = [self.line("BV", vector, name)] if self.chosen.get(name) else []
            elif low is None and high is None:
                own = [self.line("FR", vector, name)]
            elif low is not None and low == high:
                own = [self.line("FX", vector, name, self.number(low))]
            else:
                if low is None:
                    own.append(
                        rng.choice([self.line("MI", vector, name), self.line("LO", vector, name, f"-{infinite()}")])
                    )
                elif low != 0 or rng.random() < 0.2 or (high is not None and high < 0):
                    own.append(self.line("LO", vector, name, self.number(low)))
                if high is not None:
                    own.append(self.line("UP", vector, name, self.number(high)))
                elif (column.integer and not own) or rng.random() < 0.1:
                    own.append(rng.choice([self.line("PL", vector, name), self.line("UP", vector, name, infinite())]))
            lines += own
        return lines

    def products(self) -> list[str]:
        model = self.model
        if not model.quadratic:
            return []
        section = self.rng.choice(["QUADOBJ", "QMATRIX", "QSECTION COST"])
        model.features.add(section)
        lines = [section]
        for (j, k), value in model.quadratic.items():
            one, two = model.columns[j].name, model.columns[k].name
            number = self.number(2 * value if j == k else value)
            lines.append(self.line("", one, two, number))
            if section == "QMATRIX" and j != k:
                lines.append(self.line("", two, one, number))
        return lines


def write_mps(rng: random.Random, model: Drawn, fixed: bool = False) -> str:
    """The model as MPS text, free or fixed (there some names get blanks)."""
    if fixed:
        named: list[DrawnColumn | DrawnRow] = [*model.columns, *model.rows]
        for place, item in enumerate(named):
            item.name = f"{rng.choice(['n', 'a b', 'x'])} {place}" if rng.random() < 0.7 else f"n{place}"
    rows = {row.name for row in model.rows}
    for row in model.rows:
        if row.name == "COST":
            row.name = "COST_"
    assert len(rows) == len(model.rows)
    model.text = MPSWriter(rng, model, fixed).text()
    return model.text
