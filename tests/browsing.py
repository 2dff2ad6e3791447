"""A headless Chromium of the system's, for the tests of what people see.

Playwright's own browsers need not be installed; what is missing is said by the tests that skip.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCREENSHOTS = ROOT / "out" / "screenshots"  # kept, to be looked at
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
LACKING = [
    *([] if CHROMIUM else ["chromium (sudo apt-get install chromium fonts-noto-cjk)"]),
    *([] if find_spec("playwright") else ["playwright (requirements-dev.txt)"]),
]
# Marks of what needs the browser: slow, and skipped aloud where there is none.
IN_A_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(LACKING), reason=f"no browser: install {' and '.join(LACKING)}"),
]
WIDTHS = {"desktop": 1280, "phone": 390}  # pixels
PATIENCE = 120  # seconds until a page shows what is expected, on a busy machine
# The page alone: no sandbox (it refuses root), no graphics card, nothing fetched of its own accord.
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator:
    """A browser with a new, empty profile; closed at the end."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=1000 * PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def watched(page) -> list[str]:
    """What goes wrong in a page from now on: errors in the console, and of its scripts."""
    wrong: list[str] = []
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    return wrong


def shoot(page, name: str, **options) -> None:
    """Keep a screenshot as `name`.png."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", **options)


# Of each kind of token in the code, one keeps its colour: axe-core takes long over thousands.
ONE_TOKEN_A_KIND = """() => {
  const seen = new Set();
  for (const token of document.querySelectorAll(".highlight span")) {
    if (seen.has(token.className)) token.replaceWith(token.textContent);
    seen.add(token.className);
  }
}"""


def serious(page) -> list[tuple[str, list[str]]]:
    """What axe-core finds in a page that keeps somebody from reading it."""
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate(ONE_TOKEN_A_KIND)
    only = {"resultTypes": ["violations"]}  # of what passes or does not apply, not each place
    found = Axe().run(page, options=only).response["violations"]
    return [
        (rule["id"], [node["html"][:200] for node in rule["nodes"]])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]
