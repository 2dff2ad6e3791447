"""A `Score` as HTML: inline styles only, readable in light and dark, never by colour alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, TypeAlias

# Of score.py, which shows itself by what is here.
Score: TypeAlias = Any
Part: TypeAlias = Any
Diagnosis: TypeAlias = Any

GREEN, AMBER, RED = "#2f9e5f", "#c98a1b", "#d2513e"
# A colour as text: with the page's own mixed in, it contrasts with a white and with a black page.
INK = "color:color-mix(in srgb,{} 70%,currentColor)"

# Half-transparent greys and the page's own text colour fit a white and a black page alike.
BOX = (
    "max-width:52em;margin:.4em 0;padding:.9em 1.1em 1em;border:1px solid rgba(128,128,128,.35);"
    "border-radius:10px;font-size:14px;line-height:1.65;color:inherit;"
    "font-family:system-ui,'Noto Sans TC','Noto Sans CJK TC','PingFang TC','Microsoft JhengHei',"
    "sans-serif"
)
HEAD = "display:flex;justify-content:space-between;align-items:baseline;gap:1em"
BAR = "display:flex;gap:3px;height:8px;margin:.5em 0 .7em"
TRACK = "background:rgba(128,128,128,.25);border-radius:3px;overflow:hidden"
PARTS = "display:flex;flex-wrap:wrap;gap:.25em 1.2em"
CARD = (
    "margin-top:.7em;padding:.45em .8em;background:rgba(128,128,128,.09);border-radius:0 6px 6px 0"
)
TAG = "font-size:12px;padding:0 .5em;border:1px solid rgba(128,128,128,.5);border-radius:8px"
FAINT = "opacity:.72"


def score_html(score: Score) -> str:
    """The whole card: title, points, a bar with one segment a part, the parts, the mistakes."""
    has_parts = len(score.parts) > 1 and (score.finished or score.points)
    return "".join(
        [
            f'<div style="{BOX}">',
            _heading(score),
            _bar(score.parts) + _parts(score) if has_parts else "",
            *(_card(diagnosis, score) for diagnosis in score.diagnoses),
            _also(score) if has_parts and score.diagnoses else "",
            f'<div style="margin-top:.7em">{prose(score.note)}</div>' if score.note else "",
            "</div>",
        ]
    )


def _heading(score: Score) -> str:
    total = f"<b>{score.points:g}</b> / {score.max_points:g}"
    if not score.finished:
        state = "… 尚未完成" + (f"，{total}" if score.points else "")
    elif len(score.parts) == 1:
        mark, colour = _state(score.parts[0])
        state = (
            f'<b style="{INK.format(colour)}">{mark}</b> {"答對了" if score.points else "再想想"}'
        )
    else:
        state = total
    return (
        f'<div style="{HEAD}"><b style="font-size:16px">{escape(score.title)}</b>'
        f'<span style="font-size:16px;white-space:nowrap">{state}</span></div>'
    )


def _state(part: Part) -> tuple[str, str]:
    if part.points >= part.max_points:
        return "✔", GREEN
    return ("△", AMBER) if part.points else ("✘", RED)


def _bar(parts: Sequence[Part]) -> str:
    segments = [
        f'<div style="flex:{part.max_points:g} 0 0;{TRACK}">'
        f'<div style="height:100%;width:{part.points / part.max_points:.0%};'
        f'background:{_state(part)[1]}"></div></div>'
        for part in parts
    ]
    return f'<div aria-hidden="true" style="{BAR}">{"".join(segments)}</div>'


def _parts(score: Score) -> str:
    weighted = len({part.max_points for part in score.parts}) > 1
    diagnosed = {diagnosis.part for diagnosis in score.diagnoses}
    items = []
    for part in score.parts:
        mark, colour = _state(part)
        if not part.points and "" in diagnosed and part.name not in diagnosed:
            mark, colour = "–", "currentColor"  # a call failed before this could be judged
        points = f' <span style="{FAINT}">{part.points:g}/{part.max_points:g}</span>'
        items.append(
            f'<span style="white-space:nowrap"><b style="{INK.format(colour)}">{mark}</b> '
            f"{escape(part.title)}{points if weighted else ''}</span>"
        )
    return f'<div style="{PARTS}">{"".join(items)}</div>'


def _card(diagnosis: Diagnosis, score: Score) -> str:
    titles = {part.name: part.title for part in score.parts if len(score.parts) > 1}
    tag = titles.get(diagnosis.part)
    colour = RED if score.finished else AMBER
    return (
        f'<div style="{CARD};border-left:4px solid {colour}">'
        + (f'<span style="{TAG}">{escape(tag)}</span> ' if tag else "")
        + prose(diagnosis.message)
        + (_folded(diagnosis.hint) if diagnosis.hint else "")
        + "</div>"
    )


def _also(score: Score) -> str:
    """What the mistakes above cost besides the parts that they are told of."""
    if not score.also:
        return ""
    told = f"「{'」「'.join(score.also)}」也因為上面說的少了分。"
    return f'<div style="margin-top:.7em;{FAINT}">{prose(told)}</div>'


def _folded(hint: str) -> str:
    return (
        f'<details style="margin-top:.2em"><summary style="cursor:pointer;{FAINT}">提示</summary>'
        f"<div>{prose(hint)}</div></details>"
    )


def prose(text: str) -> str:
    """Escaped text in which `backquotes` mark code."""
    pieces = escape(text).split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    return "".join(
        f'<code style="background:none;color:inherit;padding:0">{piece}</code>'
        if odd % 2
        else piece
        for odd, piece in enumerate(pieces)
    )
