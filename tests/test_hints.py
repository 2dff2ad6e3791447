"""A student who is stuck opens one hint after another, and none of them is the answer."""

from __future__ import annotations

import re

import pytest

from ci import ROOT

LESSONS = ("Day018_vgg16", "challenge_vgg19", "challenge_resnet18")
HINT = re.compile(r"<details>\n<summary>.+?</summary>\n\n(.+?)\n\n</details>\n", re.DOTALL)
BLANK = re.compile(r'```\{code-cell\} ipython3\n:nbgrader: \{[^}]*"solution": true')
# What the homework's blanks want, as its table or the paper tells it.
WANTED = ("256", "512", "4096", "softmax")


def hints(lesson: str) -> list[list[str]]:
    """The hints above each blank: those in the text since the code cell before it."""
    source = (ROOT / f"lessons/{lesson}.md").read_text("utf-8")
    above = BLANK.split(source)[:-1]
    return [HINT.findall(text.rpartition("\n```\n")[2]) for text in above]


@pytest.mark.parametrize("lesson", LESSONS)
def test_each_blank_has_three_hints_that_the_student_opens(lesson):
    assert {len(above) for above in hints(lesson)} == {3}


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_hint_holds_a_line_of_the_answers(lesson):
    source = (ROOT / f"lessons/{lesson}.md").read_text("utf-8")
    answers = "".join(re.findall(r"### BEGIN SOLUTION\n(.+?)### END", source, re.DOTALL))
    lines = {line.strip() for line in answers.splitlines() if len(line.strip()) > 10}
    told = "\n".join(hint for above in hints(lesson) for hint in above)
    assert not [line for line in lines if line in told]


def test_no_hint_of_the_homework_holds_what_its_blanks_want():
    told = "\n".join(hint for above in hints("Day018_vgg16") for hint in above)
    assert not [word for word in WANTED if word in told]
