"""Headless Chromium for tests: one fresh profile, a log of every request, console errors, axe-core."""

import importlib.util
import json
import os
import shutil
import tempfile
from pathlib import Path

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
DRIVER = os.environ.get("CHROMEDRIVER") or shutil.which("chromedriver") or ""
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-color-profile=srgb"),
)


class Browser:
    """A Chromium that remembers what it asked for. Use as a context manager."""

    def __init__(self) -> None:
        from selenium import webdriver
        from selenium.webdriver.chrome.options import Options
        from selenium.webdriver.chrome.service import Service

        self.profile = tempfile.mkdtemp(prefix="chromium-")
        options = Options()
        options.binary_location = CHROMIUM
        for flag in (*FLAGS, f"--user-data-dir={self.profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.driver.set_page_load_timeout(60)

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *error: object) -> None:
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def view(self, width: int, height: int = 900, dark: bool = False, scale: float = 1) -> None:
        """The size of the window and the colour scheme that pages see."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})

    def open(self, path: Path, fragment: str = "") -> None:
        """Open a file. A new fragment of the same page loads it again."""
        self.driver.get("about:blank")
        self.driver.get(path.resolve().as_uri() + fragment)

    def run(self, script: str, *arguments: object) -> object:
        """The value of a script's ``return``."""
        return self.driver.execute_script(script, *arguments)

    def console(self) -> list[str]:
        """Errors and warnings that the pages wrote since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self) -> list[str]:
        """Every address asked for since the last call."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def axe(self) -> list[dict[str, object]]:
        """What axe-core finds by the rules of WCAG 2 A and AA."""
        origin = os.environ.get("PYRITE_AXE")
        if not origin:
            spec = importlib.util.find_spec("axe_core_python")
            assert spec is not None
            assert spec.origin is not None
            origin = str(Path(spec.origin).parent / "axe.min.js")
        self.driver.execute_script(Path(origin).read_text(encoding="utf-8"))
        self.driver.set_script_timeout(60)
        result = self.driver.execute_async_script(
            "const done = arguments[0];"
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice']})"
            ".then((result) => done({violations: result.violations}), (error) => done({error: String(error)}));"
        )
        assert "error" not in result, result
        return [
            {"id": item["id"], "impact": item["impact"], "nodes": [node["html"][:200] for node in item["nodes"][:3]]}
            for item in result["violations"]
        ]
