"""Why a student's cell failed, in words for a beginner, and what that kept from being defined."""

from __future__ import annotations

import ast
import builtins
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from utils.checks.syntax import tree_of

from .restore import bound, without_magics
from .texts import one_line

SHOWN = 100  # characters of a line of code that are repeated
MOST = 4  # lines, or characters, that are told of a cell

# What an exception means, for somebody who meets it for the first time.
PLAIN_WORDS = {
    "NameError": "用到了還沒有定義的名稱：可能拼錯，或定義它的格子在後面、沒有一起執行。",
    "SyntaxError": "這一格不是合法的 Python：檢查括號、引號、冒號有沒有成對或漏掉。",
    "IndentationError": "縮排不一致：同一個區塊的每一行要對齊。",
    "TabError": "縮排混用了定位字元 (Tab) 和空格：整格都改用空格。",
    "ModuleNotFoundError": "批改環境沒有這個套件：作業只需要課程安裝的套件。",
    "ImportError": "匯入失敗：檢查名稱，以及這個版本的套件裡還有沒有它。",
    "AttributeError": "這個物件沒有這個屬性：檢查拼字，以及它是不是你以為的物件。",
    "TypeError": "引數的個數或型別不對：對照函式的說明。",
    "ValueError": "引數的型別對、但值不行：最後一行說明了原因。",
    "KeyError": "字典裡沒有這個鍵。",
    "IndexError": "索引超出範圍。",
    "FileNotFoundError": "批改時沒有你電腦裡的檔案：答案不能依賴自己的路徑。",
    "NotImplementedError": "這裡還是空格，等著你完成。",
    "KeyboardInterrupt": "這一格執行太久，被中止了：可能是無窮迴圈，或訓練太久。",
    "MemoryError": "記憶體不足：檢查輸入的大小與層的寬度。",
    "RecursionError": "函式不斷呼叫自己：少了結束的條件。",
    "OutputLimit": "印出的內容太多，這一格被中止了：可能在迴圈裡不停地印。",
    "SystemExit": "程式呼叫了 exit()：請拿掉它。",
}
OTHER_EXCEPTION = "這一格執行時發生例外，最後一行說明了原因。"

# Characters that look like Python's and are none: what they are, and what to write. Of those that
# Unicode itself calls a form of another, like the full-width ones, none is needed.
LOOKALIKES = {
    **dict.fromkeys("“”„‟〝〞「」『』", ("不是程式用的引號", '"')),
    **dict.fromkeys("‘’‚‛′", ("不是程式用的引號", "'")),
    **dict.fromkeys("−–—―‐‑", ("不是程式用的減號", "-")),
    **dict.fromkeys("。．", ("不是程式用的點", ".")),
    **dict.fromkeys("、", ("不是程式用的逗號", ",")),
    **dict.fromkeys("【〔〖", ("不是程式用的括號", "[")),
    **dict.fromkeys("】〕〗", ("不是程式用的括號", "]")),
    **dict.fromkeys("×✕", ("不是程式用的乘號", "*")),
    "÷": ("不是程式用的除號", "/"),
}
QUOTES = {character for character, (_, plain) in LOOKALIKES.items() if plain in "\"'"}
TEXTS = re.compile(
    r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*'
)
CONFLICT = re.compile(r"(<{7}|\|{7}|={7}|>{7})( .*)?")

# Modules that are not here any more, or never were: what to do. The first that fits.
REMOVED = (
    (r"google\.colab", "`{module}` 只有 Colab 裡才有，作業用不到它：刪掉這一行，和用到它的地方"),
    (
        r"(tensorflow\.)?(python\.)?keras\.(layers|utils)\.\w+",
        "現在的 Keras 沒有 `{module}`：名稱改從 `{parent}` 匯入",
    ),
    (
        r"(tensorflow\.)?(python\.)?keras\b.*",
        "現在的 Keras 沒有 `{module}`：查一查它的名稱搬到哪裡了（多半是 `keras.layers`）",
    ),
    (r"tensorflow\..*", "TensorFlow 2 沒有 `{module}`：多半可以改用 `keras` 裡的"),
    (r".*", "這裡沒有套件 `{module}`：作業只需要課程安裝的套件"),
)


def plain_words(name: str) -> str:
    """What an exception means, whatever else is known of it."""
    return PLAIN_WORDS.get(name, OTHER_EXCEPTION)


def explain(name: str, message: str, source: str, line: int | None) -> str:
    """What is wrong in a cell, as far as its source and the exception tell; "" if they do not."""
    if found := re.search(r"No module named '([\w.]+)'", message):
        return _at_line(source, line) + _removed(found[1])
    if not issubclass(getattr(builtins, name, Exception), SyntaxError):
        return ""
    if markers := list(filter(_is_marker, enumerate(source.split("\n"), start=1))):
        lines = "、".join(str(number) for number, _ in markers[:MOST])
        return (
            f"第 {lines} 行是 Git 合併衝突的標記（`{markers[0][1][:SHOWN]}`）："
            "留下要的那一段，刪掉另一段和這些標記"
        )
    if odd := _odd_characters(message, source, line):
        return "；".join(_told(*each) for each in list(odd.items())[:MOST])
    if "call to 'print'" in message:
        return f"{_at_line(source, line)}這是 Python 2 的寫法，現在要寫 `print(...)`"
    indents = re.findall(r"^[ \t]+(?=\S)", source, re.MULTILINE)
    if len(set("".join(indents))) > 1:
        return f"{_at_line(source, line)}縮排混用了定位字元 (Tab) 和空格：整格都改用空格"
    return ""


