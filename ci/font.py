"""Makes the font of the figures: what the lessons may write, of an open font for Chinese.

`python -m ci.font` needs Noto Sans CJK (Debian's fonts-noto-cjk), as the browser's tests do. The
font that it writes has a name of its own, as the Open Font License asks of a changed one.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ci import ROOT, tracked
from utils import fonts

NOTO = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
TAIWAN = "Noto Sans CJK TC"  # which of the collection's fonts: the shapes that Taiwan writes
COMMAND = "python -m ci.font"
# Where Chinese is written that may come to stand in a figure.
SOURCES = ("lessons/**/*.md", "utils/**/*.py")
CHINESE = re.compile(r"[⺀-〿㇀-㇣㐀-鿿豈-﫿︰-﹏！-￮]")
# Frequent in Taiwan, and not in level 1 of JIS X 0208: of translated programs and of this course.
OTHER_SHAPES = (
    "丟乘亂亞仍份仿估佇佈佔你佩來們值假做偷傳價內兩冰划刪剩剪勒匈匣匯區卡卷卻厲參另吵呢咖咬哈"
    "哥哪啟啡喀單嗎嚴圈國圍圓圖團圾址坎坡垃埃堡墊增壓壞夠夥夾奧姆學它實寫寬將專對屬岔嵌巢已帕"
    "帶幫廢廣彈彎彙很徑從徵德怎怕恆您惠惡愷慘憑懂應懶懷截戰戳戶扣扭找抓拆拉拋拖拜拼拿挪掉揀插"
    "搜撐擇擊擋擔據擠擲擴擷擺攜攤收效敘數斂斷旁晚曆曉曼會查框桌條棵榜樣橫檔檢檻權歐歡步歧歷歸"
    "殘毀每毫氣沒涉淆淨淺游滿潦澳濟濾瀏炸爍爬爭犧狀猜獨獻玻瑟瑪產甸畫當疊發盒盡盧眾睛砍碟碰碳"
    "碼礙祕稍稱窗站篩簽籤絕綁經綠緣縱總繞繪繳繼續缺罩翔聚聲聽胚脫腦腳臉臘臺與舉舊芬茲菲萊萬蒂"
    "藉藏處虛號螢蟲裝覺覽觀觸詢說證譯讀變讓貓賴賽贏跑跟蹤輕轉辦辨迪迴逾遞遲邊邏邢鄰釋鈕鉤銳銷"
    "錄錢鏈鑰閒閘閩閱關阱陌陡陷隨隱隸雙雜霍靜靠頸顆顏顯飄餘餵騙驅驗骰體鬆麥麼黎黑點齊"
)

KEPT_NAMES = (0, 5, 7, 13, 14)  # copyright, version, trademark, licence and its address


def written(root: Path = ROOT) -> set[str]:
    """The Chinese characters that the sources hold."""
    texts = (path.read_text("utf-8") for path in tracked(*SOURCES, root=root))
    return {character for text in texts for character in CHINESE.findall(text)}


def reserve() -> set[str]:
    """Characters that labels of tomorrow are likely to need: frequent in Taiwan.

    Level 1 of Big5 has 5,401 of them by strokes, too many for a small file; that of JIS X 0208 has
    Japan's 2,965. What is in both is frequent; so is what Japan writes in other shapes.
    """
    taiwan = _level("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)])
    japan = _level("euc_jp", range(0xB0, 0xD0), range(0xA1, 0xFF))
    return taiwan & japan | set(OTHER_SHAPES)


def _level(encoding: str, first: Iterable[int], second: Sequence[int]) -> set[str]:
    pairs = (bytes((one, two)) for one in first for two in second)
    return set("".join(pair.decode(encoding, errors="ignore") for pair in pairs))


def make(characters: Iterable[str], target: Path, source: Path = NOTO) -> None:
    """Write a font of `characters` to `target`: their shapes alone, under the course's own name."""
    from fontTools import subset
    from fontTools.ttLib import TTCollection

    collection = TTCollection(source, lazy=True).fonts
    chosen = next(each for each in collection if each["name"].getDebugName(4) == TAIWAN)
    # Lines of text that are drawn straight on: no hints, no ligatures, nothing vertical.
    options = subset.Options(hinting=False, layout_features=[], name_IDs=KEPT_NAMES)
    options.drop_tables += ["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(characters)))
    subsetter.subset(chosen)
    postscript = fonts.FILE.stem
    for number, name in {1: fonts.FAMILY, 2: "Regular", 4: fonts.FAMILY, 6: postscript}.items():
        chosen["name"].setName(name, number, 3, 1, 0x409)
    outlines = chosen["CFF "].cff
    outlines.fontNames = [postscript]
    outlines.topDictIndex[0].FullName = outlines.topDictIndex[0].FamilyName = fonts.FAMILY
    chosen["head"].modified = chosen["head"].created  # making it twice makes the same
    chosen.recalcTimestamp = False
    chosen.save(target)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the font anew."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--source", type=Path, default=NOTO, help="NotoSansCJK-Regular.ttc")
    source = parser.parse_args(arguments).source
    if not source.is_file():
        parser.exit(2, f"{source} does not exist: sudo apt-get install fonts-noto-cjk\n")
    characters = written() | reserve()
    make(characters, fonts.FILE, source)
    size = fonts.FILE.stat().st_size
    print(f"{fonts.FILE.name}: {len(characters)} characters, {size:,} bytes")


if __name__ == "__main__":
    main()
