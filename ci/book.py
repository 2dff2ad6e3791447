"""Writes the notebooks as pages: to read without Jupyter, on a phone, on paper, without a network.

Each is one HTML file with everything in it, as the notebook was saved; it lies in OUT where its
notebook lies in the course. index.html leads to all, and searches all.
Whatever other notebook lies there gets a page, too; what can't be shown is told.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from ci import ROOT
from ci.lessons import DEPTH
from ci.release import GITHUB, openers
from course import NOTEBOOKS, unwritable

if TYPE_CHECKING:
    from ci.frame import Entry, Link
    from ci.page import Page

TITLE = "經典 CNN 框架"
INDEX = "index.html"
TITLE_OF_DEPTH = "深讀：講義的每一個主題"


class Book(NamedTuple):
    """The files written; in sentences, what they show otherwise, and which notebooks have none."""

    files: list[Path]
    told: list[str]
    lost: list[str]


def book(out: Path, root: Path = ROOT, repository: str | None = None) -> Book:
    """Write a page for each notebook of `root`, and index.html, into `out`.

    `repository`: NAME/REPO on GitHub, where Colab and Binder find the course's notebooks.
    """
    from ci.frame import frame
    from ci.page import Place, page

    made = Book([], [], [])
    notebooks = _read_all(root, made)
    addresses = {name: quote(_file(name), errors="surrogateescape") for name in notebooks}
    places = {
        name: Place(_legible(name), root, addresses, (root / "lessons" / f"{name}.md").is_file())
        for name in notebooks
    }
    pages = {name: page(notebook, places[name]) for name, notebook in notebooks.items()}
    names = _names(pages)
    for name, each in pages.items():
        made.told.extend(f"{name}.ipynb, {sentence}" for sentence in each.told)
        place = places[name]
        way = [(rel, place.seen(there), text) for rel, there, text in _way(name, addresses, names)]
        if repository and place.trusted:
            way += [("external", *link) for link in openers(repository, f"{name}.ipynb")]
        html = frame(each.title, each.body, place.trusted, [("", "", each)], way)
        made.files.append(_write(out / _file(name), html))
    made.files.append(_write(out / INDEX, _index(addresses, names, pages)))
    return made


def _read_all(root: Path, made: Book) -> dict[str, Any]:
    """The notebooks of `root` by name; `made` is told of those that have nothing to show."""
    from ci.render import reason

    found = {}
    for path in (path for pattern in NOTEBOOKS for path in sorted(root.glob(pattern))):
        if path.name.startswith("."):
            continue
        name = path.relative_to(root).as_posix()
        try:
            notebook = _read(path)
        except Exception as error:  # the file may hold anything
            made.lost.append(f"{name} has no page, as it can not be read: {reason(error)}")
            continue
        if any(cell.get("source") or cell.get("outputs") for cell in notebook.cells):
            found[name.removesuffix(".ipynb")] = notebook
        else:
            made.told.append(f"{name} is empty: left out")
    return dict(sorted(found.items(), key=_place))


def _place(named: tuple[str, Any]) -> tuple[float, str]:
    """The lesson's place in the course; a stray notebook stands after all lessons."""
    name, notebook = named
    told: Any = notebook
    for key in ("metadata", "course", "order"):
        told = told.get(key) if isinstance(told, dict) else None
    return told if isinstance(told, int) else math.inf, name


def _read(path: Path) -> Any:
    """A notebook of any version, in nbformat 4; of its cells, nothing is asked."""
    from nbformat import convert, from_dict, reader

    if not path.is_file():
        raise FileNotFoundError("not a file")
    content = json.loads(path.read_bytes())
    if not isinstance(content, dict):
        raise ValueError("it is JSON, but no object")
    # nbformat itself refuses a whole notebook for one cell.
    new = content.get("nbformat") == 4
    notebook = from_dict(content) if new else convert(reader.reads(path.read_bytes()), 4)
    if not isinstance(notebook.get("cells"), list):
        raise ValueError("it has no list of cells")
    cells = notebook.cells
    notebook.cells = [cell if isinstance(cell, dict) else {"source": cell} for cell in cells]
    return notebook


def _file(name: str) -> str:
    """The file name of a notebook's page; index.html is the list's."""
    is_index = Path(name).name.casefold() == "index"
    return f"{name}.ipynb.html" if is_index else f"{name}.html"


def _legible(name: str) -> str:
    """A file's name, also one in another encoding than the system's, as text."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _names(pages: Mapping[str, Page]) -> dict[str, str]:
    """The pages' titles; where two have the same, with the file's name."""
    count = Counter(page.title for page in pages.values())
    return {
        name: page.title + ("" if count[page.title] == 1 else f"（{_legible(name)}.ipynb）")
        for name, page in pages.items()
    }


def _way(name: str, addresses: Mapping[str, str], names: Mapping[str, str]) -> Iterator[Link]:
    """The links from a page to the list of all, and to the pages before and after it."""
    order = list(addresses)
    here = order.index(name)
    yield "up", INDEX, "全部的頁"
    for rel, there in (("prev", order[:here][-1:]), ("next", order[here + 1 :][:1])):
        yield from ((rel, addresses[other], names[other]) for other in there)


def _index(
    addresses: Mapping[str, str], names: Mapping[str, str], pages: Mapping[str, Page]
) -> str:
    """The list of all pages, with a search through all of them."""
    from ci.frame import contents, frame

    entries = [(addresses[name], names[name], page) for name, page in pages.items()]
    groups: dict[str, list[Entry]] = {"": [], TITLE_OF_DEPTH: []}
    for entry in entries:
        groups[TITLE_OF_DEPTH if entry[0].startswith(DEPTH) else ""].append(entry)
    return frame(TITLE, contents(TITLE, groups), False, entries)


def _write(path: Path, html: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8", errors="replace", newline="\n")  # half of an emoji
    return path


def request(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What the command line asks for; ends with 2 where nothing can be written there."""
    parser = argparse.ArgumentParser(prog="course.py book", description=__doc__)
    parser.add_argument(
        "out",
        nargs="?",
        type=Path,
        default=ROOT / "out" / "book",
        metavar="OUT",
        help="the folder for the pages (default: out/book)",
    )
    parser.add_argument(
        "--url",
        type=_repository,
        metavar="https://github.com/NAME/REPO",
        help="where the student's pack is (see release): the pages link to Colab and Binder",
    )
    options = parser.parse_args(arguments)
    if problem := unwritable(options.out):
        parser.exit(2, f"course.py book: {problem}\n")
    return options


def _repository(url: str) -> str:
    found = GITHUB.fullmatch(url)
    if not found:
        raise argparse.ArgumentTypeError(f"{url!r}: expected https://github.com/NAME/REPO")
    return found[1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the book where the command line says; exit 1 if a notebook has no page."""
    options = request(arguments)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a name or a title that the console can't show
    try:
        made = book(options.out, repository=options.url)
    except OSError as error:
        sys.exit(f"course.py book: {error}")
    for path in made.files:
        print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")
    for sentence in made.told + made.lost:
        print(f"course.py book: {_printable(sentence)}", file=sys.stderr)
    if made.lost:
        sys.exit(1)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


if __name__ == "__main__":
    main()
