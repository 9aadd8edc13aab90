"""Charts and regions: deterministic, well-formed, true to the numbers."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reporting import verdict

from pyrite.feasibility.language.formulation import Formulation
from pyrite.feasibility.programs.compiling import build
from pyrite.feasibility.verdict import STAGES
from pyrite.reports.charts import CurvePoint, Score, ladder, learning_curve, letter_of, plane, shade, standalone
from pyrite.reports.pages.regions import RegionMark, clip, corners, draw, half_planes, inside, plan_point, ticks
from pyrite.results.observing import observe
from pyrite.results.statistics import rate_of

SVG = "{http://www.w3.org/2000/svg}"


def observed(right: int, wrong: int, broken: int, unknown: int = 0):
    kinds = [None] * right + ["value"] * wrong + ["schema"] * broken
    verdicts = [verdict(f"p{i}", kind) for i, kind in enumerate(kinds)]
    return observe(verdicts + [verdict(f"u{i}", None, unknown="equivalent") for i in range(unknown)])


def rates(run, *outcomes):
    return [rate_of(run, outcome) for outcome in outcomes]


def test_the_plane_puts_a_run_where_its_rates_are():
    run = observed(10, 10, 20)
    surface, substance = rates(run, "surface", "substance")
    svg = plane([Score("a <b>", surface, substance)])
    assert svg == plane([Score("a <b>", surface, substance)])
    root = ET.fromstring(svg)
    circle = next(item for item in root.iter(f"{SVG}circle"))
    assert float(circle.get("cx")) == pytest.approx(44 + 284 * 0.5, abs=0.01)
    assert float(circle.get("cy")) == pytest.approx(12 + 284 * 0.75, abs=0.01)
    assert "a <b>: surface 50.0 % (35.2 % to 64.8 %), substance 25.0 %" in root.find(f"{SVG}desc").text


def test_the_plane_of_nothing_and_of_only_unknowns():
    empty = observe([])
    ET.fromstring(plane([Score("none", *rates(empty, "surface", "substance"))]))
    unknown = observed(0, 0, 0, unknown=5)
    svg = plane([Score("open", *rates(unknown, "surface", "substance"))])
    assert "substance – (0.0 % to 100.0 %)" in svg


def test_the_ladder_says_its_numbers():
    runs = [observed(5, 3, 2, unknown=2), observed(1, 1, 1)]
    table = [rates(run, *STAGES) for run in runs]
    root = ET.fromstring(ladder(["a", "b"], table, [12, 3]))
    words = root.find(f"{SVG}desc").text
    assert "schema, a: 10 of 12 pass." in words
    assert "equivalent, a: 5 of 12 pass, 2 unknown." in words
    assert len([item for item in root.iter(f"{SVG}rect") if item.get("class") == "unknown"]) == 1


def test_the_learning_curve_is_in_order_of_examples():
    points = [
        CurvePoint(f"{count}", count, *rates(observed(count // 100 + 1, 5, 5), "surface", "substance"))
        for count in (1000, 0, 100)
    ]
    root = ET.fromstring(learning_curve(points))
    line = next(item for item in root.iter(f"{SVG}path") if item.get("class") == "curve substance")
    xs = [float(x) for x in re.findall(r"[ML]([0-9.]+) ", line.get("d"))]
    assert xs == sorted(xs)
    assert len(xs) == 3
    ET.fromstring(learning_curve(points[:1]))


def test_shades_are_steps_of_ten_per_cent():
    assert [shade(rate) for rate in (None, 0.0, 0.04, 0.5, 1.0)] == ["hn", "h0", "h0", "h5", "h10"]


def program(domain="integer", **constraints: str):
    return build(
        Formulation.from_dict(
            {
                "variables": {"x": {"domain": domain, "lower": 0}, "y": {"domain": domain, "lower": 0}},
                "objective": {"sense": "maximize", "expression": "x + y"},
                "constraints": constraints,
            }
        )
    )


def test_the_corners_of_a_known_region():
    planes = half_planes(program(a="x + 2*y <= 8", b="x <= 4"), (0, 1))
    assert sorted(set(corners(planes))) == [(0, 0), (0, 4), (4, 0), (4, 2)]
    assert inside(planes, 4, 2)
    assert not inside(planes, 4, 2.01)


@given(st.lists(st.tuples(*[st.integers(-5, 5)] * 2, st.integers(0, 20)), max_size=6), st.integers(0, 99))
def test_a_clipped_polygon_is_the_box_within_the_half_planes(planes, seed):
    box = [(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
    polygon = clip(box, planes)
    for x, y in polygon:
        assert all(a * x + b * y <= c + 1e-6 * max(1, abs(c)) for a, b, c in planes)
    x, y = 10 * ((seed * 7) % 100) / 100, 10 * ((seed * 13) % 100) / 100
    if all(a * x + b * y < c - 1e-6 for a, b, c in planes) and 0 < x < 10 and 0 < y < 10:
        assert polygon


def test_both_regions_both_optima_and_the_witness():
    ours, theirs = program(a="x + 2*y <= 12"), program(a="x + 2*y <= 8", b="x <= 4")
    marks = [
        RegionMark("theirs", 4, 2, "reference"),
        RegionMark("ours", 12, 0, "output"),
        RegionMark("witness", 5, 1, "witness"),
    ]
    svg = draw(ours, theirs, [0, 1], marks)
    root = ET.fromstring(svg)
    assert [item.get("class") for item in root.iter(f"{SVG}polygon")] == ["region theirs", "region ours"]
    assert svg == draw(ours, theirs, [0, 1], marks)
    words = root.find(f"{SVG}desc").text
    assert "output: x 12, y 0." in words
    dots = [item.get("class") for item in root.iter(f"{SVG}circle")]
    # Whole plans: x <= 4 and x + 2y <= 8 hold for 19 of them, and x + 2y <= 12 for 49.
    assert dots.count("dot both") == 19
    assert dots.count("dot ours") == 49 - 19


def test_swapped_columns_are_drawn_on_the_same_axes():
    theirs = program(a="x <= 4", b="y <= 1")
    ours = build(
        Formulation.from_dict(
            {
                "variables": {"y": {"domain": "integer", "lower": 0}, "x": {"domain": "integer", "lower": 0}},
                "objective": {"sense": "maximize", "expression": "x + y"},
                "constraints": {"a": "x <= 4", "b": "y <= 1"},
            }
        )
    )
    svg = draw(ours, theirs, [1, 0], [])
    shapes = [item.get("points") for item in ET.fromstring(svg).iter(f"{SVG}polygon")]
    assert shapes[0] == shapes[1]


def test_what_cannot_be_drawn_is_not():
    three = build(
        Formulation.from_dict(
            {
                "variables": {name: {"domain": "integer", "lower": 0} for name in "xyz"},
                "objective": {"sense": "feasibility"},
                "constraints": {},
            }
        )
    )
    assert draw(three, None, None, []) is None
    assert draw(None, None, None, []) is None
    empty = draw(program(a="x >= 5", b="x <= 4"), program(a="x <= 9", b="y <= 9"), [0, 1], [])
    assert "The output allows no plan." in empty
    open_end = draw(program(a="x <= 3"), None, None, [])
    assert "goes on beyond the frame" in open_end


def test_ticks_are_round_and_within():
    for low, high in ((0, 1), (-3.2, 7), (0, 1e6), (0.001, 0.0013), (5, 5.5)):
        values = ticks(low, high)
        assert 3 <= len(values) <= 8
        assert all(low <= value <= high + 1e-12 for value in values)


def test_plans_as_points():
    assert plan_point({"x": 1.5, "y": 2}, ["x", "y"]) == (1.5, 2.0)
    assert plan_point({"x": 1.5}, ["x", "y"]) is None
    assert plan_point({"x": None, "y": 1}, ["x", "y"]) is None
    assert plan_point(None, ["x", "y"]) is None


def test_a_picture_of_its_own_has_size_ground_and_no_clipped_label():
    run = observed(10, 10, 20)
    points = [
        CurvePoint(name, n, *rates(run, "surface", "substance")) for name, n in (("base", 0), ("b", 10), ("c", 90))
    ]
    root = ET.fromstring(standalone(learning_curve(points)))
    left, top, width, height = map(float, root.get("viewBox").split())
    assert (float(root.get("width")), float(root.get("height"))) == (2 * width, 2 * height)
    ground = next(root.iter(f"{SVG}rect"))
    assert (float(ground.get("width")), float(ground.get("height"))) == (width, height)
    for label in root.iter(f"{SVG}text"):
        long = 6.2 * len(label.text) * {"start": 1, "end": -1, "middle": 0.5}[label.get("text-anchor")]
        assert left <= min(float(label.get("x")), float(label.get("x")) + long)
        assert max(float(label.get("x")), float(label.get("x")) + long) <= left + width
        assert top + 9 <= float(label.get("y")) <= top + height


@pytest.mark.parametrize("count", [9, 40])
@pytest.mark.parametrize("place", [(0, 0, 20), (20, 0, 0), (5, 5, 10)])
def test_letters_of_runs_at_one_point_differ_and_do_not_overprint(count, place):
    run = observed(*place)
    scores = [Score(f"run {i}", *rates(run, "surface", "substance")) for i in range(count)]
    root = ET.fromstring(plane(scores))
    letters = [item for item in root.iter(f"{SVG}text") if re.fullmatch(r"[A-Z]+", item.text)]
    assert [item.text for item in letters] == [letter_of(number) for number in range(count)]
    assert len({item.text for item in letters}) == count
    boxes = []
    for item in letters:
        width, x = 11 * len(item.text), float(item.get("x"))
        boxes.append((x if item.get("text-anchor") == "start" else x - width, float(item.get("y")), width))
    for number, (x, y, width) in enumerate(boxes):
        for a, b, wide in boxes[:number]:
            assert x + width <= a + 1e-6 or a + wide <= x + 1e-6 or abs(y - b) >= 11
        assert x >= 0
        assert y >= 4
