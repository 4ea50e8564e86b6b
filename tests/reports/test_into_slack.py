"""What an answer looks like in Slack: pings, cuts, code, bold, tables, letters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.reply.chain import Chain
from bot.slack.blocks import Message, Question
from bot.slack_limits import MARKDOWN_CHARS, UPDATE_TEXT_BYTES
from sandbox.workspace.blocks.validate import check_message_blocks
from tests.markdown.commonmark import code, pings
from tests.reply.conftest import answer
from tests.reports.report import Report

QUESTION = Question("U012AB3CD", "Explain it")


def messages_of(text: str) -> list[Message]:
    """The messages of an answer, each as Slack takes it."""
    found = Chain(QUESTION, "job1").complete(answer(text))
    for message in found:
        check_message_blocks(list(message.blocks))
        assert len(message.text.encode()) <= UPDATE_TEXT_BYTES
    return found


def texts_of(text: str) -> list[str]:
    """The markdown of each message."""
    texts = [
        str(block["text"])
        for message in messages_of(text)
        for block in message.blocks
        if block["type"] == "markdown"
    ]
    assert all(len(each) <= MARKDOWN_CHARS for each in texts)
    return texts


def bold_in(markdown: str) -> Iterator[str]:
    """What a reader of CommonMark sees in bold."""
    depth, found = 0, ""
    for token in _inline(MarkdownIt().parse(markdown)):
        if token.type == "strong_open":
            depth, found = depth + 1, ""
        elif token.type == "strong_close":
            depth -= 1
            yield found
        elif depth:
            found += token.content


def _inline(tokens: Iterable[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _inline(token.children or ())


PINGS = (
    Report(
        "pings",
        "NousResearch/hermes-agent#26869",
        "a model writes Slack's own words for everybody, and everybody is notified",
        "Wake up <!everyone>, <!channel>, <!here> and <!subteam^S012AB3CD>!",
    ),
    Report(
        "pings",
        "NousResearch/hermes-agent#11339",
        "a model writes @everyone, and everybody is notified",
        "Hello @everyone and @here, says @channel. <@U012AB3CD>",
    ),
    Report(
        "pings",
        "discord/discord-api-docs#1189",
        "signs that nobody sees stand inside the word, and are taken out after the check",
        "Hello @\u202eeveryone, @every\u202eone and <\u200b!channel>",
    ),
    Report(
        "pings",
        "kangalio/rustbot#47",
        "what is quoted in code breaks out of it",
        'Your mode: `@everyone\\`\n```\nprintln!("")\n```\n```\n<!channel>\n`````\n<!here>\n',
    ),
    Report(
        "pings",
        "alexknowshtml/cord#13",
        "a quotation of what somebody wrote pings again",
        "> They wrote: @here, look\n\n1. `@here`\n2. <!here|here> &lt;!channel&gt;",
    ),
    Report(
        "pings",
        "BackroomsOrg/frontroomsbot#14",
        "a model is told to mention all",
        "**<!everyone>** _@everyone_ ~@channel~ [@here](https://example.com)",
    ),
)


@pytest.mark.parametrize("report", PINGS, ids=str)
def test_ping(report: Report) -> None:
    assert [ping for text in texts_of(report.given) for ping in pings(text)] == []


SQL = "\n".join(
    f"select col_{i}, sum(amount) as total_{i} from a_table_{i} group by 1" for i in range(400)
)
LOG = "\n".join(f"    at frame {i} ({'x' * 60}:{i})" for i in range(300))
TERRAFORM = "\n\n".join(
    f"Step {i}:\n\n```hcl\n" + "\n".join(f'  key_{j} = "v"' for j in range(260)) + "\n```"
    for i in range(3)
)
CUTS = (
    Report(
        "code that is cut",
        "getnao/nao#1536",
        "a long block is cut, and its middle shown as prose",
        f"Here is the query:\n\n```sql\n{SQL}\n```\n\nThat is the answer.",
        SQL,
    ),
    Report(
        "code that is cut",
        "ivy/thicket#95",
        "the second half of a log loses its indentation",
        f"The log:\n\n```\n{LOG}\n```\n",
        LOG,
    ),
    Report(
        "code that is cut",
        "onyx-dot-app/onyx#9296",
        "everything behind a cut is shown as code",
        "word " * 2_600 + f"\n\n```py\n{SQL[:6_000]}\n```\n\n" + "more " * 900,
        SQL[:6_000],
    ),
    Report(
        "code that is cut",
        "go-steer/switchboard#31",
        "of three blocks the one at the cut shows its fences",
        TERRAFORM * 2,
    ),
    Report(
        "code that is cut",
        "sonichi/sutando#1982",
        "text is cut at every so many bytes, in the middle of a fence",
        "intro\n\n" + f"~~~~text\n{SQL}\n~~~~\n" + "outro",
        SQL,
    ),
    Report(
        "code that is cut",
        "vellum-ai/vellum-assistant#25628",
        "one line that is longer than a message makes Slack refuse all",
        "```\n" + "x" * (3 * MARKDOWN_CHARS) + "\n```",
    ),
)


@pytest.mark.parametrize("report", CUTS, ids=str)
def test_cut(report: Report) -> None:
    texts = texts_of(report.given)
    blocks = [block for text in texts for block in code(text)]
    whole = "".join(code(report.given))

    assert len(texts) > 1
    assert all(text.count("```") % 2 == 0 for text in texts)
    assert "".join("".join(blocks).split()) == "".join(whole.split())
    if report.right:
        kept = [line for block in blocks for line in block.splitlines()]
        assert kept == report.right.splitlines()


LONG = (
    Report(
        "answers that are long",
        "seratch/ChatGPT-in-Slack#102",
        "more than 4,000 characters are refused",
        "A paragraph of some length, about rivers.\n\n" * 300,
    ),
    Report(
        "answers that are long",
        "getnao/nao#1323",
        "a message freezes at its limit, in the middle of a sentence",
        "One sentence after the other without any line. " * 700,
    ),
    Report(
        "answers that are long",
        "metabase/metabase#80105",
        "a long answer is refused, and nothing is said",
        "- item\n" * 3_000,
    ),
    Report(
        "answers that are long",
        "pymc-labs/daimon#106",
        "the short text for a notification is as long as the answer, and refused",
        "é" * 13_000,
    ),
)


@pytest.mark.parametrize("report", LONG, ids=str)
def test_long(report: Report) -> None:
    texts = texts_of(report.given)

    assert len(texts) > 1
    assert "".join(" ".join(texts).split()) == "".join(report.given.split())


BOLD = (
    Report(
        "bold",
        "chenhg5/cc-connect#667",
        "two asterisks are shown as two asterisks",
        "This is **bold** text",
        ["bold"],
    ),
    Report(
        "bold",
        "fla9ua/markdown_to_mrkdwn#8",
        "what is bold and italic is neither",
        "This is ***bold and italic***",
        ["bold and italic"],
    ),
    Report("bold", "anomalyco/opencode#38490", "quotes", "含**「重点」**内容", ["「重点」"]),
    Report(
        "bold",
        "mikepenz/multiplatform-markdown-renderer#579",
        "a bracket of full width before the end",
        "**加粗测试（含括号）**",
        ["加粗测试（含括号）"],
    ),
    Report(
        "bold",
        "kirodotdev/KiroCrew#2323",
        "a full stop before the end, and a letter after it",
        "**中文文本（带括号）。**这句子继续也没问题。",
        ["中文文本（带括号）。"],
    ),
    Report(
        "bold",
        "futuregene/future-os#744",
        "a colon before the end, and a digit after it",
        "**复现：**10 轮对话，每轮 150 KB：",
        ["复现："],
    ),
    Report(
        "bold",
        "futuregene/future-os#675",
        "the label of a list",
        "- **注意：**正文\n- **建议：**页预算",
        ["注意：", "建议："],
    ),
    Report(
        "bold",
        "marktext/marktext#4401",
        "brackets in Japanese and Korean",
        "日本語**(強調)**日本語 한국어**[강조]**한국어",
        ["(強調)", "[강조]"],
    ),
    Report(
        "bold",
        "zensical/zensical#74",
        "no spaces around it",
        "這是**粗體**文字",
        ["粗體"],
    ),
    Report(
        "bold",
        "esengine/DeepSeek-Reasonix#2476",
        "a comma before the end",
        "**我叫Reasonix，**一个助手",
        ["我叫Reasonix，"],
    ),
)


@pytest.mark.parametrize("report", BOLD, ids=str)
def test_bold(report: Report) -> None:
    (text,) = texts_of(report.given)

    assert [_seen(each) for each in bold_in(text)] == report.right


def _seen(text: str) -> str:
    return text.translate(dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF)))


PROSE = "if a < b && b > c: use <T> & `x < y`, then &amp; once"
TABLE = "| Tool | Best for |\n|---|---|\n| Vitest | Unit tests |\n| Playwright | E2E flows |"
LETTERS = (
    Report(
        "tables",
        "adolfousier/opencrabs#1016",
        "bars and dashes are shown instead of a table",
        f"Compared:\n\n{TABLE}\n\nDone.",
    ),
    Report(
        "tables",
        "NousResearch/hermes-agent#18918",
        "the same, where the table is all there is",
        TABLE,
    ),
    Report(
        "letters that change",
        "tryfabric/mack#21",
        "an apostrophe becomes an entity",
        "We've allocated \"two\" — it's fine",
    ),
    Report(
        "letters that change",
        "bytedance/deer-flow#4197",
        "brackets and ampersands of prose are taken for markup",
        PROSE,
    ),
    Report(
        "letters that change",
        "gugu91/pinet#839",
        "multiplications and patterns of files lose their stars",
        "4*3 is 12, 2 * 3 * 4 is 24, and **/*.py matches",
    ),
    Report(
        "letters that change",
        "TulipFarm/tulipfarm#889",
        "a digit in the text disappears, since code was marked with digits",
        "Question 1 about `code 0` and question 2",
    ),
    Report(
        "letters that change",
        "slackapi/slack-skills-plugin#24",
        "a quotation that begins with code is empty",
        "> `app/main.py:12` is where it fails\n\nMend it there.",
    ),
)


@pytest.mark.parametrize("report", LETTERS, ids=str)
def test_letters(report: Report) -> None:
    (message,) = messages_of(report.given)
    (block,) = [each for each in message.blocks if each["type"] == "markdown"]

    assert _seen(str(block["text"])) == report.given
    if report.kind == "tables":
        html = MarkdownIt().enable("table").render(str(block["text"]))
        assert html.count("<td>") == 4
