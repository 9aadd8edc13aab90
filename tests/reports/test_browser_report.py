"""The pages in Chromium: sorting, filters, keys, deep links, hostile text, phone width, accessibility."""

import json
from pathlib import Path

import pytest
from browsing import CHROMIUM, DRIVER, Browser
from reporting import BAKERY, made_up, two_runs, verdict, write_run

from pyrite.reports.pages.site import write_site
from pyrite.results.collection import read_collection

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no Chromium with its driver on this machine"),
]


@pytest.fixture(scope="module")
def browser():
    with Browser() as opened:
        opened.open(Path(__file__))
        opened.requests()
        yield opened


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Forty made-up problems in two runs, judged for real."""
    folder = tmp_path_factory.mktemp("report")
    runs = made_up().write_pair(folder, 40)
    write_site(read_collection(runs), folder / "report")
    return folder / "report"


HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    '" onmouseover="window.hacked = 3" x="',
    "\u202egnirts desrever\u202c \u2066isolate\u2069 \u0000 \ufeff",
    "{{ 7 * 7 }} {% raw %} ${7*7} <!-- --> ]]> &lt;b&gt;",
    "שלום <b>bold</b> مرحبا",
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Every text that comes from outside, full of markup."""
    folder = tmp_path_factory.mktemp("hostile")
    problems, outputs, verdicts = [], {}, []
    for number, text in enumerate(HOSTILE):
        reference = json.loads(json.dumps(BAKERY["reference"]))
        reference["constraints"][text] = "bread <= 40"
        problem = {**BAKERY, "id": f"{number} {text}", "text": text * 3, "family": text, "reference": reference}
        problem |= {"source": text, "units": {text: text}}
        problems.append(problem)
        document = json.loads(json.dumps(reference))
        document["constraints"][text + "2"] = "cake >= 1"
        document["sets"] = {"S": [text]}
        outputs[problem["id"]] = f"{text}\n{json.dumps(document)}\n{text}"
        verdicts.append(verdict(problem["id"], "value"))
    problems.append({**BAKERY, "id": "long"})
    outputs["long"] = HOSTILE[0] * 25_000
    verdicts.append(verdict("long", "parses"))
    run = write_run(folder / "<b>run", verdicts, problems, outputs)
    write_site(read_collection([run]), folder / "report")
    return folder / "report"


def rows(browser):
    return browser.run("return [...document.querySelectorAll('#problems-body tr')].map((row) => row.innerText)")


def names(browser):
    return browser.run("return [...document.querySelectorAll('#problems-body th')].map((cell) => cell.innerText)")


def choose(browser, field, value):
    browser.run(
        "const field = document.getElementById(arguments[0]); field.value = arguments[1];"
        "field.dispatchEvent(new Event('change', {bubbles: true}));",
        field,
        value,
    )


def press(browser, key):
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(browser.driver).send_keys(key).perform()


def test_sorting_goes_up_down_and_back(browser, report):
    browser.view(1200)
    browser.open(report / "index.html")
    start = names(browser)
    assert len(start) == 40
    head = "document.querySelector('#problems-head th[data-key=id]')"
    browser.run(f"{head}.querySelector('button').click()")
    assert names(browser) == sorted(start)
    assert browser.run(f"return {head}.getAttribute('aria-sort')") == "ascending"
    browser.run(f"{head}.querySelector('button').click()")
    assert names(browser) == sorted(start, reverse=True)
    browser.run(f"{head}.querySelector('button').click()")
    assert names(browser) == start
    assert browser.run(f"return {head}.getAttribute('aria-sort')") is None


def test_filters_agree_with_the_verdicts(browser, report):
    runs = read_collection([report.parent / "base", report.parent / "tuned"]).runs
    before, after = ({v.problem_id: v for v in run.verdicts} for run in runs)
    browser.open(report / "index.html")
    choose(browser, "f-run", "1")
    choose(browser, "f-stage", "sound")
    assert set(names(browser)) == {name for name, v in after.items() if v.first_failure == "sound"}
    choose(browser, "f-stage", "looks")
    assert set(names(browser)) == {name for name, v in after.items() if v.surface and v.first_failure}
    choose(browser, "f-stage", "")
    choose(browser, "f-flip", "lost")
    assert set(names(browser)) == {n for n in after if before[n].substance is True and after[n].substance is False}
    choose(browser, "f-flip", "gained")
    assert set(names(browser)) == {n for n in after if before[n].substance is False and after[n].substance is True}
    choose(browser, "f-flip", "")
    choose(browser, "f-family", "knapsack")
    assert names(browser)
    assert all(name.startswith("knapsack") for name in names(browser))
    assert browser.run("return document.getElementById('count').innerText") == f"{len(names(browser))} of 40 problems."
    browser.run("document.getElementById('f-reset').click()")
    browser.run("return new Promise((done) => setTimeout(done, 50))")
    assert len(names(browser)) == 40


