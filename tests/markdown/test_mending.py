"""What is plainly emphasis is so to a reader of CommonMark, in every edit and at the last."""

from __future__ import annotations

import random

import pytest

from bot.markdown.filling import Room
from bot.markdown.links.links import JOINER
from bot.markdown.markdown import Layout
from bot.markdown.mending import MOST_MENDED
from bot.markdown.safety import make_safe
from tests.markdown.commonmark import Mark, code, seen
from tests.markdown.undone import without_joiners

ROOM = Room(2_000, 40)
_STYLES = {"*": "em", "**": "strong", "***": "em strong", "~~": "s", "_": "em", "__": "strong"}
_INSIDE = (
    "重要（必読）：",
    "注意！",
    "「引用」",
    "サポート（※）",
    "100%",
    "C++",
    "서울(Seoul)",
    "중요:",
    "“重点”",
    "《书名》",
    "结论。",
    "第1.",
    "ข้อสำคัญ!",
    "`npm install`",
    "[リンク](https://example.com)",
    "⚠️ 注意：",
    "重要",
)
_AROUND = (
    "これは{}です",
    "{}次の手順",
    "次、{}、次",
    "은{}은",
    "请看{}这里",
    "คือ{}คือ",
    "（{}）",
    "次{}。",
)


def shown(markdown: str) -> list[Mark]:
    return [mark for mark in seen(markdown) if mark[0] != JOINER]


def styled(markdown: str, style: str) -> str:
    return "".join(char for char, what in shown(markdown) if set(style.split()) <= {*what.split()})


def growing(text: str) -> list[str]:
    layout = Layout(ROOM, ROOM)
    looks: list[str] = []
    for char in text:
        layout.feed(char)
        looks.append(make_safe(layout.tail(growing=True).markdown))
    return looks


def raw_marks(markdown: str) -> list[Mark]:
    return [(char, what) for char, what in shown(markdown) if char in "*_~" and "code" not in what]


@pytest.mark.parametrize("run", ["*", "**", "***", "~~"])
@pytest.mark.parametrize("inside", _INSIDE)
def test_what_touches_letters_is_emphasized_in_every_edit(run: str, inside: str) -> None:
    for number, around in enumerate(_AROUND):
        text = around.replace("{}", f"{run}{inside}{run}")
        plain = shown(inside)

        assert len(styled(make_safe(text), _STYLES[run])) == len(plain), text
        assert not raw_marks(make_safe(text))
        for look in growing(text) if number % 4 == len(inside) % 4 else ():
            assert not raw_marks(look), (text, look)


@pytest.mark.parametrize("run", ["_", "__"])
@pytest.mark.parametrize("inside", [each for each in _INSIDE if not each[-1].isalnum()])
def test_what_begins_a_line_with_underscores_is_emphasized(run: str, inside: str) -> None:
    text = f"{run}{inside}{run}次の手順"

    assert len(styled(make_safe(text), _STYLES[run])) == len(shown(inside))
    assert not any(raw_marks(look) for look in growing(text))


@pytest.mark.parametrize(
    ("text", "bold"),
    [
        ("**Note:**next", "Note:"),
        ("**“Yes”**he said", "“Yes”"),
        ('**"Yes"**he said', '"Yes"'),
        ("**重要：**次と**注意！**次", "重要：注意！"),
        ("**「A」**と**「B」**と**「C」**", "「A」「B」「C」"),
        ("**「A」**、**「B」**。", "「A」「B」"),
        ("**重要 ~~旧（注）~~新：**次", "重要旧（注）新："),
        ("~~**重要：**~~次", "重要："),
        ("**_重要_**です", "重要"),
        ("は**~~（旧）~~**で", "（旧）"),
        ("- **項目：**説明\n- **次：**説明", "項目：次："),
        ("> **引用：**説明", "引用："),
        ("# **題：**章", "題："),
        ("| **甲：**一 | `a` |\n|---|---|\n| は**「乙」**二 | **丙** |", "甲：「乙」丙"),
        ("`open **重要：**次", "重要："),
        ("**重要：**次 [x](https://example.com/**a：**b)", "重要："),
        ("__重要__です", "重要"),
    ],
)
def test_bold_is_bold(text: str, bold: str) -> None:
    assert styled(make_safe(text), "strong") == bold


@pytest.mark.parametrize(
    "text",
    [
        "__init__メソッド",
        "在庫__数量__単位",
        "2**(n-1)**x",
        "a**(b)**c",
        '**foo "**bar**" foo**',
        "**foo (**bar**)**",
        "*(*foo*)*",
        "**重要**（注）です",
        "これは**重要**です",
        "snake_case_name, *a*, **b** and ~~c~~.",
        "**a/**b",
        "**重要： 次",
        r"\**重要：\**次",
        "5 * 3：* 4",
        "`**重要：**次`",
        "は`**_重要_**`です",
        "```\n**重要：**次\n```",
        "https://example.com/**重要：**次",
        "<https://example.com/**a:**b>",
    ],
)
def test_what_is_honest_and_what_is_code_stays_as_it_is(text: str) -> None:
    assert make_safe(text) == text


@pytest.mark.parametrize("seed", range(4))
def test_emphasis_of_words_apart_stays_as_it_is(seed: int) -> None:
    chance = random.Random(seed)
    words = ("word", "次", "한국", "(so)", "「x」", "a_b", "1.5", "`**c：**d`", "x,")
    for _ in range(150):
        parts = []
        for _ in range(chance.randint(1, 9)):
            run = chance.choice(("", "*", "**", "***", "~~", "_", "__"))
            inside = " ".join(chance.choices(words, k=chance.randint(1, 3)))
            parts.append(f"{run}{inside}{run}")
        text = " ".join(parts)
        assert shown(make_safe(text)) == shown(text), text
        assert code(make_safe(text)) == code(text)


def test_what_was_mended_can_be_restored() -> None:
    text = "これは**「重要」**です。**注意！**次と~~旧（注）~~新"

    assert make_safe(text).count(JOINER) == 4
    assert without_joiners(make_safe(text)) == text


def test_so_much_is_mended_that_no_message_gets_too_long() -> None:
    assert make_safe("**は（）**は\n\n" * 2_000).count(JOINER) <= MOST_MENDED


def test_a_message_full_of_it_is_mended_to_its_end() -> None:
    text = "".join(f"- **項目{number}：**その説明がここに続きます。\n" for number in range(300))

    assert not raw_marks(make_safe(text))


def test_what_pings_is_found_in_what_is_mended() -> None:
    assert f"<{JOINER}!channel>" in make_safe("**（<!channel>）**次")
    assert f"@{JOINER}here" in make_safe("は**「@here」**次")
