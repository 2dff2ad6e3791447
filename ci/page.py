"""A notebook as one HTML page that stands alone, whatever the notebook holds.

A cell, a formula or a picture that can't be shown leaves the others as they are: a sentence stands
in its place, and another one, for who makes the page, is in `Page.told`.
"""

from __future__ import annotations

import mimetypes
import posixpath
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from textwrap import shorten
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import nbformat
import PIL.Image
from bs4 import BeautifulSoup, Tag
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4.rwbase import rejoin_lines
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound
from traitlets.config import Config

from ci import ROOT

# Kinds of output that a page shows, the best of those that an output has.
KINDS = [
    *("text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg"),
    *("image/webp", "image/gif", "application/json", "text/plain"),
]
# What makes of an output's `text/plain` a mere name.
LIVE = ["application/vnd.jupyter.widget-view+json", "application/javascript"]
LONGEST = 100_000  # characters of an output
# What a notebook of unknown origin may not bring: programs, other pages, and what rules the page.
FOREIGN = "script, iframe, object, embed, meta, base, link, plaintext"
SVG = "http://www.w3.org/2000/svg"
NO_WORDS = "沒有文字說明的圖"


@dataclass(frozen=True)
class Page:
    """A page, and in English, by cell, what could not be shown as it was meant."""

    title: str
    html: str
    told: list[str]


@dataclass(frozen=True)
class Place:
    """Where a notebook stands: its name below the folder `root`, and all pages by such names.

    Only a page that is `trusted` runs scripts: those of the course's own notebooks.
    """

    name: str
    root: Path
    pages: Mapping[str, str]
    trusted: bool

    @property
    def folder(self) -> str:
        """The notebook's folder below `root`, where its links and pictures begin."""
        return posixpath.dirname(self.name)

    def page_of(self, target: str) -> str:
        """Where the page of a notebook is, seen from this one's; empty where it has none."""
        path = posixpath.normpath(posixpath.join(self.folder, unquote(target)))
        address = self.pages.get(path.removesuffix(".ipynb")) if path.endswith(".ipynb") else None
        return posixpath.relpath(address, self.folder or ".") if address else ""


def page(notebook: NotebookNode, place: Place) -> Page:
    """A notebook as HTML that stands alone, titled by its heading or by its name."""
    exporter = _exporter()
    language = _language(notebook.get("metadata"))
    parts = [_part(exporter, cell, language, place) for cell in notebook.cells]
    told = []
    for number, part in enumerate(parts, 1):
        told += [f"cell {number}: {at.attrs.pop('data-told')}" for at in part.select("[data-told]")]
    kinds = [cell.get("cell_type") for cell in notebook.cells]
    texts = [part for kind, part in zip(kinds, parts, strict=True) if kind == "markdown"]
    head = _head(texts)
    if not head:
        parts.insert(0, BeautifulSoup(str(_tag("h1", place.name)), "html.parser"))
        head = parts[0].h1
    title = _words(head)
    if sections := list(_sections(texts)):
        head.insert_after(_tag("nav", links(sections), **{"aria-label": "目錄"}))
    return Page(title, frame(title, "\n".join(map(str, parts)), place.trusted), told)


def frame(title: str, body: str, trusted: bool) -> str:
    """The whole page around `body`."""
    colours = HtmlFormatter(style="default").get_style_defs(".highlight")
    template = _exporter().environment.get_template("page.html.j2")
    return template.render(title=title, body=body, trusted=trusted, colours=colours)


def links(targets: Iterable[tuple[str, str]]) -> Tag:
    """A list of links: (address, text)."""
    return _tag("ul", *(_tag("li", _tag("a", text, href=address)) for address, text in targets))


def _tag(name: str, *content: Tag | str, **attributes: str) -> Tag:
    tag = BeautifulSoup(features="html.parser").new_tag(name, attrs=attributes)
    tag.extend(content)
    return tag


def _told(kind: str, to_reader: str, to_maker: str) -> Tag:
    return _tag(kind, to_reader, **{"class": "told", "data-told": to_maker})


def _language(metadata: Any) -> str:
    """In which language the code is, by a name that pygments knows."""
    info = metadata.get("language_info") if isinstance(metadata, dict) else None
    name = info.get("pygments_lexer", info.get("name")) if isinstance(info, dict) else "python"
    try:
        get_lexer_by_name(str(name))
    except ClassNotFound:
        return "text"
    return str(name)


def _part(exporter: HTMLExporter, cell: NotebookNode, language: str, place: Place) -> BeautifulSoup:
    """A cell's HTML; whatever is wrong with the cell stays in it."""
    resources = {"kinds": KINDS, "live": LIVE, "longest": LONGEST, "no_words": NO_WORDS}
    try:
        alone = _alone(cell, language)
        html, _ = exporter.from_notebook_node(alone, resources)
        part = BeautifulSoup(html, "html.parser")
        _finish(part, alone.cells[0], place)
    except Exception as error:  # of whichever library met it
        told = _told("p", "（這一格壞了，原樣放在下面）", f"can't be shown: {reason(error)}")
        source = _tag("pre", str(cell.get("source") or ""), **{"class": "output", "tabindex": "0"})
        part = BeautifulSoup(f"{told}{source}", "html.parser")
    return part