def test_an_address_restores_what_was_seen(browser, report):
    browser.open(report / "index.html", "#family=knapsack&run=1&sort=-id")
    assert browser.run("return document.getElementById('f-family').value") == "knapsack"
    seen = names(browser)
    assert seen == sorted(seen, reverse=True)
    assert all(name.startswith("knapsack") for name in seen)
    choose(browser, "f-stage", "right")
    assert "stage=right" in browser.driver.current_url
    browser.driver.back()
    assert names(browser) == seen
    browser.open(report / "index.html", "#family=%22%3E%3Cscript%3E&stage=nonsense&page=-3&run=99&sort=constructor&x=y")
    assert browser.run("return document.getElementById('count').innerText") == "0 of 40 problems."
    assert browser.console() == []


def test_keys_find_walk_and_open(browser, report):
    browser.open(report / "index.html")
    press(browser, "/")
    press(browser, "bakery")
    assert names(browser) == ["bakery"]
    press(browser, "\ue00c")  # Escape leaves the field
    press(browser, "j")
    assert browser.run("return document.activeElement.innerText") == "bakery"
    press(browser, "\ue007")
    assert browser.driver.current_url.endswith("problems/bakery.html")
    order = [problem.id for problem in read_collection([report.parent / "base"]).runs[0].problems.values()]
    press(browser, "n")
    assert browser.driver.current_url.endswith(f"problems/{order[1]}.html")
    press(browser, "p")
    assert browser.driver.current_url.endswith("problems/bakery.html")
    press(browser, "i")
    assert browser.driver.current_url.endswith("index.html")


def test_every_link_leads_to_a_page(browser, report):
    browser.open(report / "index.html")
    links = browser.run("return [...document.querySelectorAll('#problems-body a')].map((link) => link.href)")
    assert len(links) == 40
    assert all(Path(link.removeprefix("file://")).exists() for link in links)


def test_copying_gives_the_raw_output(browser, report):
    browser.open(report / "problems" / "bakery.html")
    browser.run(
        "window.copied = null;"
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: (text) => {"
        " window.copied = text; return Promise.resolve(); }}, configurable: true});"
    )
    browser.run("document.querySelector('button[data-copy=\"output-2-0\"]').click()")
    outputs = [json.loads(line) for line in (report.parent / "tuned" / "outputs.jsonl").read_text().splitlines()]
    assert browser.run("return window.copied") == outputs[0]["output"]


@pytest.mark.parametrize("number", range(6))
def test_nothing_is_clipped_on_a_phone(browser, report, number):
    browser.view(360)
    pages = [report / "index.html", *sorted((report / "problems").glob("*.html"))[::8]]
    browser.open(pages[number])
    assert browser.run("return document.documentElement.scrollWidth") == 360
    beyond = browser.run(
        "return [...document.querySelectorAll('body *')].filter((item) => {"
        "  if (item.closest('.scroll, .hidden, .skip, .card.head, .line.head, svg')) return false;"
        "  const box = item.getBoundingClientRect();"
        "  return box.width > 0 && (box.right > 361 || box.left < -1);"
        "}).map((item) => item.outerHTML.slice(0, 120))"
    )
    assert beyond == []
    narrow = browser.run(
        "return [...document.querySelectorAll('.scroll th[scope=row], .tight th[scope=row]')]"
        ".filter((item) => item.innerText.length > 4 && item.offsetWidth && item.offsetWidth < 45)"
        ".map((item) => item.innerText)"
    )
    assert narrow == []
    small = browser.run(
        "return [...document.querySelectorAll('svg text')].filter((item) => item.getBoundingClientRect().height < 9)"
        ".map((item) => item.textContent)"
    )
    assert small == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1200, 360])
