"""Hypothesis strategies for completion requests, as JSON and as models."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bot.completion import CompletionRequest

Json = Any

texts = st.text(max_size=20)
whole = st.integers(min_value=-(2**70), max_value=2**70)
finite = st.floats(allow_nan=False, allow_infinity=False)
numbers = whole | finite | st.integers(-3, 7).map(float) | st.integers(-3, 7)
text_or_list = texts | st.lists(texts, max_size=3)
bias = st.dictionaries(texts, numbers, max_size=3)

junk: SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | numbers | texts | numbers.map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)

_VALID: dict[str, SearchStrategy[Json]] = {
    "model": texts,
    "prompt": text_or_list,
    "temperature": st.floats(0, 2) | st.integers(0, 2),
    "max_tokens": st.integers(1, 2**70) | st.integers(1, 9).map(float),
    "top_p": st.floats(0, 1) | st.integers(0, 1),
    "frequency_penalty": st.floats(-2, 2) | st.integers(-2, 2),
    "presence_penalty": st.floats(-2, 2) | st.integers(-2, 2),
    "seed": whole | st.integers(-9, 9).map(float),
    "n": st.integers(1, 2**70),
    "stop": text_or_list,
    "stream": st.booleans(),
    "echo": st.booleans(),
    "suffix": texts,
    "best_of": st.integers(1, 2**70),
    "logprobs": st.integers(0, 5) | st.integers(0, 5).map(float),
    "logit_bias": bias,
    "user": texts,
}

_REQUIRED = ("model", "prompt")
_required = {name: _VALID[name] for name in _REQUIRED}
_optional = {name: values for name, values in _VALID.items() if name not in _REQUIRED}

valid_json = st.fixed_dictionaries(_required, optional=_optional)


@st.composite
def near_valid_json(draw: st.DrawFn) -> Json:
    """A valid request in which one thing was changed: mostly wrong, now and then still right."""
    instance = draw(valid_json)
    name = draw(st.sampled_from([*_VALID, "temprature", "Model"]))
    if draw(st.booleans()):
        instance.pop(name, None)
    else:
        instance[name] = draw(junk | numbers | st.lists(junk, max_size=2) | bias)
    return instance


json_instances = valid_json | near_valid_json() | junk

requests = valid_json.map(CompletionRequest.model_validate)

_ids = st.integers(0, 2**31 - 1).map(str)
_bounded = st.integers(-(2**63), 2**63 - 1)

written_requests = st.fixed_dictionaries(
    {"model": texts, "prompt": texts | st.lists(texts, min_size=2, max_size=4)},
    optional=_optional
    | {
        "seed": _bounded,
        "stop": texts | st.lists(texts, min_size=2, max_size=4),
        "logit_bias": st.dictionaries(_ids | texts, finite | _bounded, max_size=3),
    },
).map(CompletionRequest.model_validate)
"""Every request that flags can express: lists of one and empty lists are not among them."""