def tell(name: str, message: str, source: str, line: int | None) -> str:
    """An exception in one sentence: what is wrong, else where it was and what it says."""
    said = re.sub(r" \((?:\d+\.py|<[^>]*>), line \d+\)$", "", message.strip())
    said = said.partition("\n")[0][:SHOWN].replace("`", "'")
    return explain(name, message, source, line) or f"{_at_line(source, line)}{name}: {said}"


class _Statement(NamedTuple):
    """A statement of a cell: its first and last line, and the names that it binds."""

    first: int
    last: int
    names: frozenset[str]


def rest(source: str, line: int) -> str:
    """What stands below the statement at `line` of a cell, at its own lines; "" if nothing does."""
    here, below = _split(source, line)
    if not below:
        return ""
    last = max(each.last for each in here)
    return "\n".join(["#"] * last + source.split("\n")[last:])


def below(source: str, line: int) -> set[str]:
    """The names that a cell binds below the statement at `line`."""
    return set().union(*(each.names for each in _split(source, line)[1]))


def lost(source: str, line: int | None) -> set[str]:
    """The names that a cell would have bound, had it not failed at `line`."""
    statements = _statements(source)
    if statements is None:
        return _would_bind(source)
    here = _split(source, line)[0] if line else statements
    return set().union(*(each.names for each in here))


def _split(source: str, line: int) -> tuple[list[_Statement], list[_Statement]]:
    """The statements at a line (there may be several, with `;` between) and those below them."""
    statements = _statements(source) or ()
    here = [each for each in statements if each.first <= line <= each.last]
    last = max((each.last for each in here), default=len(source))
    return here, [each for each in statements if each.first > last]


@lru_cache(maxsize=32)  # a cell may fail at each of its lines
def _statements(source: str) -> tuple[_Statement, ...] | None:
    """The statements of a cell; None where it is no Python, and nothing of it can run."""
    if not (tree := tree_of(without_magics(source))):
        return None
    try:
        compile(tree, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tuple(
        _Statement(
            min(each.lineno for each in (node, *getattr(node, "decorator_list", ()))),
            node.end_lineno or node.lineno,
            frozenset(bound(node)),
        )
        for node in tree.body
    )


def _would_bind(source: str) -> set[str]:
    """What a cell that is no Python seems to define, import or assign."""
    defined = r"^[^\w\n]*(?:def|class)[^\w\n]+(\w+)|^(\w+)[^\w\n]*[=＝]"
    found = re.findall(defined, source, re.MULTILINE)
    names = {name for pair in found for name in pair if name}
    for imported in re.findall(r"^(?:from\s.*\s)?import\s(.*)", source, re.MULTILINE):
        names.update(re.findall(r"\w+", imported))
    return names


def _removed(module: str) -> str:
    advice = next(advice for pattern, advice in REMOVED if re.fullmatch(pattern, module))
    return advice.format(module=module, parent=module.rpartition(".")[0])


def _is_marker(numbered: tuple[int, str]) -> bool:
    return CONFLICT.fullmatch(numbered[1]) is not None


def _at_line(source: str, line: int | None) -> str:
    """The line of a cell and what stands there, before what is said of it."""
    lines = source.split("\n")
    if not line or line > len(lines):
        return ""
    text = one_line(lines[line - 1])[:SHOWN].replace("`", "'")
    return f"第 {line} 行 `{text}`，" if text else f"第 {line} 行，"


def _odd_characters(message: str, source: str, line: int | None) -> dict[str, set[int]]:
    """The characters that stopped Python, which look like its own and are none; and their lines."""
    lines = enumerate(source.split("\n"), start=1)
    found: dict[str, set[int]] = {}
    if "unterminated string" in message:  # one of its quotes may be of another kind
        quotes = {character for number, text in lines if number == line for character in text}
        return {character: {line or 0} for character in sorted(quotes & QUOTES)}
    if named := re.search(r"invalid (?:non-printable )?character .*?U\+([0-9A-F]+)", message):
        found[chr(int(named[1], 16))] = {line} if line else set()
        code = TEXTS.sub(lambda text: "\n" * text[0].count("\n"), source)
        for number, text in enumerate(code.split("\n"), start=1):
            for character in filter(_kind, text):
                found.setdefault(character, set()).add(number)
    return found


def _kind(character: str) -> tuple[str, str] | None:
    """What an odd character is, and what to write instead; None for one that is not odd."""
    if character.isascii():
        return None
    if character in LOOKALIKES:
        return LOOKALIKES[character]
    if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp"):
        return "是看不見的字元", ""
    plain = unicodedata.normalize("NFKC", character)
    if plain == " ":
        return "不是一般的空格", " "
    if len(plain) == 1 and plain.isascii() and not character.isidentifier():
        return "是全形字元", plain
    return None


def _told(character: str, lines: set[int]) -> str:
    """What an odd character is called, where it stands, and what to write."""
    kind, instead = _kind(character) or ("不是 Python 的字元", "")
    name = f"{unicodedata.name(character, '')} U+{ord(character):04X}".strip()
    where = "、".join(map(str, sorted(lines)[:MOST])) + " 等" * (len(lines) > MOST)
    shown = f" `{character}` " if character.isprintable() else "字元 "
    change = {"": "刪掉它", " ": "改成一般的空格"}.get(instead, f"改成 `{instead}`")
    return f"第 {where} 行的{shown}({name}) {kind}，要{change}"