def test_axe_finds_nothing_serious(browser, report, width, dark):
    browser.view(width, dark=dark)
    pages = sorted((report / "problems").glob("*.html"))
    for page in (report / "index.html", report / "codes.html", *pages[::8]):
        browser.open(page)
        browser.run("for (const item of document.querySelectorAll('details')) item.open = true")
        assert [found for found in browser.axe() if found["impact"] in ("serious", "critical")] == []


def test_no_error_and_no_request_leaves_the_folder(browser, report):
    browser.view(1200)
    browser.console()
    browser.requests()
    for page in (report / "index.html", *sorted((report / "problems").glob("*.html"))):
        browser.open(page)
    assert browser.console() == []
    asked = [url for url in browser.requests() if not url.startswith(("data:", "about:"))]
    assert asked
    assert all(url.startswith(report.resolve().as_uri()) for url in asked)


def test_hostile_texts_stay_text(browser, hostile):
    browser.view(1000)
    browser.console()
    browser.requests()
    for page in [hostile / "index.html", *sorted((hostile / "problems").glob("*.html"))]:
        browser.open(page)
        assert browser.run("return window.hacked") is None
        assert browser.run("return document.querySelectorAll('main img, main script, main b').length") == 0
        inline = browser.run(
            "return [...document.querySelectorAll('*')].filter((e) => e.onmouseover || e.onerror).length"
        )
        assert inline == 0
    assert browser.console() == []
    asked = [url for url in browser.requests() if not url.startswith(("data:", "about:"))]
    assert all(url.startswith(hostile.resolve().as_uri()) for url in asked)


def test_hostile_names_are_shown_as_they_are(browser, hostile):
    browser.open(hostile / "index.html")
    assert len(rows(browser)) == len(HOSTILE) + 1
    assert any("</script><script>window.hacked = 1</script>" in row for row in rows(browser))
    assert browser.run("return document.querySelector('.who').innerText").startswith("A <b>run")
    browser.open(hostile / "problems" / "long.html")
    assert "of 1,075,000 characters" in browser.run("return document.body.innerText")
    assert browser.run("return document.querySelector('pre.output').textContent.length") < 25_000


def test_both_schemes_have_their_colours(browser, tmp_path):
    write_site(read_collection(two_runs(tmp_path)), tmp_path / "report")
    paper = []
    for dark in (False, True):
        browser.view(1000, dark=dark)
        browser.open(tmp_path / "report" / "index.html")
        paper.append(browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert paper == ["rgb(253, 253, 251)", "rgb(21, 21, 19)"]


@pytest.mark.parametrize(
    "fragment",
    ["#sort=__proto__", "#sort=-constructor", "#run=length", "#run=1e0", "#toString=x&q=", "#__proto__=x&page=NaN"],
)
def test_addresses_name_only_what_there_is(browser, report, fragment):
    browser.view(1200)
    browser.console()
    browser.open(report / "index.html", fragment)
    assert len(names(browser)) == 40
    assert browser.console() == []
    choose(browser, "f-stage", "surface")
    assert "toString" not in browser.run("return location.hash")


def test_a_reason_leads_to_its_problems_and_to_its_meaning(browser, report):
    browser.view(1200)
    browser.open(report / "index.html")
    count = browser.run(
        "const link = document.querySelector('[aria-labelledby=reasons-title] a.jump'); link.click();"
        "return Number(link.textContent.replace(',', ''))"
    )
    assert f"{count} of " in browser.run("return document.getElementById('count').textContent")
    address = browser.run("return document.querySelector('[aria-labelledby=reasons-title] th[scope=row] a').href")
    code = address.partition("#")[2]
    browser.open(report / "codes.html", f"#{code}")
    assert browser.run("return document.querySelector(':target code').textContent") == code


def test_what_is_copied_is_what_was_written(browser, report):
    browser.view(1200)
    browser.open(report / "problems" / "bakery.html")
    raw = browser.run("return document.querySelector('pre.output').parentElement.querySelector('textarea').value")
    assert raw.count("\n") < 3
    assert browser.run("return document.querySelector('pre.output').textContent").count("\n") > 8
