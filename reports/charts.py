"""Pictures as inline SVG: the surface-substance plane, the ladder, the learning curve.

Same numbers, same bytes. Colours come from the page's style sheet by class (light, dark and print), and nothing is said
by colour alone: every run has a letter and a shape, unknown is dashed, and every picture carries its numbers in words
for screen readers. Widths are those of a phone, so text stays readable at 360 pixels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ..feasibility.verdict import LOOKS, STAGES
from ..results.statistics import Rate

WIDTH = 340
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
COLORS = 6
"""The style sheet has this many run colours (``r0`` ...); with the letter and the shape they may repeat."""


def number(value: float) -> str:
    """A coordinate, to a hundredth of a pixel, without trailing zeros."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def percent(value: float | None, digits: int = 1) -> str:
    """``83.3 %``, or a dash for nothing known."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def element(name: str, content: str = "", **attributes: str | float) -> str:
    """One SVG element; ``cls`` is class, underscores become hyphens, numbers are rounded. ``content`` is markup."""
    parts = [name]
    for key, value in attributes.items():
        key = "class" if key == "cls" else key.replace("_", "-")
        parts.append(f'{key}="{escape(value) if isinstance(value, str) else number(value)}"')
    opening = " ".join(parts)
    return f"<{opening}>{content}</{name}>" if content else f"<{opening}/>"


def text(x: float, y: float, content: str, cls: str = "", anchor: str = "start") -> str:
    """A piece of text; ``content`` is escaped."""
    return element("text", escape(content), x=x, y=y, cls=cls or "t", text_anchor=anchor)


def picture(
    name: str, width: float, height: float, title: str, description: str, body: Sequence[str], cls: str = ""
) -> str:
    """The whole picture with its title and description. ``name`` makes ids unique within a page."""
    head = f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
    return (
        f'<svg class="chart {cls}" viewBox="0 0 {number(width)} {number(height)}" role="img" '
        f'aria-labelledby="{name}-t {name}-d" xmlns="http://www.w3.org/2000/svg">{head}{"".join(body)}</svg>'
    )


_STANDALONE = (
    "<style>text{font:11px 'Segoe UI',Roboto,'Helvetica Neue',Arial,'Liberation Sans',sans-serif;fill:#1c1c1a}"
    ".paper{fill:#fff}.axis{stroke:#5b5b54;fill:none}.curve{fill:none;stroke-width:2}.interval{stroke-width:2;opacity:.75}"
    ".surface{stroke:#5b5b54}.curve.surface{stroke-dasharray:5 3}.mark.surface{fill:#5b5b54}"
    ".substance{stroke:#96650a}.mark.substance{fill:#96650a}"
    ".r0{fill:#2166a5;stroke:#2166a5}.r1{fill:#a8326e;stroke:#a8326e}.r2{fill:#1c7566;stroke:#1c7566}"
    ".r3{fill:#80489c;stroke:#80489c}.r4{fill:#59626d;stroke:#59626d}.r5{fill:#9a4a2a;stroke:#9a4a2a}"
    ".mark{stroke:#fff;stroke-width:1}.ray{stroke:#dcdcd3;stroke-dasharray:2 3}"
    ".diagonal{stroke:#5b5b54;stroke-width:1.2}.impossible{fill:#f5f5ef}.quiet{fill:#5b5b54;font-size:10px}.strong{font-weight:600}"
    ".halo{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}</style>"
)
_MARGIN = 14.0


def standalone(svg: str) -> str:
    """A picture as a file of its own: with its size, a margin that clips no label, a white ground and its colours."""
    found = re.match(r'<svg [^>]*viewBox="0 0 ([0-9.]+) ([0-9.]+)"[^>]*>', svg)
    assert found is not None, "not a picture of this module"
    width, height = (float(side) + 2 * _MARGIN for side in found.groups())
    box = f'viewBox="{number(-_MARGIN)} {number(-_MARGIN)} {number(width)} {number(height)}"'
    opening = re.sub(r'viewBox="[^"]*"', f'width="{number(2 * width)}" height="{number(2 * height)}" {box}', found[0])
    ground = element("rect", x=-_MARGIN, y=-_MARGIN, width=width, height=height, cls="paper")
    return f"{opening}{_STANDALONE}{ground}{svg[found.end() :]}"


def marker(run: int, x: float, y: float, size: float = 5) -> str:
    """The shape of a run: circle, square, triangle, diamond, plus, then again."""
    cls = f"mark r{run % COLORS}"
    kind = run % 5
    if kind == 0:
        return element("circle", cx=x, cy=y, r=size, cls=cls)
    if kind == 1:
        return element("rect", x=x - size * 0.9, y=y - size * 0.9, width=size * 1.8, height=size * 1.8, cls=cls)
    corners = {
        2: [(0, -1.2), (1.1, 0.8), (-1.1, 0.8)],
        3: [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
        4: [
            *[(-0.4, -1.2), (0.4, -1.2), (0.4, -0.4), (1.2, -0.4), (1.2, 0.4), (0.4, 0.4)],
            *[(0.4, 1.2), (-0.4, 1.2), (-0.4, 0.4), (-1.2, 0.4), (-1.2, -0.4), (-0.4, -0.4)],
        ],
    }[kind]
    points = " ".join(f"{number(x + size * a)},{number(y + size * b)}" for a, b in corners)
    return element("polygon", points=points, cls=cls)


@dataclass(frozen=True, slots=True)
class Score:
    """One run on the plane: its name and both rates."""

    name: str
    surface: Rate
    substance: Rate


_LEFT, _TOP, _SIDE = 44.0, 12.0, 284.0
_BOTTOM = _TOP + _SIDE


def _at(rate: float) -> float:
    """Where a rate of surface lies across the plane."""
    return _LEFT + _SIDE * rate


def _up(rate: float) -> float:
    """How high a rate of substance lies."""
    return _BOTTOM - _SIDE * rate


def _plane_ground() -> list[str]:
    """The plane without points: what cannot be, rays of equal share, axes and their words."""
    body = [
        element("path", d=f"M{number(_LEFT)} {number(_BOTTOM)}V{number(_TOP)}H{number(_at(1))}Z", cls="impossible"),
        text(_LEFT + 12, _TOP + 22, "right without looking right:", "t quiet"),
        text(_LEFT + 12, _TOP + 36, "cannot be", "t quiet"),
    ]
    for share in (0.25, 0.5, 0.75):
        body.append(element("line", x1=_LEFT, y1=_BOTTOM, x2=_at(1), y2=_up(share), cls="ray"))
        x, y = _at(0.93), _up(0.93 * share) - 4
        angle = -math.degrees(math.atan(share))
        label = element(
            "text",
            f"{share:.0%} of those".replace("%", " %"),
            x=x,
            y=y,
            cls="t quiet",
            text_anchor="end",
            transform=f"rotate({number(angle)} {number(x)} {number(y)})",
        )
        body.append(label)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        body.append(element("line", x1=_LEFT, y1=_up(share), x2=_LEFT - 4, y2=_up(share), cls="axis"))
        body.append(element("line", x1=_at(share), y1=_BOTTOM, x2=_at(share), y2=_BOTTOM + 4, cls="axis"))
        body.append(text(_LEFT - 7, _up(share) + 4, f"{100 * share:.0f}", "t", "end"))
        body.append(text(_at(share), _BOTTOM + 17, f"{100 * share:.0f}", "t", "middle"))
    body.append(element("path", d=f"M{number(_LEFT)} {number(_TOP)}V{number(_BOTTOM)}H{number(_at(1))}", cls="axis"))
    body.append(element("line", x1=_LEFT, y1=_BOTTOM, x2=_at(1), y2=_up(1), cls="diagonal"))
    body.append(text(_at(1), _BOTTOM + 34, "surface: looks right, %", "t strong", "end"))
    middle = _TOP + _SIDE / 2
    body.append(
        element(
            "text",
            "substance: is right, %",
            x=12,
            y=middle,
            cls="t strong",
            text_anchor="middle",
            transform=f"rotate(-90 12 {number(middle)})",
        )
    )
    return body


def plane(scores: Sequence[Score], name: str = "plane") -> str:
    """Surface across, substance up; one point a run with both 95 % intervals.

    Substance implies surface, so nothing lies above the diagonal; how far below it a run lies is what only looks right.
    """
    body = _plane_ground()
    words = []
    taken: list[tuple[float, float, float]] = []
    for run, score in enumerate(scores):
        surface, substance = score.surface, score.substance
        if surface.rate is None:
            words.append(f"{score.name}: nothing was answered.")
            continue
        # Substance may be unknown throughout: then the point is a bar between the two bounds.
        floor, ceiling = substance.floor or 0.0, substance.ceiling or 0.0
        y = substance.rate if substance.rate is not None else (floor + ceiling) / 2
        low, high = (substance.low, substance.high) if substance.rate is not None else (floor, ceiling)
        color = f"r{run % COLORS}"
        px, py = _at(surface.rate), _up(y)
        for x1, y1, x2, y2 in (
            (_at(surface.low), py, _at(surface.high), py),
            (px, _up(low), px, _up(high)),
        ):
            body.append(element("line", x1=x1, y1=y1, x2=x2, y2=y2, cls=f"interval {color}"))
        body.append(marker(run, px, py))
        x, line, anchor = free_place(px, py, taken, _at(0.94), letter_of(run))
        body.append(text(x, line, letter_of(run), "t strong halo", anchor))
        words.append(
            f"{score.name}: surface {percent(surface.rate)} ({percent(surface.low)} to {percent(surface.high)}), "
            f"substance {percent(substance.rate)} ({percent(low)} to {percent(high)})."
        )
    title = "Surface against substance, one point a run with 95 % intervals"
    return picture(name, WIDTH, _BOTTOM + 42, title, " ".join(words), body, "plane")


def letter_of(run: int) -> str:
    """What marks a run in pictures and beside its name: ``A`` to ``Z``, then ``AA``, ``AB``, as columns of a sheet.

    >>> [letter_of(number) for number in (0, 25, 26, 27, 51, 52, 702)]
    ['A', 'Z', 'AA', 'AB', 'AZ', 'BA', 'AAA']
    """
    before, last = divmod(run, len(_LETTERS))
    return (letter_of(before - 1) if before else "") + _LETTERS[last]


def free_place(
    px: float, py: float, taken: list[tuple[float, float, float]], edge: float, letter: str
) -> tuple[float, float, str]:
    """Where the letter of a point goes: beside it, and on no other letter; further out when runs lie on one another.

    ``taken`` holds the letters that stand: where each begins, its line and its width.
    """
    width = 11.0 * len(letter)
    high = py < 100
    for ring in range(24):
        # Beside the point first, then a line away for each step that is not gone outwards.
        for lines in range(ring + 1):
            out, away = 12 * (ring - lines), 12 * lines
            for dx, dy in ((8 + out, -8 - away), (8 + out, 14 + away), (-8 - out, -8 - away), (-8 - out, 14 + away)):
                if (dx > 0 and px > edge) or (away and dy > 0 and not high):  # below are the axis and its numbers
                    continue
                x, y = px + dx, py + dy
                start = x if dx > 0 else x - width
                if start < 0 or y < (0 if not away else 10):
                    continue
                if all(start + width <= a or a + wide <= start or abs(y - line) >= 11 for a, line, wide in taken):
                    taken.append((start, y, width))
                    return x, y, "start" if dx > 0 else "end"
    return px + 8, py - 8, "start"


def ladder(
    names: Sequence[str],
    rates: Sequence[Sequence[Rate]],
    outputs: Sequence[int],
    name: str = "ladder",
    stages: Sequence[str] = STAGES,
) -> str:
    """The stages from top to bottom, surface first; a run's bar is the share of its outputs that stand on that stage.

    ``rates[run][stage]``; the dashed part is unknown, and the number is the rate of the known, as everywhere. A stage
    that no reference allows says so.
    """
    bar = 12.0 if len(names) <= 3 else 10.0
    left, right, pad = 88.0, 284.0, 10.0
    each = max(22.0, bar * len(names) + pad)
    height = 20 + each * len(stages) + 6
    looks = sum(stage in LOOKS for stage in stages)
    body: list[str] = []
    words: list[str] = []
    body.append(element("rect", x=0, y=14, width=WIDTH, height=each * looks, cls="band"))
    body.append(text(4, 9, "surface", "t caps"))
    body.append(text(WIDTH, 9, "pass, % of the known", "t quiet", "end"))
    for stage, title in enumerate(stages):
        top = 14 + each * stage + (6 if stage >= looks else 0)
        middle = top + each / 2
        body.append(text(4, middle + 4, f"{stage + 1}", "t quiet"))
        body.append(text(16, middle + 4, title, "t strong"))
        start = middle - bar * len(names) / 2
        for run in range(len(names)):
            rate = rates[run][stage]
            asked = rate.known + rate.unknown
            y = start + bar * run
            if not asked:
                body.append(text(left, y + bar - 3, "not asked: no reference", "t quiet"))
                continue
            passed = (right - left) * rate.passed / asked
            unknown = (right - left) * rate.unknown / asked
            body.append(element("rect", x=left, y=y, width=right - left, height=bar - 3, cls="track"))
            if rate.passed:
                body.append(element("rect", x=left, y=y, width=passed, height=bar - 3, cls=f"bar r{run % COLORS}"))
            if rate.unknown:
                body.append(element("rect", x=left + passed, y=y, width=unknown, height=bar - 3, cls="unknown"))
            letter = f"{letter_of(run)} " if len(names) > 1 else ""
            value = f"{letter}{'–' if rate.rate is None else f'{100 * rate.rate:.1f}'}"
            body.append(text(WIDTH, y + bar - 3, value, "t number" if len(names) <= 3 else "t number small", "end"))
            words.append(
                f"{title}, {names[run]}: {rate.passed} of {asked} pass"
                + (f", {rate.unknown} unknown" if rate.unknown else "")
                + "."
            )
    y = 14 + each * 3 + 3
    body.append(element("line", x1=0, y1=y, x2=WIDTH, y2=y, cls="divide"))
    said = ", ".join(f"{title} ({count} outputs)" for title, count in zip(names, outputs, strict=True))
    return picture(
        name, WIDTH, height, f"The ladder: how many outputs reach each stage, {said}", " ".join(words), body, "rungs"
    )


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One run of a learning curve: how many training examples it saw, and both rates."""

    name: str
    examples: int
    surface: Rate
    substance: Rate


