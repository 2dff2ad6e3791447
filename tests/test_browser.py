"""What a student sees: JupyterLab as `course.py lab` starts it, in a browser, with a keyboard."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import doors
import nbformat
import pytest
from browsing import IN_A_BROWSER, ROOT, shoot, watched
from nbformat.sign import NotebookNotary
from playing import KERNEL, PAGES, plays
from serving import STARTING, ask, free_port

import course
from ci import tracked
from ci.editions import METADATA
from grading import batch, sandbox
from utils import explore
from utils.checks.render import score_html
from utils.checks.score import Diagnosis, Part, Score

pytestmark = IN_A_BROWSER
NOTEBOOKS = [path.relative_to(ROOT).as_posix() for path in tracked(*course.NOTEBOOKS)]
CARDS, SMALL = "cards.ipynb", "small.ipynb"
# A figure, and what its cell says that one sees.
DESCRIBED = '一個黑點："1×1" 的圖'
DOT = """\
from base64 import b64decode

from IPython.display import Image

Image(b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
), width=9)"""
PLAYED, STRANGE = "played.ipynb", "strange.ipynb"  # pages to play with; the other is not trusted
IDLE = "Python 3 | Idle"  # in the status bar: the kernel is there
# Where Jupyter keeps what is a user's own.
PLACES = (
    *("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"),
    "JUPYTERLAB_WORKSPACES_DIR",
)

CONV = 'x = layers.Conv2D(256, (3, 3), activation="relu", padding="same", name="block3_conv{}")(x)'
POOL = 'return layers.MaxPooling2D((2, 2), strides=(2, 2), name="block3_pool")(x)'

ANSWERS = ("block4", "block5", "head", "vgg16_model")  # cells of the solution, after block 3


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A student's folder, with the notebooks as they are handed out."""
    folder = tmp_path_factory.mktemp("student")
    for notebook in NOTEBOOKS:
        (folder / notebook).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / notebook, folder / notebook)
    for part in ("utils", "settings"):
        shutil.copytree(ROOT / part, folder / part)
    for part in ("course.py", "requirements.txt", "requirements.lock"):
        shutil.copy(ROOT / part, folder)
    return folder


@pytest.fixture(scope="module")
def lab(home, tmp_path_factory):
    """The address of JupyterLab in the student's folder; its own settings are empty."""
    port = free_port()
    own = tmp_path_factory.mktemp("jupyter")
    env = {name: str(own / name) for name in PLACES}
    env |= {"JUPYTERLAB_SETTINGS_DIR": str(home / ".settings")}
    trusting = own / "JUPYTER_DATA_DIR"
    trusting.mkdir()
    notary = NotebookNotary(data_dir=str(trusting))
    for name, notebook in {CARDS: cards(), PLAYED: plays()}.items():
        notary.sign(notebook)
        (home / name).write_text(nbformat.writes(notebook), encoding="utf-8")
    strange = plays()
    strange.cells[0].source += "\n"  # a notary knows a notebook by what is in it
    nbformat.write(strange, home / STRANGE)
    small = nbformat.v4.new_notebook(metadata=METADATA)
    small.cells.append(nbformat.v4.new_code_cell("import os\n\nprint(os.getpid())"))
    small.cells.append(nbformat.v4.new_code_cell(DOT, metadata={"alt": DESCRIBED}))
    nbformat.write(small, home / SMALL)
    options = ["--no-browser", f"--ServerApp.port={port}", "--IdentityProvider.token=course"]
    with (own / "log").open("w") as log:
        server = doors.start(
            "python course.py lab", home, *options, env=env, stdout=log, stderr=log
        )
        try:
            ask(f"http://127.0.0.1:{port}/api/status?token=course", server, own / "log")
            yield f"http://127.0.0.1:{port}/lab/tree/{{}}?token=course&reset"
        finally:
            server.terminate()
            server.wait(60)


@pytest.fixture
def page(browser):
    """A new window, in which nothing may go wrong."""
    window = browser.new_page(viewport={"width": 1280, "height": 900})
    wrong = watched(window)
    yield window
    window.close()
    # A page may be left while JupyterLab's debugger still asks a kernel for its state.
    assert not [line for line in wrong if "Canceled future" not in line]


