"""Writes the notebooks as pages: to read without Jupyter, on a phone, on paper, without a network.

Each is one HTML file with everything in it, as the notebook was saved; index.html leads to them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ci import ROOT

TITLE = "經典 CNN 框架"


def book(out: Path, root: Path = ROOT) -> list[Path]:
    """Write a page for each notebook of `root`, and index.html, into `out`; the files written."""
    import nbformat
    from nbformat.v4 import new_markdown_cell, new_notebook

    notebooks = {path.stem: nbformat.read(path, 4) for path in sorted(root.glob("*.ipynb"))}
    titles = {name: title(notebook) for name, notebook in notebooks.items()}
    links = "\n".join(f"- [{shown}]({name}.html)" for name, shown in titles.items())
    index = new_notebook(cells=[new_markdown_cell(f"# {TITLE}\n\n{links}")])
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, notebook in (notebooks | {"index": index}).items():
        written.append(out / f"{name}.html")
        written[-1].write_text(page(notebook, set(notebooks)), encoding="utf-8", newline="\n")
    return written


def title(notebook) -> str:
    """The notebook's first heading."""
    return notebook.cells[0].source.splitlines()[0].lstrip("# ")


def page(notebook, names: set[str]) -> str:
    """A notebook as HTML that stands alone; links to the notebooks `names` lead to their pages."""
    from bs4 import BeautifulSoup
    from pygments.formatters import HtmlFormatter

    colours = HtmlFormatter(style="default").get_style_defs(".highlight")
    resources = {"title": title(notebook), "colours": colours}
    html, _ = _exporter().from_notebook_node(notebook, resources)
    soup = BeautifulSoup(html, "html.parser")
    for mark in soup.select(".anchor-link"):
        mark.decompose()
    for link in soup.select("a[href]"):
        target, hash_, place = link["href"].partition("#")
        if target.removesuffix(".ipynb") in names:
            link["href"] = f"{target.removesuffix('.ipynb')}.html{hash_}{place}"
    for wide in soup.select("table, math[display=block]"):  # moved in a frame, also by keyboard
        frame = "div" if wide.name == "table" else "span"  # a formula stands in a paragraph
        wide.wrap(soup.new_tag(frame, attrs={"class": "wide", "tabindex": "0"}))
    _insert_contents(soup)
    return str(soup)


def _insert_contents(soup) -> None:
    """A list of the sections, after the first cell."""
    sections = soup.select("h2[id]")
    if not sections:
        return
    contents = soup.new_tag("nav", attrs={"aria-label": "目錄"})
    entries = soup.new_tag("ul")
    contents.append(entries)
    for section in sections:
        entry = soup.new_tag("li")
        link = soup.new_tag("a", attrs={"href": f"#{section['id']}"})
        link.string = section.get_text()
        entry.append(link)
        entries.append(entry)
    soup.h1.insert_after(contents)


def _exporter():
    """An exporter with the template of the book, whose formulas are MathML."""
    from latex2mathml.converter import convert
    from nbconvert import HTMLExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def inline_math(self, body: str) -> str:
            return convert(body)

        def block_math(self, body: str) -> str:
            return convert(body, display="block")

    def render(source: str) -> str:
        return MarkdownWithMath(Renderer(escape=False)).render(source)

    return HTMLExporter(
        template_name="book",
        extra_template_basedirs=[str(ROOT / "ci" / "templates")],
        filters={"markdown2html": render},
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the book where the command line says."""
    parser = argparse.ArgumentParser(prog="course.py book", description=__doc__)
    parser.add_argument(
        "out",
        nargs="?",
        type=Path,
        default=ROOT / "out" / "book",
        metavar="OUT",
        help="the folder for the pages (default: out/book)",
    )
    options = parser.parse_args(arguments)
    try:
        written = book(options.out)
    except OSError as error:
        parser.exit(1, f"course.py book: {error}\n")
    for path in written:
        print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
