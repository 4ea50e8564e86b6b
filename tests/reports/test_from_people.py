"""What people type on their phones, and what Slack makes of their messages."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completion.flags import parse_text
from bot.slack.inbound.payloads import shown
from bot.slack.reading.message_text import text_of_message
from tests.reports.report import Report

QUOTES = "quotes that a keyboard makes"
DASHES = "dashes that a keyboard makes"

TYPED = (
    Report(
        QUOTES,
        "errbotio/errbot#1145",
        "values in curly quotes are not read as one",
        "--stop “q” --suffix “b c” Hi",
        {"stop": "q", "suffix": "b c", "prompt": "Hi"},
    ),
    Report(
        QUOTES,
        "wilhelmklopp/simple-poll#2",
        "it works when copied, and not when typed",
        "--system “You are strict” Shorten “this”",
        {"system": "You are strict", "prompt": "Shorten “this”"},
    ),
    Report(
        QUOTES,
        "discordjs/Commando#299",
        "single ones of a phone are an error",
        "--system ‘be kind’ don’t panic",
        {"system": "be kind", "prompt": "don’t panic"},
    ),
    Report(
        QUOTES,
        "stripe-contrib/pagerbot#28",
        "a command with two values in quotes does not work on a Mac",
        "--stop “THE END” --user “on call” what’s new?",
        {"stop": "THE END", "user": "on call", "prompt": "what’s new?"},
    ),
    Report(
        QUOTES,
        "DSharpPlus/DSharpPlus#1268",
        "a value of several words ends at its first space",
        "--suffix “name with spaces” Hi",
        {"suffix": "name with spaces", "prompt": "Hi"},
    ),
    Report(
        DASHES,
        "jimmycuadra/lita-keyword-arguments#5",
        "two dashes become a long one, and the flag a part of the question",
        "—temperature 0.2 Hi",
        {"temperature": 0.2, "prompt": "Hi"},
    ),
    Report(
        DASHES,
        "NousResearch/hermes-agent#14363",
        "two long dashes, and a short one that is no hyphen",
        "——temperature 0.2 –n 2 Hi",
        {"temperature": 0.2, "n": 2, "prompt": "Hi"},
    ),
    Report(
        DASHES,
        "harbur/kubebot#9",
        "a value behind an equals sign goes lost with its flag",
        "—max-tokens=9 Hi",
        {"max_tokens": 9, "prompt": "Hi"},
    ),
    Report(
        DASHES,
        "mattermost/mattermost-mobile#5259",
        "a command with a flag cannot be typed on a phone",
        "—echo Is it 5–6 — or so?",
        {"echo": True, "prompt": "Is it 5–6 — or so?"},
    ),
)


@pytest.mark.parametrize("report", TYPED, ids=str)
def test_typed(report: Report) -> None:
    flags = parse_text(report.given)
    system = {} if flags.system is None else {"system": flags.system}

    assert flags.faults == ()
    assert {**flags.values, **system} == report.right


MARKUP = "text that Slack has marked up"
SENT = (
    Report(
        MARKUP,
        "vercel/chat#954",
        "stars of a multiplication, and in code, are doubled",
        "cost is 2 * 3 seats and 4 * 5; run `rm -rf *` then 5 * 3",
        "cost is 2 * 3 seats and 4 * 5; run `rm -rf *` then 5 * 3",
    ),
    Report(
        MARKUP,
        "vercel/chat#957",
        "addresses of mail and telephone keep their marks",
        "write to <mailto:ana@example.com|ana@example.com> or <tel:+15550100|+1 555 0100>",
        "write to ana@example.com or +1 555 0100 (tel:+15550100)",
    ),
    Report(
        MARKUP,
        "slackapi/python-slack-sdk#95",
        "what was typed as & and < arrives as entities",
        "if a &lt; b &amp;&amp; c &gt; d: <https://a.example/x?y=1&amp;z=2>",
        "if a < b && c > d: https://a.example/x?y=1&z=2",
    ),
    Report(
        MARKUP,
        "gke-labs/kube-agents#1248",
        "an entity that was typed as one is decoded twice",
        "&amp;lt; is &amp;amp;lt; and &copy; stays",
        "&lt; is &amp;lt; and &copy; stays",
    ),
    Report(
        MARKUP,
        "n8n-io/n8n#38294",
        "the address behind a label is lost, so that the bot asks for the link",
        "check <https://www.example.com/?q=rain#top|this> please",
        "check this (https://www.example.com/?q=rain#top) please",
    ),
    Report(
        MARKUP,
        "innogames/slack-bot#867",
        "of an address that Slack shortens in its label the rest is lost",
        "review <https://git.example/p/acme/pull-requests/77|https://git.example/p/acme/pull-…>",
        "review https://git.example/p/acme/pull-… (https://git.example/p/acme/pull-requests/77)",
    ),
    Report(
        MARKUP,
        "grafana/incident-community#39",
        "the label sticks to the end of the address",
        "<https://www.example.com/a|https://www.example.com/a>",
        "https://www.example.com/a",
    ),
)


@pytest.mark.parametrize("report", SENT, ids=str)
def test_sent(report: Report) -> None:
    assert shown(report.given) == report.right


BESIDE = "what stands beside the text of a message"
SECTION: dict[str, Any] = {"type": "section", "text": {"type": "mrkdwn", "text": "api is down"}}
ATTACHED = (
    Report(
        BESIDE,
        "openclaw/openclaw#27642",
        "an alert with an empty text is dropped",
        ([], [{"text": "Firing: disk full", "fallback": "alert"}]),
        ["Firing: disk full"],
    ),
    Report(
        BESIDE,
        "moazbuilds/claudeclaw#211",
        "title and fields of an alert are dropped",
        (
            [],
            [
                {
                    "title": "🚨 Alert",
                    "text": "api.example.com is down.",
                    "fields": [{"title": "Condition results", "value": ":x: STATUS == 200"}],
                }
            ],
        ),
        ["🚨 Alert", "api.example.com is down.", "Condition results: :x: STATUS == 200"],
    ),
    Report(
        BESIDE,
        "caipe-io/ai-platform-engineering#1467",
        "blocks inside an attachment are not read",
        ([], [{"blocks": [SECTION]}]),
        ["api is down"],
    ),
    Report(
        BESIDE,
        "anthropics/claude-plugins-official#1411",
        "a message that is blocks alone has an empty body",
        ([SECTION], []),
        ["api is down"],
    ),
    Report(
        BESIDE,
        "NousResearch/hermes-agent#96384",
        "a forwarded message is taken for a preview, and lost",
        (
            [],
            [
                {
                    "is_share": True,
                    "is_msg_unfurl": True,
                    "author_name": "Carol",
                    "text": "Deploy failed",
                    "files": [{"name": "trace.log"}],
                }
            ],
        ),
        ["Carol", "Deploy failed", "trace.log"],
    ),
    Report(
        BESIDE,
        "Sorunome/mx-puppet-slack#17",
        "what stands above an attachment is dropped with it",
        ([], [{"pretext": "Build 77", "color": "danger", "text": "3 tests failed"}]),
        ["Build 77", "3 tests failed"],
    ),
)


@pytest.mark.parametrize("report", ATTACHED, ids=str)
@pytest.mark.parametrize("by_app", [True, False])
def test_attached(report: Report, by_app: bool) -> None:
    blocks, attachments = report.given

    text = text_of_message("", blocks, attachments, by_app=by_app)

    assert [part for part in report.right if part not in text] == []
