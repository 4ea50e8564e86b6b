"""Reported of clients: what servers sent, and what became of it."""

from __future__ import annotations

import json

from bot import words
from bot.words import grok as grok_words
from tests.grok.wire import DONE, ends, event, says
from tests.reports.report import Report

BREAKS = "streams that break"
REPEATS = "text that comes twice, or looks as if"
ENDS = "how an answer ends"
ANNOTATIONS = "events without text"
LETTERS = "characters cut in two"
THOUGHTS = "thoughts in the answer"

GARBLED, UNAVAILABLE = grok_words.GROK_GARBLED, grok_words.GROK_SENTENCES["unavailable"]
FILTER = {"hate": {"filtered": False, "severity": "safe"}}


def written(*contents: str) -> bytes:
    """Events whose text is written with the escapes in `contents`."""
    return b"".join(
        b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % each.encode()
        for each in contents
    )


def line(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


STREAMS: tuple[Report, ...] = (
    Report(
        BREAKS,
        "zai-org/GLM-5#66",
        "an event is cut, and the next one begins inside it",
        says("One ")
        + b'data: {"id":"20260430","object":"chat.cdata: {"id":"2","choices":[{"index":0,'
        b'"delta":{"content":"11"}}]}\n\n' + DONE,
        ("One", GARBLED),
    ),
    Report(
        BREAKS,
        "SamSaffron/term-llm#448",
        "a last event that is cut off passes for a whole answer",
        says("One ") + b'data: {"choices":[{"index":0,"delta":{"conten\n\n' + DONE,
        ("One", GARBLED),
    ),
    Report(
        BREAKS,
        "framerslab/agentos#17",
        "an event that is no JSON is skipped, and the text around it joined",
        says("Do ") + b'data: {"choices":[{"delta":{"content":"NOT "}]\n\n' + says("delete") + DONE,
        ("Do", GARBLED),
    ),
    Report(
        BREAKS,
        "diegosouzapw/OmniRoute#8210",
        "an error beside an empty list of choices is taken for a whole, empty answer",
        line({"choices": [], "error": {"message": "Worker local total request limit reached"}}),
        ("", UNAVAILABLE),
    ),
    Report(
        BREAKS,
        "open-octo/octo-agent#910",
        "an error after some text, and the end without a word, is taken for success",
        says("Half") + line({"error": {"message": "upstream reset", "type": "server_error"}}),
        ("Half", UNAVAILABLE),
    ),
    Report(
        BREAKS,
        "farzaa/clicky#132",
        "an event called error is passed over",
        says("Partial") + b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error",'
        b'"message":"Overloaded"}}\n\n',
        ("Partial", UNAVAILABLE),
    ),
    Report(
        BREAKS,
        "apache/rocketmq-dashboard#2178",
        "a used up quota, told inside a stream, comes out as an answer without words",
        line({"error": {"message": "quota exceeded"}}) + DONE,
        ("", grok_words.GROK_SENTENCES["rate_limited"]),
    ),
    Report(
        BREAKS,
        "decolua/9router#3051",
        "nothing at all with status 200 counts as success",
        b"",
        ("", grok_words.GROK_NOTHING),
    ),
    Report(
        BREAKS,
        "openai/openai-go#227",
        "comments that keep a line open make a reader stumble",
        b": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n" + says("亚") + ends() + DONE,
        ("亚", ""),
    ),
    Report(
        ENDS,
        "experientiallabs/experiential#962",
        "a filter's end without [DONE] is taken for a broken line",
        says("Some") + ends("content_filter"),
        (f"Some\n\n{words.ENDED['content_filter']}", ""),
    ),
    Report(
        ENDS,
        "Azure-Samples/azure-search-openai-demo#2076",
        "a filtered answer without text is shown as an empty message",
        ends("content_filter") + DONE,
        (words.ENDED["content_filter"], ""),
    ),
    Report(
        ENDS,
        "linagora/openrag#462",
        "the text of an event that also says why it ends is lost",
        says("Bonjour ! ") + says("Comment ?", "stop") + ends() + DONE,
        ("Bonjour ! Comment ?", ""),
    ),
    Report(
        ENDS,
        "vllm-project/vllm#36944",
        "the last token comes with the reason, and is lost",
        says("One two") + says(" three", "length") + DONE,
        (f"One two three\n\n{words.cut_off(4096)}", ""),
    ),
    Report(
        ENDS,
        "qualcomm/GenieX#1246",
        "an empty reason with every piece, and none at the end, leaves clients waiting",
        says("Hello", "") + says(" you", "") + DONE,
        ("Hello you", ""),
    ),
    Report(
        ENDS,
        "open-learning-exchange/planet#10281",
        "the last event with a reason is left out, and the answer taken for a failure",
        says("Hello") + says(" you") + DONE,
        ("Hello you", ""),
    ),
    Report(
        ENDS,
        "BerriAI/liteLLM-proxy#19",
        "events without the field for a reason are refused",
        line({"choices": [{"index": 0, "delta": {"content": "?"}}]}) + ends() + DONE,
        ("?", ""),
    ),
    Report(
        ANNOTATIONS,
        "microsoft/autogen#6465",
        "an event whose choice has no delta breaks the stream",
        says("Hello")
        + line({"choices": [{"index": 0, "finish_reason": None, "content_filter_results": FILTER}]})
        + says(" you")
        + ends()
        + DONE,
        ("Hello you", ""),
    ),
    Report(
        ANNOTATIONS,
        "AbanteAI/archive-old-cli-mentat#429",
        "a first event with an empty list of choices breaks the stream",
        line({"id": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]})
        + says("Hello")
        + ends()
        + DONE,
        ("Hello", ""),
    ),
    Report(
        ANNOTATIONS,
        "langchain-ai/langchain#18977",
        "what a filter notes behind the end of an answer breaks it",
        says("Hello")
        + ends()
        + line({"model": "", "choices": [{"index": 0, "content_filter_offsets": {"end": 9}}]})
        + DONE,
        ("Hello", ""),
    ),
    Report(
        REPEATS,
        "abundantbeing/hermes-browser-extension#11",
        "the whole message at the end is added to what has been streamed",
        says("Hello")
        + says(" you")
        + event({"message": {"content": "Hello you"}, "finish_reason": "stop"})
        + DONE,
        ("Hello you", ""),
    ),
    Report(
        REPEATS,
        "steipete/summarize#297",
        "the second of two equal pieces is taken for a repetition",
        says("repeat") + says("repeat") + ends() + DONE,
        ("repeatrepeat", ""),
    ),
    Report(
        REPEATS,
        "posit-dev/chatlas#435",
        "a piece that is the same as all before it is missing from what is kept",
        says("na ") + says("na ") + says("Batman") + ends() + DONE,
        ("na na Batman", ""),
    ),
    Report(
        REPEATS,
        "bytedance/deer-flow#4085",
        "a character that is said twice is said once",
        says("谢") + says("谢") + says("hel") + says("l") + says("o") + ends() + DONE,
        ("谢谢hello", ""),
    ),
    Report(
        LETTERS,
        "elizaOS/eliza#30904",
        "the halves of an emoji come in two events, and are shown as two of nothing",
        written(r"ok \ud83d", r"\ude80 go") + ends() + DONE,
        ("ok 🚀 go", ""),
    ),
    Report(
        LETTERS,
        "Kohaku-Lab/KohakuTerrarium#48",
        "half an emoji alone ends the whole session",
        written(r"bad \udcaf good") + ends() + DONE,
        ("bad \ufffd good", ""),
    ),
    Report(
        THOUGHTS,
        "diegosouzapw/OmniRoute#8821",
        "tags of thoughts, and what is in them, are shown as the answer",
        says("<think>inspect the request") + says("</think>Final answer") + ends() + DONE,
        ("Final answer", ""),
    ),
    Report(
        THOUGHTS,
        "zeroclaw-labs/zeroclaw#7254",
        "a tag that is cut in two is not known as one",
        says("<thi") + says("nk>secret</th") + says("ink>Shown") + ends() + DONE,
        ("Shown", ""),
    ),
    Report(
        THOUGHTS,
        "bytedance/deer-flow#3218",
        "thoughts that are cut off before they end are shown",
        says("<think>still at it") + ends("length") + DONE,
        (words.cut_off(4096), ""),
    ),
    Report(
        THOUGHTS,
        "nbramia/LifeOS#568",
        "a tag in inline code of an answer is cut out of it",
        says("Use `<think>draft</think>` as the example") + ends() + DONE,
        ("Use `<think>draft</think>` as the example", ""),
    ),
    Report(
        THOUGHTS,
        "ephraimduncan/opencode-cursor#12",
        "thoughts in a field of their own are mixed with the answer",
        event({"delta": {"reasoning_content": "hm"}}) + says("Yes") + ends() + DONE,
        ("Yes", ""),
    ),
)
"""`given`: the bytes of a stream. `right`: what is shown, and why there is no more."""
