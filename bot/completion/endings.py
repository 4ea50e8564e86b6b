"""Why a choice ended: the words of every server, as the few that mean something to people."""

from __future__ import annotations

from typing import Literal

Ending = Literal[
    "",
    "stop",
    "length",
    "max_context",
    "max_output",
    "content_filter",
    "time_limit",
    "tool_calls",
    "broken",
]
"""`""`: for a reason of which we know nothing."""

_WORDS: dict[Ending, str] = {
    "stop": "stop end_turn eos eos_token stop_sequence stop_token complete completed finished"
    " endoftext word pause_turn",
    "length": "length max_tokens max_len max_length max_output_tokens token_limit limit"
    " max_new_tokens max_completion_tokens error_limit",
    "max_context": "max_context model_length context_length model_context_window_exceeded"
    " context_length_exceeded context_window_exceeded max_prompt_tokens",
    "max_output": "max_output",
    "content_filter": "content_filter content_filtered safety recitation blocklist refusal"
    " prohibited_content spii image_safety sensitive error_toxic guardrail_intervened"
    " guardrails content_policy moderation language flagged blocked",
    "time_limit": "time_limit max_time_limit timeout time_out",
    "tool_calls": "tool_calls tool_call tool_use function_call malformed_function_call"
    " unexpected_tool_call",
    "broken": "error abort aborted cancelled canceled cancel user_cancel interrupted failed"
    " network_error server_error insufficient_system_resource overloaded incomplete other"
    " load unload",
}
"""Of xAI, OpenAI, Azure, vLLM, SGLang, llama.cpp, TGI, Ollama, LiteLLM, OpenRouter, Gemini,
Anthropic, Bedrock, Cohere, Mistral, DeepSeek and Zhipu (their API references, 2026)."""

_ENDINGS = {name: ending for ending, names in _WORDS.items() for name in names.split()}

NO_REASON = frozenset({"", "null", "none", "unspecified", "unknown"})
"""What some servers say while a choice goes on."""


def plain_reason(reason: str) -> str:
    """A reason in one spelling: `FINISH_REASON_MAX_TOKENS` and `max-tokens` are `max_tokens`."""
    plain = reason.partition(":")[0].strip().lower().replace("-", "_").replace(" ", "_")
    return (
        plain.removeprefix("finish_reason_").removeprefix("finishreason.").removeprefix("reason_")
    )


def ending_of(reason: str) -> Ending:
    """What `reason` means."""
    return _ENDINGS.get(plain_reason(reason), "")
