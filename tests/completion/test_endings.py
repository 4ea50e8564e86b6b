"""Every word with which servers say that an answer ended."""

from __future__ import annotations

import pytest

from bot import words
from bot.completion.collect import Collector
from bot.completion.request import CompletionRequest
from bot.completion.result import NO_REASON, Chunk, ending_of, plain_reason

WORDS = {
    "xAI": {
        "stop": "stop",
        "length": "length",
        "end_turn": "stop",
        "STOP": "stop",
        "MAX_LEN": "length",
        "MAX_CONTEXT": "max_context",
        "TIME_LIMIT": "time_limit",
        "TOOL_CALLS": "tool_calls",
        "REASON_MAX_LEN": "length",
    },
    "OpenAI and Azure": {
        "content_filter": "content_filter",
        "tool_calls": "tool_calls",
        "function_call": "tool_calls",
    },
    "vLLM and SGLang": {"abort": "broken", "error": "broken", "eos": "stop"},
    "llama.cpp and TGI": {
        "eos_token": "stop",
        "stop_sequence": "stop",
        "limit": "length",
        "word": "stop",
    },
    "LiteLLM": {"guardrail_intervened": "content_filter", "content_filtered": "content_filter"},
    "Ollama": {"load": "broken", "unload": "broken"},
    "OpenRouter": {"error": "broken"},
    "Gemini": {
        "MAX_TOKENS": "length",
        "SAFETY": "content_filter",
        "RECITATION": "content_filter",
        "PROHIBITED_CONTENT": "content_filter",
        "SPII": "content_filter",
        "BLOCKLIST": "content_filter",
        "OTHER": "broken",
        "MALFORMED_FUNCTION_CALL": "tool_calls",
        "content_filter: PROHIBITED_CONTENT": "content_filter",
        "FinishReason.STOP": "stop",
        "FINISH_REASON_MAX_TOKENS": "length",
    },
    "Anthropic": {
        "max_tokens": "length",
        "refusal": "content_filter",
        "tool_use": "tool_calls",
        "model_context_window_exceeded": "max_context",
    },
    "Cohere and Mistral": {
        "COMPLETE": "stop",
        "ERROR_TOXIC": "content_filter",
        "model_length": "max_context",
    },
    "DeepSeek and Zhipu": {
        "insufficient_system_resource": "broken",
        "sensitive": "content_filter",
        "network_error": "broken",
    },
}
EACH = [(word, ending) for table in WORDS.values() for word, ending in table.items()]


@pytest.mark.parametrize(("word", "ending"), EACH)
def test_word_means(word: str, ending: str) -> None:
    assert ending_of(word) == ending


@pytest.mark.parametrize(("word", "ending"), EACH)
def test_what_is_said_of_it(word: str, ending: str) -> None:
    collector = Collector(CompletionRequest(model="m", prompt="hi", max_tokens=7))
    collector.add(Chunk(text="Hello", finish_reason=word))

    (section,) = collector.sections()
    assert section.note == {"stop": "", "length": words.cut_off(7)}.get(
        ending, words.ENDED.get(ending, "")
    )
    assert collector.whole == (ending in {"stop", "length"})


@pytest.mark.parametrize("word", ["null", "None", "FINISH_REASON_UNSPECIFIED", ""])
def test_word_that_ends_nothing(word: str) -> None:
    assert plain_reason(word) in NO_REASON


def test_unknown_word_is_told_as_it_is() -> None:
    collector = Collector(CompletionRequest(model="m", prompt="hi"))
    collector.add(Chunk(text="Hello", finish_reason="cosmic ray"))

    assert "cosmic ray" in collector.sections()[0].note
