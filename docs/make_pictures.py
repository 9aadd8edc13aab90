"""The pictures of the README: a small report is made and photographed in headless Chromium.

    python -m docs.make_pictures [FOLDER]

writes report-index.png and report-problem.png into FOLDER (default: docs/pictures). The runs are made up (see
benchmarks/made_up.py), judged for real, and thrown away.
"""

from __future__ import annotations

import base64
import sys
import tempfile
from pathlib import Path

from pyrite.reports.pages.site import write_site
from pyrite.results.collection import read_collection

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))
from browsing import Browser  # noqa: E402 - the tests' browser

from benchmarks.made_up import write_pair  # noqa: E402

WIDTH = 1040
SHOTS = (
    # file, page, element where the picture begins, element before which it ends, dark
    ("report-index.png", "index.html", "body", "section[aria-labelledby=pair-1]", False),
    ("report-problem.png", "problems/bakery.html", ".kicker", ".titled h3", False),
)


def photograph(browser: Browser, page: Path, start: str, end: str, path: Path) -> None:
    """The part of a page between the tops of two elements, as a PNG."""
    browser.open(page)
    top, bottom = browser.run(  # type: ignore[misc]
        "return [arguments[0], arguments[1]].map((name) => document.querySelector(name).getBoundingClientRect().top)",
        start,
        end,
    )
    clip = {"x": 0, "y": max(0, top - 24), "width": WIDTH, "height": bottom - max(0, top - 24) - 8, "scale": 1}
    options = {"captureBeyondViewport": True, "clip": clip}
    shot = browser.driver.execute_cdp_cmd("Page.captureScreenshot", options)
    path.write_bytes(base64.b64decode(shot["data"]))
    sys.stdout.write(f"{path}: {WIDTH} x {clip['height']:.0f}, {path.stat().st_size / 1024:.0f} KiB\n")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, Browser() as browser:
        report = Path(temporary) / "report"
        write_site(read_collection(write_pair(Path(temporary), 60)), report)
        for name, page, start, end, dark in SHOTS:
            browser.view(WIDTH, 800, dark=dark)
            photograph(browser, report / page, start, end, folder / name)


if __name__ == "__main__":
    main()
