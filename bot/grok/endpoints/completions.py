"""`/v1/completions`: one text that is to be gone on with, and all 17 parameters."""

from __future__ import annotations

from bot.completion.faults import MAX_STOPS
from bot.completion.request import CompletionRequest
from bot.completion.transcript import STOP, frame
from bot.grok.endpoints import choices
from bot.grok.endpoints.wire import Asked, Wire, Written, stops_in


def write(asked: Asked) -> Written:
    """The body of what is asked; the conversation stands around each prompt."""
    body, around = dict(asked.given), frame(asked.system, asked.past)
    prompt = body["prompt"]
    body["prompt"] = (
        around.around(prompt)
        if isinstance(prompt, str)
        else [around.around(each) for each in prompt]
    )
    stops = stops_in(body)
    if around.tail and len(stops) < MAX_STOPS:  # without it the answer is cut here all the same
        body["stop"] = [*stops, STOP]
    if asked.dialect == "xai" and "logprobs" in body:
        body["logprobs"] = True
    if asked.request.streams:
        body["stream_options"] = {"include_usage": True}
    return Written(body, around)


def lacks(_request: CompletionRequest) -> tuple[str, ...]:
    """Nothing."""
    return ()


COMPLETIONS = Wire(
    path="/completions",
    write=write,
    lacks=lacks,
    read=choices.Reader,
    error_in=choices.error_in,
    answers=choices.answers,
    efforts=False,
)