def opened(page, lab: str, name: str, home: Path) -> None:
    """Open a notebook; it is there when all of its cells are, its title is shown, and its kernel
    waits: what is run before, JupyterLab drops.
    """
    from playwright.sync_api import expect

    saved = nbformat.read(home / name, 4).cells
    page.goto(lab.format(name))
    cells = page.locator(".jp-Notebook .jp-Cell")
    expect(cells).to_have_count(len(saved))
    title = saved[0].source.splitlines()[0].lstrip("# ")
    expect(cells.first).to_contain_text(title)
    expect(page.get_by_text(IDLE)).to_be_visible()


def fill(cell, source: str) -> None:
    """Write over what is in a cell, and run it."""
    cell.locator(".cm-content").click()
    cell.page.keyboard.press("Control+a")
    cell.page.keyboard.insert_text(source)
    cell.page.keyboard.press("Shift+Enter")


def save(page) -> None:
    """Save the notebook; the mark of what is not saved goes away."""
    from playwright.sync_api import expect

    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)


def run(cell) -> None:
    """Run a cell as people do: a click beside it, Shift and Enter."""
    cell.locator(".jp-InputPrompt").click()
    cell.press("Shift+Enter")


def cards() -> nbformat.NotebookNode:
    """A notebook that shows a score in each state."""
    part, half = Part("a", "甲", 1.0, 1.0), Part("b", "乙", 1.0, 2.0)
    none = Part("c", "丙", 0.0, 1.0)
    advice = Diagnosis("code", "少了一層 `block3_conv3`。", "數一數設定表。", "c")
    scores = [
        Score("one", "還沒寫", (none,), (advice,), False),
        Score("two", "寫了一部分", (part, half, none), (advice,)),
        Score("three", "全對", (part, part), (), note="公開測試通過，尚有隱藏測試。"),
        Score("four", "一題，錯了", (none,), (advice,)),
        Score("five", "一題，對了", (part,), ()),
    ]
    outputs = [
        nbformat.v4.new_output("display_data", {"text/html": score_html(score)}) for score in scores
    ]
    cell = nbformat.v4.new_code_cell("checks.every()", execution_count=1, outputs=outputs)
    return nbformat.v4.new_notebook(cells=[cell], metadata=KERNEL)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_that_is_opened_is_not_changed_by_it(name, lab, home, page):
    from playwright.sync_api import expect

    before = (home / name).read_bytes()
    opened(page, lab, name, home)
    # The kernel has said what it is; where a notebook says otherwise, it is marked as changed.
    page.wait_for_timeout(1000)
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    told = {cell.metadata.get("alt") for cell in nbformat.read(home / name, 4).cells}
    for image in page.locator(".jp-RenderedImage img").all():
        assert image.get_attribute("alt") in told - {None}
    shoot(page, f"open-{name.removesuffix('.ipynb').replace('/', '-')}")
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1000)
    assert json.loads((home / name).read_bytes()) == json.loads(before)


def labels(page, menu: str) -> list[str]:
    """What a menu of the bar offers, when it is open."""
    page.locator(".lm-MenuBar-item", has_text=re.compile(f"^{menu}$")).click()
    shown = page.locator(".lm-Menu-itemLabel").all_inner_texts()
    return [label.rstrip("…") for label in shown if label]


def choose(page, click: str) -> None:
    """Click through a menu as a manual names it, and agree where it asks."""
    menu, _, item = click.partition(" → ")
    assert item in labels(page, menu)
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{re.escape(item)}…?$")).click()


