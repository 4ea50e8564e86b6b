"""Pictures of charts, sent to one person where Slack draws none itself.

A message that one person alone is shown can hold no file that was uploaded for it (node-slack-sdk
issue 1790, python-slack-sdk issue 1651): they come in direct messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.errors import SlackError
from bot.slack.charts.charts import Chart
from bot.slack.documents import Documents, File
from bot.slack_limits import ALT_TEXT_CHARS
from bot.words import votes as words

log = structlog.get_logger(__name__)


async def send_pictures(charts: Sequence[Chart], user: str, documents: Documents) -> str:
    """Send `charts` to `user`; what is to be told of that, in a sentence. Never raises."""
    try:
        files, comment = await asyncio.to_thread(_pictures, charts)
        await documents.share(files, user, comment)
    except SlackError as error:
        log.warning("pictures not sent", error=str(error))
        lacks = error.code == "missing_scope"
        return words.PICTURES_NEED_SCOPE if lacks else words.PICTURES_FAILED
    except (ImportError, OSError) as error:
        log.warning("pictures not drawn", error=str(error))
        return words.PICTURES_FAILED
    return words.PICTURES_SENT


def _pictures(charts: Sequence[Chart]) -> tuple[list[File], str]:
    """The files, and what stands above them: which names their numbers are."""
    from bot.slack.charts.drawing import drawn, in_words  # noqa: PLC0415 - few bots ever draw

    files, legend = [], []
    for number, chart in enumerate(charts, 1):
        picture = drawn(chart)
        title = words.without_signs(chart.title)
        alt = in_words(chart, ALT_TEXT_CHARS)
        files.append(File(f"grok-votes-{number}.png", title, picture.png, alt))
        if picture.legend:
            legend.append(words.legend(title, picture.legend))
    return files, "\n".join(legend)
