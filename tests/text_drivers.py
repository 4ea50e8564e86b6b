"""What reads text in the bot and is more than a function of it: classes, models, whole chains."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.completion.ask import Said, Turn
from bot.completion.collect import Collector
from bot.completion.form import Filled
from bot.completion.request import CompletionRequest
from bot.completion.result import Answer, Chunk, Section
from bot.completion.transcript import Past, chat_messages, shared
from bot.doors.hearing import hear
from bot.errors import BotError
from bot.eval.dataset import Item
from bot.eval.rules import is_good
from bot.grok.call import Call
from bot.grok.errors import ErrorReply, from_event, from_reply
from bot.grok.text.citing import Citing
from bot.grok.text.trimming import Trimming
from bot.markdown.inline_markup import InlineMarkup
from bot.markdown.rewriting.rewriting import Rewriting
from bot.markdown.safety import SafeGrowth
from bot.ops.redact import Redactor
from bot.reply.chain import Chain
from bot.rules.commands import parse_command
from bot.slack.blocks import BARE, Question
from bot.slack.inbound.http_mode import parse
from bot.slack.inbound.incoming import json_object
from bot.slack.inbound.payloads import MessageEvent, without_call
from bot.slack.reading.message_text import text_of_message
from bot.views.form_view import form_view, read_form
from tests.completion.prompts import completion_prompt
from tests.linear import Work

BOT = "U1"
LOOKS = 8
"""How often a growing text is looked at, however long it is."""


def _answer(text: str) -> Answer:
    section = Section(text=text, done=True)
    return Answer(sections=(section,), model_asked="m", model="m", endpoint="chat")


def _parts(text: str) -> list[str]:
    size = max(1, len(text) // LOOKS)
    return [text[at : at + size] for at in range(0, len(text), size)]


def _complete(text: str) -> object:
    return Chain(Question(BOT, "q"), "j").complete(_answer(text))


def _growing(text: str) -> object:
    chain, said = Chain(Question(BOT, "q"), "j"), ""
    for part in _parts(text):
        said += part
        chain.growing([Section(text=said)])
        chain.settled([Section(text=said)])
    return chain


def _markup(text: str) -> object:
    markup, said = InlineMarkup(), ""
    for part in _parts(text):
        said += part
        markup.read(said)
        markup.shown(), markup.settled(), markup.first_open()
    return markup


def _safe_growth(text: str) -> object:
    growth = SafeGrowth()
    return [growth.safe(text[:end]) for end in (len(text) // 2, len(text))]


def _cited(text: str) -> object:
    citing = Citing()
    chunks = [Chunk(text=part) for part in _parts(text)]
    return [*(each for chunk in chunks for each in citing.follow(chunk)), *citing.rest()]


def _rewritten(text: str) -> object:
    rewriting = Rewriting()
    return [*map(rewriting.feed, _parts(text)), rewriting.end(), rewriting.given(len(text))]


def _question(text: str) -> object:
    return Question(BOT, text).first_message("thinking", BARE)


def _echo(text: str) -> object:
    collector = Collector(CompletionRequest(model="m", prompt=text, echo=True))
    for part in _parts(text + text):
        collector.add(Chunk(text=part))
        collector.sections()
    return collector.answer(endpoint="completions")


def _trimming(text: str) -> object:
    request = CompletionRequest(model="m", prompt=text, echo=True)
    call = Call(
        request=request,
        system="",
        endpoint="completions",
        dialect="xai",
        body={"prompt": f"lead{text}tail"},
        stream=True,
        lead="lead",
        tail="tail",
    )
    trimming = Trimming(call)
    parts = (*_parts(f"lead{text}tail"), *_parts(text))
    return [[*trimming.follow(Chunk(text=part))] for part in parts], list(trimming.rest())


def _past(text: str) -> Past:
    said = Turn(job_id="j", user="U2", name=text, prompt=text, answer=text, context=text)
    return Past(turns=(said,), context=text, user=BOT, name="Ana")


def _shared(text: str) -> object:
    said = [Said(author=text, text=text)] * 3
    return shared(said, 10**6), shared(said, len(text) // 4)


def _block_text(text: str) -> object:
    inside: Any = {"type": "text", "text": text}
    blocks: list[Any] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [inside]}]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": each}] for each in _parts(text)]},
    ]
    return text_of_message(text, blocks, [{"text": text, "blocks": blocks}], by_app=True)


def _deep_blocks(text: str) -> object:
    deep: Any = {"type": "mrkdwn", "text": "deep"}
    for _ in range(min(len(text) // 100, 300)):
        deep = {"type": "other", "elements": [deep, {"type": "mrkdwn", "text": "flat"}]}
    return text_of_message("", [deep], [], by_app=True)


def _heard(text: str) -> object:
    event = MessageEvent(type="message", channel="D1", ts="1.0", user="U2", text=text)
    return hear(event, BOT)


def _form(text: str) -> object:
    filled = Filled(values={"prompt": text, "stop": [text], "suffix": text}, system=text)
    view = form_view(
        filled,
        advanced=True,
        metadata="",
        choose_place=False,
        in_thread=False,
        about=Said(author=text, text=text),
    )
    values: Mapping[str, Any] = {name: {"value": {"value": text}} for name in ("prompt", "stop")}
    return view, read_form(values, filled).flags()


def _refusal(text: str) -> object:
    """Each way to read an error once: what kind it is is told by its first two thousand characters,
    whatever its status."""
    request = CompletionRequest(model="m", prompt="q")
    call = Call(request=request, system="", endpoint="chat", dialect="xai", body={}, stream=True)
    told = {"error": {"message": text, "code": text, "param": text}}
    found: list[BotError] = [
        from_reply(ErrorReply(400, text), call, "secret"),
        from_reply(ErrorReply(404, json.dumps(told)), call, "secret"),
    ]
    return [*found, from_event(told, call)]


def _payload(text: str) -> object:
    payload = json.dumps({"text": text, "blocks": [{"text": text}], text: [text]})
    return json_object(payload), parse(payload.encode(), "application/json")


def _turns_kept(text: str) -> object:
    turn = Turn(job_id="j", user="U2", name=text, prompt=text, answer=text, context=text)
    return Turn.model_validate_json(turn.model_dump_json())


LAID_OUT = frozenset({"a whole answer laid out", "a growing answer"})
"""Drivers that do much work for each character."""

_RULES = (
    Item(prompt="x", expected="a river in Peru", contains=("Nile",)),
    Item.model_validate({"prompt": "x", "schema": {"type": "object"}}),
    Item(prompt="x", regex="Nile$"),
)


def _judged(text: str) -> None:
    for rules in _RULES:
        is_good(rules, text)


DRIVERS: Mapping[str, Work] = {
    "a whole answer laid out": _complete,
    "a growing answer": _growing,
    "inline markup": _markup,
    "text made safe while it grows": _safe_growth,
    "text rewritten while it grows": _rewritten,
    "a question as it is shown": _question,
    "an echo": _echo,
    "an answer trimmed": _trimming,
    "citations in an answer": _cited,
    "an answer judged": _judged,
    "a conversation for completions": lambda text: completion_prompt(text, _past(text), text),
    "a conversation for chat": lambda text: chat_messages(text, _past(text), text),
    "messages shared": _shared,
    "blocks of a message": _block_text,
    "blocks in blocks": _deep_blocks,
    "a message heard": _heard,
    "the bot called again and again": lambda text: without_call(
        f"<@{BOT}> " * (len(text) // 6) + text[:9] + f" <@{BOT}>" * (len(text) // 6), BOT
    ),
    "a form": _form,
    "a payload": _payload,
    "turns that are kept": _turns_kept,
    "what an API refuses": _refusal,
    "a command of admins": lambda text: parse_command(f"quota set {text}", ()),
    "a log line": lambda text: Redactor(["a secret of ours"]).value({text: [text]}),
}
"""Each by a name."""
