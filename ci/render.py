"""How nbconvert renders a cell of the book: Markdown, formulas, drawings, what can not be shown."""

from __future__ import annotations

import re
from base64 import b64encode
from textwrap import shorten

from bs4 import BeautifulSoup, Tag
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from traitlets.config import Config

from ci import ROOT

TEMPLATES = ROOT / "ci" / "templates"
# Kinds of output that a page shows, the best of those that an output has.
KINDS = [
    *("text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg"),
    *("image/webp", "image/gif", "application/json", "text/plain"),
]
SVG = "http://www.w3.org/2000/svg"
NO_WORDS = "沒有文字說明的圖"


def element(name: str, *content: Tag | str, **attributes: str) -> Tag:
    """An element of HTML with what is in it."""
    made = BeautifulSoup(features="html.parser").new_tag(name, attrs=attributes)
    made.extend(content)
    return made


def instead(kind: str, to_reader: str, to_maker: str) -> Tag:
    """An element in the place of what can't be shown, which says so to both."""
    return element(kind, to_reader, **{"class": "told", "data-told": to_maker})


def reason(error: Exception) -> str:
    """An error's kind and the beginning of what it says, in one line."""
    return shorten(f"{type(error).__name__}: {error}", 160).rstrip(": ")


class _Renderer(IPythonRenderer):
    """Markdown, with formulas as MathML; pictures are seen to later, with those in HTML."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return super(IPythonRenderer, self).image(text, url, title)

    def inline_math(self, body: str) -> str:
        return _formula(body, "inline")

    def block_math(self, body: str) -> str:
        return _formula(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        return _formula(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


def _formula(tex: str, display: str) -> str:
    try:
        return convert(tex, display=display)
    except Exception as error:  # of many kinds, without a common one
        return str(instead("code", tex, f"the formula {tex!r} can't be read: {reason(error)}"))


def markdown(source: str) -> str:
    """Markdown as HTML."""
    return _whole(MarkdownWithMath(_Renderer(escape=False)).render(source))


def _latex(source: str) -> str:
    r"""LaTeX as outputs have it; Markdown writes \\( and \\[ for its \( and \[."""
    return markdown(re.sub(r"(?<!\\)\\([()[\]])", r"\\\\\1", source))


def _whole(html: str) -> str:
    """HTML whose every tag ends, so that nothing after it changes; pictures have a text."""
    soup = BeautifulSoup(html, "html.parser")
    for picture in soup.select("img:not([alt])"):
        picture["alt"] = NO_WORDS
    return str(soup)


def _svg(drawing: str) -> str:
    """A drawing as an image of its own, which needs the name space that HTML does without."""
    named = drawing if "xmlns=" in drawing else drawing.replace("<svg", f"<svg xmlns='{SVG}'", 1)
    return b64encode(named.encode("utf-8", "replace")).decode()


def exporter() -> HTMLExporter:
    """nbconvert's, with the templates of the book."""
    return HTMLExporter(
        template_name="book",
        extra_template_basedirs=[str(TEMPLATES)],
        filters={"markdown2html": markdown, "latex2html": _latex, "whole": _whole, "svg64": _svg},
        config=Config(
            NbConvertBase={"display_data_priority": KINDS},
            CoalesceStreamsPreprocessor={"enabled": True},
        ),
    )
