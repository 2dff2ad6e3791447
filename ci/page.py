"""A notebook as one HTML page that stands alone, whatever the notebook holds.

A cell, a formula or a picture that can't be shown leaves the others as they are: a sentence stands
in its place, and another one, for who makes the page, is in `Page.told`.
"""

from __future__ import annotations

import mimetypes
import posixpath
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import nbformat
import PIL.Image
from bs4 import BeautifulSoup, NavigableString, Tag
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4.rwbase import rejoin_lines
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from ci import questions
from ci.render import KINDS, NO_WORDS, element, exporter, instead, markdown, reason

# What makes of an output's `text/plain` a mere name.
LIVE = ["application/vnd.jupyter.widget-view+json", "application/javascript"]
LONGEST = 100_000  # characters of an output
# What a notebook of unknown origin may not bring: programs, other pages, and what rules the page.
FOREIGN = "script, iframe, object, embed, meta, base, link, plaintext"
HEADINGS = ("h1", "h2", "h3")
UNSEARCHED = ".code > details, .asks, h1, h2, h3"
MINUTES = re.compile(r"(?:讀完|全部)(大約\s*\S+?\s*(?:分鐘|小時))")


@dataclass
class Section:
    """A heading, its address in the page, and the text below it up to the next heading."""

    level: str
    title: str
    address: str
    text: str


@dataclass(frozen=True)
class Page:
    """What a page shows; its `told` says in English, by cell, what it shows otherwise than meant.

    `about` is the paragraph below the title. The first of `sections` is the title's.
    """

    title: str
    about: str
    sections: list[Section]
    parts: list[BeautifulSoup]
    told: list[str]

    @property
    def body(self) -> str:
        """The cells' HTML."""
        return "\n".join(map(str, self.parts))

    @property
    def minutes(self) -> str:
        """How long the notebook says that it takes; empty where it does not."""
        found = MINUTES.search(self.sections[0].text)
        return found[1] if found else ""

    @property
    def chapters(self) -> list[Section]:
        """The sections of the first level below the title."""
        return [section for section in self.sections if section.level == "h2"]


@dataclass(frozen=True)
class Place:
    """Where a notebook stands: its name below the folder `root`, and all pages by such names.

    Only a page that is `trusted` runs its notebook's scripts: those of the course's own.
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
        return self.seen(address) if address else ""

    def seen(self, address: str) -> str:
        """A page's address, seen from this one's."""
        return posixpath.relpath(address, self.folder or ".")


def page(notebook: NotebookNode, place: Place) -> Page:
    """What a page of a notebook shows, titled by its heading or by its name."""
    nbconvert, language = exporter(), _language(notebook.get("metadata"))
    parts = [_part(nbconvert, cell, language, place) for cell in notebook.cells]
    told = []
    for number, part in enumerate(parts, 1):
        told += [f"cell {number}: {at.attrs.pop('data-told')}" for at in part.select("[data-told]")]
    if place.trusted:
        questions.ask(parts, questions.table(place.root), markdown)
    kinds = [cell.get("cell_type") for cell in notebook.cells]
    texts = [part for kind, part in zip(kinds, parts, strict=True) if kind == "markdown"]
    head = _head(texts)
    if not head:
        parts.insert(0, BeautifulSoup(str(element("h1", place.name)), "html.parser"))
        head = parts[0].h1
    sections = _sections(parts, texts, head)
    below = head.find_next_sibling()
    about = _words(below) if below and below.name == "p" else ""
    shown = Page(_words(head), about, sections, parts, told)
    if shown.chapters:
        head.insert_after(_list(shown.chapters))
    return shown


def _list(chapters: Sequence[Section]) -> Tag:
    links = (element("a", each.title, href=each.address) for each in chapters)
    items = element("ul", *(element("li", link) for link in links))
    return element("nav", items, **{"aria-label": "目錄"})


def _language(metadata: Any) -> str:
    """In which language the code is, by a name that pygments knows."""
    info = metadata.get("language_info") if isinstance(metadata, dict) else None
    name = info.get("pygments_lexer", info.get("name")) if isinstance(info, dict) else "python"
    try:
        get_lexer_by_name(str(name))
    except ClassNotFound:
        return "text"
    return str(name)


def _part(
    nbconvert: HTMLExporter, cell: NotebookNode, language: str, place: Place
) -> BeautifulSoup:
    """A cell's HTML; whatever is wrong with the cell stays in it."""
    resources = {"kinds": KINDS, "live": LIVE, "longest": LONGEST, "no_words": NO_WORDS}
    try:
        alone = _alone(cell, language)
        html, _ = nbconvert.from_notebook_node(alone, resources)
        part = BeautifulSoup(html, "html.parser")
        _finish(part, alone.cells[0], place)
    except Exception as error:  # of whichever library met it
        told = instead("p", "（這一格壞了，原樣放在下面）", f"can't be shown: {reason(error)}")
        source = element(
            "pre", str(cell.get("source") or ""), **{"class": "output", "tabindex": "0"}
        )
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


def _finish(part: BeautifulSoup, cell: NotebookNode, place: Place) -> None:
    """Make a cell's HTML fit in a page that stands alone."""
    if not place.trusted and (foreign := part.select(FOREIGN)):
        names = ", ".join(sorted({tag.name for tag in foreign}))
        what = f"left out, as no lesson makes this notebook: {names}"
        foreign[0].insert_before(instead("p", "（這裡的程式或外面的網頁沒有放進來）", what))
        for tag in foreign:
            tag.decompose()
    if place.trusted and cell.cell_type == "code":
        questions.mark(part, cell.source)
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
        wide.wrap(element(kind, **{"class": "wide", "tabindex": "0"}))


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
        picture.replace_with(instead("span", text, told))


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


def _sections(parts: list[BeautifulSoup], texts: list[BeautifulSoup], head: Tag) -> list[Section]:
    """The sections; of the first one, the title's, is what stands above the title, too."""
    found = [Section("h1", _words(head), "#", "")]
    heads = {id(each) for text in texts for each in text(HEADINGS) if each is not head}
    without = [each for part in parts for each in part.select(UNSEARCHED)]
    passed = {id(text) for each in without for text in each.strings}
    for node in (node for part in parts for node in part.descendants):
        if id(node) in heads:
            node["id"] = node.get("id") or _words(node).replace(" ", "-")
            found.append(Section(node.name, _words(node), f"#{node['id']}", ""))
        elif type(node) is NavigableString and id(node) not in passed:  # no script's, no style's
            found[-1].text += node
    for section in found:
        section.text = " ".join(section.text.split())
    return found