def learning_curve(points: Sequence[CurvePoint], name: str = "curve") -> str:
    """Both scores against the number of training examples (logarithmic; 0 stands apart on the left)."""
    left, top, width, height = 44.0, 12.0, 284.0, 190.0
    bottom = top + height
    ordered = sorted(points, key=lambda point: (point.examples, point.name))
    positive = [point.examples for point in ordered if point.examples > 0]
    has_zero = len(positive) < len(ordered)
    start = left + (42 if has_zero else 14)
    low, high = (min(positive), max(positive)) if positive else (1, 1)

    def across(examples: int) -> float:
        if examples <= 0:
            return left + 14
        if low == high:
            return (start + left + width) / 2
        return start + (left + width - 14 - start) * math.log(examples / low) / math.log(high / low)

    def up(rate: float) -> float:
        return bottom - height * rate

    body = [element("path", d=f"M{number(left)} {number(top)}V{number(bottom)}H{number(left + width)}", cls="axis")]
    for share in (0.0, 0.5, 1.0):
        body.append(element("line", x1=left - 4, y1=up(share), x2=left, y2=up(share), cls="axis"))
        body.append(
            text(left - 7, up(share) + 4, f"{100 * share:.0f} %" if share == 1 else f"{100 * share:.0f}", "t", "end")
        )
    beyond = math.inf  # where the label to the right begins; the last one is always written
    for examples in sorted({point.examples for point in ordered}, reverse=True):
        x, label = across(examples), f"{examples:,}"
        body.append(element("line", x1=x, y1=bottom, x2=x, y2=bottom + 4, cls="axis"))
        half = 3.4 * len(label)
        if x + half + 5 < beyond:
            body.append(text(x, bottom + 17, label, "t", "middle"))
            beyond = x - half
    words = []
    labels: list[float] = []
    for kind, shape in (("surface", 0), ("substance", 3)):
        rates = [(across(p.examples), getattr(p, kind)) for p in ordered if getattr(p, kind).rate is not None]
        path = "".join(f"{'L' if i else 'M'}{number(x)} {number(up(r.rate))}" for i, (x, r) in enumerate(rates))
        if path:
            body.append(element("path", d=path, cls=f"curve {kind}"))
        for x, rate in rates:
            body.append(element("line", x1=x, y1=up(rate.low), x2=x, y2=up(rate.high), cls=f"interval {kind}"))
            body.append(marker(shape, x, up(rate.rate), 4).replace(f"r{shape % COLORS}", kind))
        if rates:
            x, rate = rates[-1]
            y = up(rate.high) - 7
            if any(abs(y - other) < 13 for other in labels):
                y = up(rate.low) + 15
            labels.append(y)
            body.append(text(x, y, kind, "t strong halo", "end" if x > left + 70 else "start"))
    for point in ordered:
        words.append(
            f"{point.examples} examples ({point.name}): surface {percent(point.surface.rate)}, "
            f"substance {percent(point.substance.rate)}."
        )
    body.append(text(left + width, bottom + 34, "training examples", "t strong", "end"))
    return picture(
        name, WIDTH, bottom + 42, "Both scores against training examples, %", " ".join(words), body, "learning"
    )


def shade(rate: float | None) -> str:
    """The class of a heat-map cell: eleven steps, ``h0`` to ``h10``; ``hn`` for nothing known."""
    return "hn" if rate is None else f"h{round(10 * rate)}"
