"""What stands around a page: the way to the others, the search, the colours, and their scripts."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, TypeAlias

from pygments.formatters import HtmlFormatter

from ci.page import Page
from ci.render import TEMPLATES, exporter

# The frame's own scripts, by whether the page is trusted: only the course's own ask questions.
SCRIPTS = {False: ("theme.js", "search.js"), True: ("theme.js", "search.js", "questions.js")}
COLOURS = {"light": "default", "dark": "github-dark"}  # of code: styles of pygments

Link: TypeAlias = tuple[str, str, str]  # what the page there is to this one (`rel`), address, text
Entry: TypeAlias = tuple[str, str, Page]  # a page's address, its name in the list, and itself


def frame(
    title: str, body: str, trusted: bool, pages: Sequence[Entry], way: Sequence[Link] = ()
) -> str:
    """The whole page around `body`: with a search through `pages`, and links to others.

    Where it is not `trusted`, no script runs but the frame's, which the page knows by its digest.
    """
    script = "".join((TEMPLATES / "book" / name).read_text("utf-8") for name in SCRIPTS[trusted])
    colours = {
        name: HtmlFormatter(style=style).get_style_defs(".highlight")
        for name, style in COLOURS.items()
    }
    return _template("page").render(
        title=title,
        body=body,
        trusted=trusted,
        sections=json.dumps(_sections(pages), ensure_ascii=False).replace("<", r"\u003c"),
        way=way,
        script=script,
        digest=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        colours=colours,
    )


def _sections(pages: Sequence[Entry]) -> list[tuple[str, str, str, str]]:
    """Of each section: its address, its page's name where the title is another, title, text."""
    return [
        (address + section.address, name if number else "", section.title, section.text)
        for address, name, page in pages
        for number, section in enumerate(page.sections)
    ]


def contents(title: str, groups: Mapping[str, Sequence[Entry]]) -> str:
    """The list of all pages, in groups by their headings."""
    return _template("contents").render(title=title, groups=groups)


def _template(name: str) -> Any:
    return exporter().environment.get_template(f"{name}.html.j2")
