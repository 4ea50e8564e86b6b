"""Code reaches Slack to the letter; what only some readers take for code is looked at as text."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from bot.markdown.code_spans import code_in
from bot.markdown.leaves import START, Kind, read, read_all
from bot.markdown.links.links import JOINER
from bot.markdown.safety import SafeGrowth, make_safe
from tests.markdown.commonmark import code, languages, pings
from tests.markdown.disguises import hides, scraps

HOSTILE = (
    "@channel = @connection.create_channel",
    '@Inject @Channel("orders") Emitter<String> emitter;',
    "[![build](https://img.example/badge/v/foo)](https://host.example/package/foo)",
    "[bank.example](https://evil.example)",
    """curl -d '{"text": "<https://example.com|Example>"}'""",
    "tool <mode:fast|slow>",
    "<!channel> <!here> <@U012AB3CD> <!subteam^S012AB3CD> @here @everyone",
    "print q(@here); &lt;!here&gt;",
    "[bank.example]: https://evil.example",
)
ROUND = (
    "```\n{}\n```",
    "```ruby\n{}\nputs 1\n```\n",
    "~~~\n{}\n```\n~~~",
    "````md\n```\n{}\n```\n````",
    "Run `{}` now",
    "Run `` {} `` now",
    "text\n```\n{}\n```\ntext",
    "- item\n  ```\n  {}\n  ```\n- item",
    "1. item\n\n   ```sh\n   {}\n   ```\n\n2. item",
    "> ```\n> {}\n> ```",
    "> - a\n>   ```\n>   {}\n>   ```",
    "- a\n  - b\n    ```\n    {}\n    ```",
    "# `{}`",
    "**`{}`** and *`{}`*",
    "[`{}`](https://docs.example)",
    "```\n{}",
    "```\n\n\n{}\n\n    {}\n```",
)


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("around", ROUND)
def test_code_stays_as_it_is(around: str, hostile: str) -> None:
    text = around.replace("{}", hostile)
    names_a_place = "docs.example" in text and "example" in hostile

    shown = make_safe(text)

    assert code(shown) == code(text) != []
    assert shown == text or names_a_place


def test_what_pings_above_it_makes_no_html_of_code() -> None:
    text = "<!channel> look:\n```\n<!here> @here\n```"

    assert make_safe(text) == text.replace("<!channel>", f"<{JOINER}!channel>")


def test_a_cell_of_a_table_holds_code() -> None:
    text = "| a | b |\n|---|---|\n| `@here` | `<https://example.com>` |\n"

    assert make_safe(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "\\`@here`",
        "`a\n\n@here`",
        "``@here`",
        "    ```\n@here\n    ```",
        "```\ncode\n```\n@here",
        "> ```\n@here",
        "- ```\n@here",
        "- ```\n  code\n  ```\n@here",
        "-\n\n     ```\n@here",
        "| a | b |\n|--|--|\n| `a | @here` |",
        "| a | b |\n|--|--|\n| ` | `@here` |",
        "    a `b\n    c` @here `d`",
        "a `b\n# c\n@here `d`",
        "<a@b`c> @here `",
        "<!-- ` --> @here `",
        '<a href="`"> @here `',
        "[a](<b`c>) @here `",
        '[a](b "`") @here `',
        "[a`]: b\n@here `",
        "<pre>\n```\n</pre>\n\n@here",
        "<r`@here\n<div\n`",
        "<x:y>``` a\n@here\n<!-- ```",
        "a <!--`@here-->`",
        "a <!--`@here`-->",
        "a <? `@here` ?>",
        "<!-- <? ?> `@here` -->",
        ">v\n<div\na\n>\nb\n```\n\n@here",
        "<div>\n```\n</div>\n\n@here",
        "x ``` a|b\n@here",
        "``` a|b\n|--|--|\n@here",
        "14. a\n    ```\n   @here",
        "a\n    ```\n@here",
        "|a\n--\n`b\n@here`",
        "> a|\n> ---\n> `b @here\n> c`",
        "- a\\|b\n  --\n  `c\n  @here`",
        "![a `<!channel>` b](https://ok.example)",
        "<!---->`\n@here` ",
        "<!-- a -->`\n@here`",
        "<??>`\n@here`",
        "<!A>`\n@here`",
        "<pre></pre>`\n@here`",
        "<script>a\n</script>`\n@here`",
        "`a` ![b [`<!channel>`] c][1]\n\n[1]: https://ok.example",
        "|a\n--\nb\n==\n`c\n@here`",
    ],
)
def test_what_is_no_code_to_some_reader_is_made_safe(text: str) -> None:
    assert JOINER in make_safe(text)
    assert not pings(make_safe(text))


@pytest.mark.parametrize(
    "text",
    [
        "a\n--\n`b\n@here`",
        "|a\n==\n`b\n@here`",
        "a|b\n--\n`c\n@here`",
        "|a\n--\n`@here`\nb",
        "|a\n--\n\n`b\n@here`",
        "|a\n--\n# b\n`c\n@here`",
        "![a](https://ok.example) `<!channel>`",
        "`<!channel>` ![a](https://ok.example)",
        "`b\n@here`\n<pre>",
        "`vec![1]` [a] `<!channel>` [b]",
    ],
)
def test_code_below_a_heading_that_is_no_table_above_it_stays(text: str) -> None:
    assert make_safe(text) == text


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_no_reader_sees_a_ping_outside_of_code(seed: int) -> None:
    chance = random.Random(seed)
    live = 0
    for _ in range(500):
        text = scraps(chance, "@here", "<!channel>", " @here ", "&lt;!here&gt;")
        live += bool(pings(text))
        assert not pings(make_safe(text)), text
    assert live > 100


@pytest.mark.parametrize("seed", range(4))
def test_code_in_the_midst_of_whole_texts_stays_as_it_is(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        parts = [
            chance.choice(ROUND[:-2]).replace("{}", chance.choice(HOSTILE))
            for _ in range(chance.randint(1, 12))
        ]
        text = "\n\n".join(parts)
        growth = SafeGrowth()
        for end in range(0, len(text), 97):
            assert growth.safe(text[:end]) == make_safe(text[:end])
        assert code(make_safe(text)) == code(text)
        assert not hides(make_safe(text))


@pytest.mark.parametrize("seed", range(6))
def test_what_is_certainly_code_is_code_to_every_reader_of_text(seed: int) -> None:
    """Or shown by none: behind `~~~` may stand ticks, which name the language of what is below."""
    chance = random.Random(seed)
    certain = 0
    for _ in range(500):
        text = scraps(chance)
        for found in _certain_code(text):
            certain += 1
            for reader in ("text", "tables"):
                shown = [*code(text, reader), *languages(text, reader)]
                assert any(found in each for each in shown), (text, found)
    assert certain > 100


def _certain_code(text: str) -> Iterator[str]:
    leaf, place, sure = "", START, True
    for line in text.splitlines(keepends=True):
        kind, place = read(place, line)
        if kind is not Kind.MORE:
            yield from _spans(leaf) if sure else ()
            leaf = ""
            sure = kind is not Kind.DEEP
        if kind is Kind.CODE:
            yield line.strip(" \t\r\n>")
        else:
            leaf += line
    yield from _spans(leaf) if sure else ()


def _spans(leaf: str) -> Iterator[str]:
    for begin, end in code_in(leaf).certain:
        if "\n" not in leaf[begin:end]:
            yield leaf[begin:end].strip("`").strip()


LINES = (
    *(
        "a\n",
        "\n",
        "b ``` c\n",
        "```\n",
        "```py\n",
        "``` \n",
        " ```\n",
        "````\n",
        "    x\n",
        "- a\n",
    ),
    *(
        "> a\n",
        "~~~\n",
        "---\n",
        "===\n",
        "<b>\n",
        "<!--\n",
        "\r\n",
        "|a|\n",
        "```a|b\n",
        "\u2028a\n",
        "1. x\n",
    ),
)


def test_what_is_open_behind_a_text_is_what_its_lines_leave_open() -> None:
    for seed in range(4_000):
        lines = random.Random(seed).choices(LINES, k=seed % 9)
        place = START
        for line in lines:
            _, place = read(place, line)
        assert read_all(START, "".join(lines)) == place