def test_the_manuals_words_for_running_everything_are_on_the_screen(lab, home, page):
    from playwright.sync_api import expect

    chinese, english = (
        "Run → 重新啟動核心 and 執行所有儲存格",
        "Run → Restart Kernel and Run All Cells",
    )
    for manual in (
        "README.md",
        "docs/student.md",
        f"lessons/{Path(course.first_notebook()).stem}.md",
    ):
        text = (ROOT / manual).read_text("utf-8")
        assert {chinese, english} <= doors.named(text) and "工具列的 ▶▶" in text
    page.goto(lab.format(SMALL))
    output = page.locator(".jp-OutputArea-output").first
    agree = page.locator(".jp-Dialog .jp-mod-accept")
    button = page.locator("[data-command='notebook:restart-run-all']").first
    expect(page.get_by_text(IDLE)).to_be_visible()
    assert chinese.split(" → ")[1] in labels(page, "Run")
    shoot(page, "words-1-chinese")
    page.keyboard.press("Escape")
    formgrader = "Nbgrader → Formgrader"  # as an instructor has it, with nbgrader installed
    assert formgrader.partition(" → ")[2] in labels(page, "Nbgrader")
    page.keyboard.press("Escape")
    button.click()
    agree.click()
    expect(output).to_have_text(re.compile(r"\d"))
    kernel = output.inner_text()
    expect(page.get_by_role("img", name=DESCRIBED)).to_have_count(1)  # of a figure just drawn
    shoot(page, "words-2-everything-run")
    save(page)

    choose(page, "Settings → 語言")
    page.locator(".lm-Menu-itemLabel", has_text="English").click()
    with page.expect_navigation():
        agree.click()
    expect(page.get_by_text(IDLE)).to_be_visible()
    try:
        choose(page, english)
        agree.click()
        expect(output).to_have_text(re.compile(r"\d"))  # empty while the kernel restarts
        expect(output).not_to_have_text(kernel)
        shoot(page, "words-3-english")
    finally:
        shutil.rmtree(home / ".settings" / "@jupyterlab" / "translation-extension")


def test_a_student_reads_what_is_wrong_mends_it_and_hands_in(lab, home, page, tmp_path):
    from playwright.sync_api import expect

    opened(page, lab, course.first_notebook(), home)
    blank = page.locator(".jp-CodeCell", has_text="def block3(x)")
    check = page.locator(".jp-CodeCell", has_text="checks.block(3, block3)")
    card = check.locator(".jp-OutputArea-output")
    shoot(page, "homework-1-opened")

    page.locator(".jp-CodeCell", has_text="def block4(x)").locator(".jp-InputPrompt").click()
    page.locator(".lm-MenuBar-item", has_text=re.compile("Run|執行")).click()
    page.locator("[data-command='notebook:run-all-above']").click()
    prompt = check.locator(".jp-InputPrompt")
    expect(prompt).to_have_text("[*]:")
    expect(prompt).to_have_text(re.compile(r"\[\d+\]:"), timeout=1000 * STARTING)
    expect(card).to_contain_text("尚未完成")
    blank.scroll_into_view_if_needed()
    shoot(page, "homework-2-unfinished")

    blank.locator(".cm-line", has_text="raise NotImplementedError").click()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+End")
    page.keyboard.type("\n".join([CONV.format(1), CONV.format(2), POOL]))
    page.keyboard.press("Shift+Enter")
    run(check)
    expect(card).to_contain_text("只有 2 個卷積層")
    shoot(page, "homework-3-wrong")

    blank.locator(".cm-line", has_text="block3_conv2").click()
    page.keyboard.press("End")
    page.keyboard.type("\n" + CONV.format(3))
    page.keyboard.press("Shift+Enter")
    run(check)
    expect(card).not_to_contain_text("✘")
    expect(card.locator("b", has_text="✔")).to_have_count(4)
    shoot(page, "homework-4-right")

    save(page)
    assert "block3_conv3" in (home / course.first_notebook()).read_text("utf-8")

    solution = nbformat.read(ROOT / "solutions" / course.first_notebook(), 4)
    for answer in (cell.source for cell in solution.cells if cell.id in ANSWERS):
        first_line, *_ = answer.splitlines()  # by which a cell is found among others
        fill(page.locator(".jp-CodeCell", has_text=first_line), answer)
    last = page.locator(".jp-CodeCell", has_text="checks.vgg16(VGG16)")
    run(last)
    points = last.locator(".jp-OutputArea-output")
    expect(points).to_contain_text("10 / 10", timeout=1000 * STARTING)
    shoot(page, "homework-5-solved")
    save(page)

    page.locator(".lm-MenuBar-item", has_text=re.compile("File|檔案")).click()
    with page.expect_download() as download:
        page.locator("[data-command='docmanager:download']").click()
    handed_in = tmp_path / "submissions" / "b11902001"
    handed_in.mkdir(parents=True)
    download.value.save_as(handed_in / course.first_notebook())
    _no_error(page)
    trusted = False if sandbox.problem() else None
    (row,) = batch.grade(
        handed_in.parent, tmp_path / "out", workers=1, sandboxed=trusted, progress=False
    ).rows
    assert (row.submission.student, row.record.status, row.score) == ("b11902001", "graded", 10)


