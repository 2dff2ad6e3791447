"""The pages in a browser: by keyboard and by pointer, and in words what each of them shows.

What JavaScript computes is held against NumPy and Keras.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
from browsing import IN_A_BROWSER, ROOT, WIDTHS, serious, shoot, watched
from playing import PAGES, plays

from ci.frame import frame
from ci.page import Place
from ci.page import page as book_page
from utils import datasets, explore

pytestmark = IN_A_BROWSER
NARROW = 360  # pixels: a small phone
THEMES = {"light": "", "dark": "background:#111;color:#eee"}


def document(body: str, theme: str = "light") -> str:
    """A plain page, as any viewer of notebooks makes it."""
    return (
        '<!doctype html><html lang="zh-Hant-TW"><head><meta charset="utf-8"><title>頁</title>'
        '<meta name="viewport" content="width=device-width"></head>'
        f'<body style="{THEMES[theme]}"><main><h1>頁</h1>{body}</main></body></html>'
    )


@pytest.fixture
def play(browser):
    """Shows a page; nothing may go wrong in it, nor be asked of a network."""
    opened = []

    def show(made: explore.Page, width: int = WIDTHS["desktop"], **options):
        page = browser.new_page(viewport={"width": width, "height": 900}, **options)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.partition(":")[0]))
        opened.append((page, watched(page), asked))
        page.set_content(document(made._repr_html_()))
        return page

    yield show
    for page, wrong, asked in opened:
        assert not wrong and set(asked) <= {"data"}
        page.close()


def words(page) -> str:
    return page.locator("#words").inner_text()


def stage(page):
    """The picture that is worked with by keyboard."""
    return page.get_by_role("application")


def slide(page, label: str, *keys: str) -> None:
    slider = page.get_by_role("slider", name=label, exact=True)
    slider.focus()
    for key in keys:
        page.keyboard.press(key)


def click(page, x: float, y: float) -> None:
    """Click into the picture, at a place in its units."""
    box = stage(page).bounding_box()
    scale = box["width"] / 480
    page.mouse.click(box["x"] + x * scale, box["y"] + y * scale)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("theme", THEMES)
def test_a_page_keeps_nobody_out_and_fits_a_phone(name, theme, tab):
    page = tab(NARROW)
    page.goto("about:blank")  # nothing of the page before
    page.set_content(document(PAGES[name]()._repr_html_(), theme))
    shoot(page, f"explore-{name}-{theme}", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    assert serious(page) == []
    assert page.get_by_role("img").or_(stage(page)).count() == 1  # the still one is gone


@pytest.mark.parametrize("name", PAGES)
def test_where_no_script_runs_the_still_picture_is_seen(name, tab):
    page = tab(NARROW, 500, java_script_enabled=False)
    page.set_content(document(PAGES[name]()._repr_html_()))
    (picture,) = page.get_by_role("img").all()
    shoot(page, f"explore-{name}-still")
    box = picture.bounding_box()
    assert picture.is_visible() and box["height"] > 100 and box["x"] + box["width"] <= NARROW
    assert page.get_by_text(explore.INSTEAD).is_visible()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_courses_own_book_shows_each_page_and_each_picture(scripts, browser):
    shown = book_page(plays(), Place("plays", ROOT, {}, trusted=True))
    page = browser.new_page(java_script_enabled=scripts)
    wrong = watched(page)
    page.set_content(frame(shown.title, shown.body, True, [("", "", shown)]))
    shoot(page, f"explore-book-{'scripts' if scripts else 'still'}", full_page=True)
    if scripts:
        told = page.locator("#words").all_inner_texts()
        assert len(told) == len(PAGES) and all(told)
    else:
        stills = page.locator(".output img:has(+ p)").all()
        assert len(stills) == len(PAGES) and all(each.is_visible() for each in stills)
    assert not wrong and not shown.told
    page.close()


def test_a_window_goes_over_the_picture_by_keys_and_by_clicks(play):
    image = np.random.default_rng(17).integers(0, 10, (8, 9))
    page = play(explore.convolution(image))
    edge = np.array([[-1, 0, 1]] * 3)
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    output = (windows * edge).sum(axis=(2, 3))

    def told(i: int, j: int, value: float, shape: str) -> None:
        number = f"{round(value, 2):g}".replace("-", "−")
        assert words(page).startswith(f"小窗在第 {i + 1} 列第 {j + 1} 行：")
        assert f"得 {number}。輸出 {shape}" in words(page)

    told(0, 0, output[0, 0], "6×7")
    stage(page).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    told(1, 1, output[1, 1], "6×7")
    for key in ("ArrowUp", "ArrowUp", *["ArrowRight"] * 9, "Space"):
        page.keyboard.press(key)
    told(1, 0, output[1, 0], "6×7")
    page.keyboard.press("End")
    told(5, 6, output[5, 6], "6×7")
    assert "已填 42／42 格" in words(page)
    page.get_by_role("button", name="重來").click()
    assert "已填 1／42 格" in words(page)
    click(page, 250 + 3.5 * 31.7, 32 + 2.5 * 31.7)  # a cell of the output
    told(2, 3, output[2, 3], "6×7")
    slide(page, "步長", "End")
    slide(page, "填充", "End")
    padded = np.pad(image, 1)
    strided = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))[::2, ::2]
    told(0, 0, (strided[0, 0] * edge).sum(), "4×5")
    click(page, 8 + 2.5 * 214 / 10, 32 + 2.5 * 214 / 10)  # a pixel of the input
    told(1, 1, (strided[1, 1] * edge).sum(), "4×5")


def test_the_readers_own_kernel_is_typed_in(play):
    image = np.arange(36).reshape(6, 6)
    page = play(explore.convolution(image, own=np.eye(3, dtype=int)))
    assert f"得 {0 + 7 + 14}。" in words(page)
    cell = page.get_by_role("spinbutton", name="第 1 列第 3 行")
    cell.fill("-2.5")
    assert f"得 {0 + 7 + 14 - 5}。" in words(page)
    blur = page.get_by_role("combobox", name="卷積核")
    blur.select_option("模糊 blur 5×5")
    assert not cell.is_visible()
    assert f"25 個乘積相加再 ÷ 25，得 {image[:5, :5].mean():g}。輸出 2×2" in words(page)


SLOPES = {
    "sigmoid": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "ReLU": lambda z: float(z > 0),
    "Leaky ReLU": lambda z: 1.0 if z > 0 else 0.1,
    "ELU": lambda z: min(1.0, np.exp(z)),
}


def number(shown: str) -> float:
    return float(shown.replace("−", "-"))


@pytest.mark.parametrize("function", SLOPES)
def test_what_is_left_of_a_gradient_is_the_power_of_weight_and_slope(function, play):
    page = play(explore.chain(function, w=1.5, depth=12))
    slide(page, "z", *["ArrowRight"] * 3)
    slide(page, "層數", "ArrowRight")
    factor = 1.5 * SLOPES[function](1.5)
    told = re.search(r"= (\S+)；13 層之後剩 (\S+)：(\S+)", words(page))
    assert number(told[1]) == pytest.approx(factor, rel=5e-3)
    assert number(told[2]) == pytest.approx(factor**13, rel=6e-2)
    assert told[3] == ("消失" if factor < 0.5 else "爆炸")


def test_a_chain_vanishes_explodes_or_is_just_right(play):
    page = play(explore.chain("sigmoid", w=4.0, depth=20))
    assert words(page).endswith("20 層之後剩 1：剛好")
    slide(page, "權重 w", "ArrowLeft")
    assert words(page).endswith("：消失")
    slide(page, "權重 w", "End")
    assert words(page).endswith("20 層之後剩 1.0e6：爆炸")  # (8 / 4)²⁰
    page.get_by_role("combobox", name="活化函數").select_option("ReLU")
    slide(page, "z", "Home")
    assert "剛好是 0：這個單元死了" in words(page)


def test_a_deep_unit_sees_what_the_layers_below_let_through(play):
    page = play(explore.field(datasets.photo("coffee")), has_touch=True)
    assert words(page).startswith("6 層 3×3：看得到 13×13，權重 54C²（一層 13×13 要 169C²）")
    paths = np.ones(1, int)
    for _ in range(6):
        paths = np.convolve(paths, np.ones(3, int))
    assert f"最多的像素有 {paths.max() ** 2:,} 條路" in words(page)
    page.get_by_role("combobox", name="池化").select_option("每兩層一次 2×2")
    field, jump = 1, 1
    for _ in range(3):
        field, jump = field + 2 * 2 * jump + jump, 2 * jump
    assert f"看得到 {field}×{field}，權重 54C²；" in words(page)
    slide(page, "卷積核", "Home")
    assert "看得到 8×8，權重 6C²" in words(page)  # pools alone let 1×1 see more than a pixel
    depth = page.get_by_role("slider", name="疊幾層")
    depth.tap(position={"x": depth.bounding_box()["width"] - 2, "y": 9})
    slide(page, "卷積核", "End")
    assert "還大），權重 637C²" in words(page)
    assert page.locator("svg image").count() == 1


def test_a_network_is_gone_through_box_by_box(play):
    page = play(PAGES["architecture"]())
    assert words(page).startswith("1／6 image（InputLayer）：輸出 32×32×3")
    stage(page).focus()
    page.keyboard.press("ArrowRight")
    assert words(page).startswith("2／6 conv（Conv2D 3×3）：輸出 32×32×16；參數 448（3.7%）")
    assert "MACs 442 k（57%）；感受野 3；後面跟著 ReLU" in words(page)
    page.keyboard.press("End")
    assert words(page).startswith("6／6 classes（Dense）：輸出 10")
    page.get_by_role("button", name="← 上一層").click()
    assert "MACs 數不到" in words(page)
    box = stage(page).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 3.5 / 6, box["y"] + 30)
    assert words(page).startswith("4／6 join（3 層的區塊）：輸出 16×16×16")


def penalties(page) -> list[float]:
    """The ten penalties as the bars tell them."""
    shown = page.locator("svg text").all_text_contents()
    return [number(text.lstrip("◀ ")) for text in shown if re.fullmatch(r"(◀ )?\d+\.\d\d", text)][
        :10
    ]


def test_the_browser_computes_what_keras_does(play):
    from utils.zoo import lenet

    samples = datasets.mnist_digits(size=32).x_test[:10]
    levels = np.rint(15 * samples) / 15  # as the page holds them
    expected = np.asarray(lenet.trained("lenet5")(lenet.scale(levels)))
    page = play(explore.digit())
    for digit, each in enumerate(expected):
        page.get_by_role("button", name=f"{digit}", exact=True).click()
        np.testing.assert_allclose(penalties(page), each, atol=1e-2, rtol=1e-4)
        assert words(page).startswith(f"{each.argmin()} 的懲罰最小：")
        verdict = "都不像" if each.min() > 10 else f"{each.argmin()}"
        assert words(page).endswith(f"判定：{verdict}")


def test_a_digit_is_drawn_by_pointer_and_by_keyboard(play):
    page = play(explore.digit())
    page.get_by_role("button", name="清除").click()
    assert words(page).endswith("判定：都不像")
    empty = penalties(page)
    box = stage(page).bounding_box()
    scale = box["width"] / 480

    def at(row: float, column: float) -> tuple[float, float]:
        x, y = 8 + 200 * column / 32, 28 + 200 * row / 32
        return box["x"] + x * scale, box["y"] + y * scale

    page.mouse.move(*at(7, 16))
    page.mouse.down()
    page.mouse.move(*at(25, 15), steps=5)
    page.mouse.up()
    assert words(page).startswith("1 的懲罰最小") and penalties(page) != empty
    drawn = penalties(page)
    page.mouse.move(*at(20, 25))  # no button is held: nothing is drawn
    assert penalties(page) == drawn

    page.keyboard.press("Delete")  # the picture has the focus since it was clicked
    assert penalties(page) == empty
    page.keyboard.press("3")
    assert words(page).startswith("3 的懲罰最小")
    page.keyboard.press("Backspace")
    for _ in range(32):
        page.keyboard.press("ArrowUp")
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    assert "筆提起，在第 7 列" in words(page) and penalties(page) == empty
    page.keyboard.press("Space")
    for _ in range(18):
        page.keyboard.press("ArrowDown")
    assert words(page).startswith("筆放下，在第 25 列") and "1 的懲罰最小" in words(page)


def test_a_finger_draws_and_does_not_move_the_page(play):
    page = play(explore.digit(), width=NARROW, has_touch=True)
    page.get_by_role("button", name="清除").tap()
    stage(page).scroll_into_view_if_needed()
    box, before = stage(page).bounding_box(), page.evaluate("scrollY")
    scale, touches = box["width"] / 480, page.context.new_cdp_session(page)
    x = box["x"] + 108 * scale
    for kind, row in (("touchStart", 7), *(("touchMove", row) for row in range(8, 26))):
        y = box["y"] + (28 + 200 * row / 32) * scale
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touches.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert words(page).startswith("1 的懲罰最小") and page.evaluate("scrollY") == before


def test_nothing_is_like_a_digit_once_j_is_small_enough(play):
    page = play(explore.digit())
    slide(page, "都不像的 j", "Home")
    assert words(page).endswith("判定：都不像")
    slide(page, "都不像的 j", "End")
    assert words(page).endswith("判定：3")