def _alone(cell: NotebookNode, language: str) -> NotebookNode:
    """A notebook of what a page shows of `cell`; whatever else it holds may be wrong."""
    kept = {key: cell[key] for key in ("cell_type", "id", "source", "attachments") if key in cell}
    metadata = cell.get("metadata") or {}
    jupyter = metadata.get("jupyter")
    is_folded = isinstance(jupyter, dict) and jupyter.get("source_hidden") is True
    kept["metadata"] = {"alt": metadata.get("alt"), "folded": is_folded}
    if cell.get("cell_type") == "code":
        kept |= {"outputs": cell.get("outputs") or [], "execution_count": None}
    of_all = {"language_info": {"name": language}}
    alone = {"cells": [kept], "metadata": of_all, "nbformat": 4, "nbformat_minor": 4}
    return rejoin_lines(nbformat.from_dict(alone))


def reason(error: Exception) -> str:
    """An error's kind and the beginning of what it says, in one line."""
    return shorten(f"{type(error).__name__}: {error}", 160).rstrip(": ")


def _finish(part: BeautifulSoup, cell: NotebookNode, place: Place) -> None:
    """Make a cell's HTML fit in a page that stands alone."""
    if not place.trusted and (foreign := part.select(FOREIGN)):
        names = ", ".join(sorted({tag.name for tag in foreign}))
        what = f"left out, as no lesson makes this notebook: {names}"
        foreign[0].insert_before(_told("p", "（這裡的程式或外面的網頁沒有放進來）", what))
        for tag in foreign:
            tag.decompose()
    for mark in part.select(".anchor-link"):
        mark.decompose()
    for link in part.select("a[href]"):
        target, hash_, anchor = link["href"].partition("#")
        if address := place.page_of(target):
            link["href"] = f"{address}{hash_}{anchor}"
    for picture in part.select("img[src]"):
        _embed(picture, cell, place)
    for wide in part.select("table, math[display=block]"):  # moved in a frame, also by keyboard
        kind = "div" if wide.name == "table" else "span"  # a formula stands in a paragraph
        wide.wrap(_tag(kind, **{"class": "wide", "tabindex": "0"}))


def _embed(picture: Tag, cell: NotebookNode, place: Place) -> None:
    """See that a picture is in the page: of an output, pasted into `cell`, or a file's."""
    address = picture["src"]
    if address.startswith(("http:", "https:")):
        picture["data-told"] = f"a picture is shown with a network only: {address}"
        return
    try:
        kind, content = _content(address, cell, place)
        _check(kind, content)
        picture["src"] = f"data:{kind};base64,{content}"
    except Exception as error:  # of a file's, or of a picture, which may be anything
        name = unquote(address[:100])
        told = f"no picture {name!r} ({reason(error)})"
        text = f"（這裡少了一張圖：{picture.get('alt') or name}）"
        picture.replace_with(_told("span", text, told))


def _content(address: str, cell: NotebookNode, place: Place) -> tuple[str, str]:
    """A picture's kind and its bytes in base64."""
    if address.startswith("data:"):
        kind, _, content = address.removeprefix("data:").partition(",")
        if not kind.endswith(";base64"):  # a text, of which there is SVG only
            content = b64encode(unquote(content).encode()).decode()
        return kind.partition(";")[0], content
    name = unquote(address)
    if name.startswith("attachment:"):
        return min(cell.attachments[name.removeprefix("attachment:")].items())
    path = (place.root / place.folder / name).resolve()
    kind = mimetypes.guess_type(path.name)[0] or ""
    if not (kind.startswith("image/") and path.is_relative_to(place.root.resolve())):
        raise ValueError("no picture's name below the course's folder")
    if not path.is_file():
        raise FileNotFoundError("no such file")
    return kind, b64encode(path.read_bytes()).decode()


def _check(kind: str, content: str) -> None:
    """Raise an error of some kind if this is no picture."""
    if kind == "image/svg+xml":
        ElementTree.fromstring(b64decode(content))
        return
    try:
        with PIL.Image.open(BytesIO(b64decode(content))) as picture:
            picture.verify()
    except PIL.UnidentifiedImageError:
        raise ValueError("these bytes are no picture") from None  # it names but a place in memory


def _words(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def _head(texts: list[BeautifulSoup]) -> Tag | None:
    """The heading that names the notebook."""
    return next((head for text in texts for head in text("h1") if _words(head)), None)


def _sections(texts: list[BeautifulSoup]) -> Iterator[tuple[str, str]]:
    """The address and the words of each section."""
    for section in (section for text in texts for section in text("h2")):
        section["id"] = section.get("id") or _words(section).replace(" ", "-")
        yield f"#{section['id']}", _words(section)


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
        return str(_told("code", tex, f"the formula {tex!r} can't be read: {reason(error)}"))


def _markdown(source: str) -> str:
    return _whole(MarkdownWithMath(_Renderer(escape=False)).render(source))


def _latex(source: str) -> str:
    r"""LaTeX as outputs have it; Markdown writes \\( and \\[ for its \( and \[."""
    return _markdown(re.sub(r"(?<!\\)\\([()[\]])", r"\\\\\1", source))


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


def _exporter() -> HTMLExporter:
    """nbconvert's, with the templates of the book."""
    return HTMLExporter(
        template_name="book",
        extra_template_basedirs=[str(ROOT / "ci" / "templates")],
        filters={"markdown2html": _markdown, "latex2html": _latex, "whole": _whole, "svg64": _svg},
        config=Config(
            NbConvertBase={"display_data_priority": KINDS},
            CoalesceStreamsPreprocessor={"enabled": True},
        ),
    )