def test_a_page_to_play_with_is_a_picture_until_its_cell_runs(lab, home, page):
    from playwright.sync_api import expect

    opened(page, lab, STRANGE, home)
    cells = page.locator(".jp-CodeCell")
    expect(page.locator(".jp-OutputArea-output img")).to_have_count(len(PAGES))
    expect(page.get_by_role("slider")).to_have_count(0)  # no script runs unasked
    shoot(page, "played-1-not-trusted")
    played = cells.filter(has_text="explore.chain()")
    expect(played.get_by_text(explore.INSTEAD)).to_be_visible()
    run(played)
    slider = played.get_by_role("slider", name="層數")
    slider.wait_for(timeout=1000 * STARTING)
    expect(played.get_by_text(explore.INSTEAD)).not_to_be_visible()
    slider.scroll_into_view_if_needed()
    slider.click(position={"x": slider.bounding_box()["width"] - 2, "y": 9})
    expect(played.get_by_role("img", name="30 層之後")).to_be_visible()
    for key in ("ArrowDown", "ArrowLeft", "ArrowLeft"):  # and no other cell is chosen
        page.keyboard.press(key)
    expect(played.get_by_role("img", name="27 層之後")).to_be_visible()
    shoot(page, "played-2-run")
    save(page)
    _no_error(page)


# What a page that was saved says after these keys in its picture.
KEYS = {
    "convolution": (("ArrowDown", "ArrowRight", "Space"), "小窗在第 2 列第 3 行"),
    "architecture": (("End", "ArrowUp"), "5／6 Subsampling"),
    "digit": (("7",), "7 的懲罰最小"),
}


def test_the_pages_of_a_notebook_that_one_trusts_are_played_as_they_were_saved(lab, home, page):
    from playwright.sync_api import expect

    opened(page, lab, PLAYED, home)
    for name in PAGES:
        cell = page.locator(".jp-CodeCell", has_text=f"explore.{name}(")
        words = cell.locator("#words")
        words.scroll_into_view_if_needed()
        told = words.inner_text()
        if name in KEYS:
            keys, expected = KEYS[name]
            cell.get_by_role("application").focus()
            for key in keys:
                page.keyboard.press(key)
            expect(words).to_contain_text(expected)
        else:
            cell.get_by_role("slider").first.press("End")
            expect(words).not_to_have_text(told)
        shoot(page, f"played-3-{name}")


def _no_error(page) -> None:
    """No output is red: neither a traceback nor anything on stderr."""
    from playwright.sync_api import expect

    red = "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type$='.error']"
    expect(page.locator(red)).to_have_count(0)


# Paints a pixel as the page does, from the root to the text, and compares it before and after the
# text. (JupyterLab's layers hide which background is whose from axe-core.)
CONTRASTS = """elements => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const luminance = colour => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const light = [...pen.getImageData(0, 0, 1, 1).data].map(byte => byte / 255).map(
      part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2];
  };
  const hasText = node => node.nodeType == Node.TEXT_NODE && node.data.trim();
  return elements.filter(element => [...element.childNodes].some(hasText)).map(element => {
    const around = [];
    for (let outer = element; outer; outer = outer.parentElement) around.unshift(outer);
    let behind = luminance("white");
    pen.globalAlpha = 1;
    for (const style of around.map(outer => getComputedStyle(outer))) {
      pen.globalAlpha *= style.opacity;
      behind = luminance(style.backgroundColor);
    }
    const text = luminance(getComputedStyle(element).color);
    const ratio = (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
    return [element.textContent, ratio];
  });
}"""


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_score_can_be_read_in_either_theme(theme, lab, home, page):
    settings = home / ".settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    chosen = settings / "themes.jupyterlab-settings"
    chosen.write_text(json.dumps({"theme": f"JupyterLab {theme}"}), encoding="utf-8")
    opened(page, lab, CARDS, home)
    page.locator(f"[data-jp-theme-name='JupyterLab {theme}']").wait_for(state="attached")
    shoot(page, f"score-{theme.lower()}")
    contrasts = page.locator(".jp-OutputArea-output *").evaluate_all(CONTRASTS)
    assert {"✔", "△", "✘", "提示"} <= {text for text, _ in contrasts}
    assert not [(text, ratio) for text, ratio in contrasts if ratio < 4.5]
