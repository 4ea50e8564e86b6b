"""Chunks in, sections out: the answer as it grows, one section for each choice, in order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from bot import words
from bot.characters import excerpt
from bot.completion.ask import show_echo
from bot.completion.logprobs import MOST_CHANCES, kept_chances, logprob_table
from bot.completion.references import AnswerReferences, Reference, listing
from bot.completion.request import CompletionRequest
from bot.completion.result import (
    Answer,
    Chunk,
    Endpoint,
    Section,
    TokenLogprob,
    ToolUse,
    Usage,
    ending_of,
)
from bot.completion.search import NO_SEARCH, Search
from bot.completion.tools import Searched, Searching
from bot.words import search as said

_MOST_REASONING_CHARS = 256 * 1024
"""Thoughts that are kept; what comes after them is read and forgotten."""

_MOST_PIECES = 64
"""A token in a string of its own takes ten times the memory of its letters."""


class Collector:
    """Collects the chunks of one answer to `request`, for which `search` was asked for.

    `most_tokens`: the largest output cap that may be asked for, where admins have set one.
    `unsearched`: where the server would not search after all.
    """

    def __init__(
        self,
        request: CompletionRequest,
        search: Search = NO_SEARCH,
        *,
        most_tokens: int | None = None,
    ) -> None:
        self.searching: Searching | None = None
        """What is searched; None as long as nothing is."""
        self.unsearched: tuple[Searched, ...] = ()
        self._search = search
        self._references: AnswerReferences | None = None
        self._broken = False
        """Whether there is no more of it, though it did not end."""
        self.usage: Usage | None = None
        self.model = request.model
        """The model that answers, or the one asked for until the answer names it."""
        self._request = request
        self._choices = [
            _GrowingSection(request, index, most_tokens) for index in range(request.choices)
        ]

    def add(self, chunk: Chunk) -> None:
        """Take one step of the stream, however long the text is already.

        A choice that was not asked for is left out.
        """
        self.model = chunk.model or self.model
        if chunk.usage is not None:
            self.usage = self.usage.then(chunk.usage) if self.usage else chunk.usage
        if chunk.references:
            if self._references is None:
                self._references = AnswerReferences()
            self._references.add(chunk.references)
        if chunk.step is not None:
            if self.searching is None:
                self.searching = Searching()
            self.searching.take(chunk.step)
        elif chunk.choice < len(self._choices):
            self._choices[chunk.choice].add(chunk)

    def sections(self) -> tuple[Section, ...]:
        """The answer so far: every choice that was asked for, whether it has begun or not, and
        below what is done where it was found."""
        sections = tuple(choice.section() for choice in self._choices)
        return self._with_sources(sections) if sections[-1].done else sections

    def _with_sources(self, sections: tuple[Section, ...]) -> tuple[Section, ...]:
        """`sections` with the sources told below the last."""
        *others, last = sections
        if not self._search.sources or not last.text.strip():
            return sections
        told = "\n\n".join(filter(None, (last.note, *self._found())))
        return (*others, last.model_copy(update={"note": told}))

    def _found(self) -> Iterator[str]:
        """What is said of where an answer was found."""
        references = self._listed
        yield listing(references)
        if self.unsearched:
            yield said.only_elsewhere(self.unsearched)
        if (
            self._search.filtered
            and not self._broken
            and not any(each.cited for each in references)
        ):
            yield said.NOTHING_CITED if references else said.NOTHING_FOUND

    @property
    def _listed(self) -> tuple[Reference, ...]:
        return self._references.listed() if self._references else ()

    @property
    def doing(self) -> str:
        """What is searched, in words, as long as that is all there is to tell."""
        if self.searching is None:
            return ""
        written = any(choice.writes for choice in self._choices)
        return "" if written and not self.searching.lasts else self.searching.progress

    @property
    def tools(self) -> ToolUse | None:
        """What was used of tools: as the bill says, and where it does not, as was seen."""
        billed = self.usage.tools if self.usage else None
        seen = self.searching.use() if self.searching else None
        if billed is None or seen is None:
            return billed or seen
        return billed.model_copy(
            update={
                "posts": seen.posts if billed.posts is None else billed.posts,
                "profiles": seen.profiles if billed.profiles is None else billed.profiles,
            }
        )

    @property
    def used_so_far(self) -> ToolUse:
        """What is held against what was reserved while it searches: what the bill says that was
        fetched, once it tells of every call that was seen, and until then the most that those may
        have (`Searching.use`). An answer that is stopped for it may so have fetched less, but no
        quota is passed; of a call that does not say how much it may fetch nothing counts."""
        seen = self.searching.use(unknown=0) if self.searching else ToolUse()
        billed = self.usage.tools if self.usage else None
        if billed is None or _calls(billed) < _calls(seen):
            return seen
        return self.tools or seen

    @property
    def calls_seen(self) -> ToolUse:
        """What the calls have used at most that were seen, those that failed too: each may have
        been a turn. What of it nobody knows is None."""
        return self.searching.use(failed=True) if self.searching else ToolUse()

    @property
    def reasoning(self) -> str:
        """What the model thought before it answered; it is no part of the answer."""
        return "\n\n".join(filter(None, (choice.reasoning for choice in self._choices)))

    @property
    def chances(self) -> tuple[TokenLogprob, ...]:
        """How likely the first tokens were, choice after choice; empty when nobody asked."""
        if self._request.logprobs is None:
            return ()
        return kept_chances(chain.from_iterable(choice.logprobs for choice in self._choices))

    @property
    def whole(self) -> bool:
        """Whether every choice that was asked for has come, and ended by itself or by its cap."""
        return all(choice.whole for choice in self._choices)

    def answer(
        self,
        *,
        endpoint: Endpoint,
        seconds: float = 0.0,
        failure: str = "",
        stopped: bool = False,
        context: str = "",
        forgotten: int = 0,
        asked: bool = True,
    ) -> Answer:
        """The end of it; `failure` is a plain sentence when no more came of it.

        Where somebody `stopped` it, each choice ends with what it has. `context`, `forgotten` and
        `asked` are those of the `Answer`.
        """
        if stopped or not failure:
            some = any(choice.begun for choice in self._choices)
            for choice in self._choices:
                choice.end(stopped=stopped, missing=some and not choice.begun)
        self._broken = stopped or bool(failure)
        sections = self.sections()
        if not sections[-1].done:
            sections = self._with_sources(sections)
        return Answer(
            sections=sections,
            failure=failure,
            model_asked=self._request.model,
            model=self.model,
            endpoint=endpoint,
            usage=self.usage,
            seconds=seconds,
            reasoning=self.reasoning,
            chances=self.chances,
            stopped=stopped,
            context=context,
            forgotten=forgotten,
            asked=asked,
            tools=self.tools,
            references=self._listed if self._search.sources else (),
        )


class _GrowingSection:
    """One choice while it grows."""

    def __init__(self, request: CompletionRequest, index: int, most_tokens: int | None) -> None:
        prompt, answer = divmod(index, request.n or 1)
        self._prompt = request.prompts[prompt]
        self._title = words.section_title(
            prompt=prompt + 1,
            prompts=len(request.prompts),
            answer=answer + 1,
            answers=request.n or 1,
            excerpt=excerpt(self._prompt),
        )
        self._request = request
        self._most_tokens = most_tokens
        self._text = _GrowingText()
        self._reasoning = _GrowingText()
        self.logprobs: list[TokenLogprob] = []
        """Of the first tokens, `MOST_CHANCES` of them."""
        self._tokens = 0
        self._finish_reason: str | None = None
        self._stopped = False
        self._missing = False
        self._shown: Section | None = None
        self.begun = False
        """Whether anything has come of it."""

    def add(self, chunk: Chunk) -> None:
        self.begun = True
        self._text.add(chunk.text)
        if self._reasoning.chars < _MOST_REASONING_CHARS:
            self._reasoning.add(chunk.reasoning)
        self._tokens += len(chunk.logprobs)
        self.logprobs += chunk.logprobs[: max(0, MOST_CHANCES - len(self.logprobs))]
        self._finish_reason = chunk.finish_reason or self._finish_reason
        self._shown = None

    def end(self, *, stopped: bool, missing: bool) -> None:
        """Nothing more comes, even if the API did not say so, or because it was `stopped`; this
        one is `missing` where others came."""
        if self._finish_reason is None:
            self._stopped = stopped
            self._missing = missing and not stopped
            self._finish_reason = None if stopped else "stop"
            self._shown = None

    def section(self) -> Section:
        if self._shown is None:
            self._shown = self._show()
        return self._shown

    @property
    def writes(self) -> bool:
        return self._text.chars > 0

    @property
    def whole(self) -> bool:
        """Whether it has ended, with some text, and not because something went wrong."""
        if self._finish_reason is None or not self._text.read().strip():
            return False
        return ending_of(self._finish_reason) in {"stop", "length", "max_output", ""}

    @property
    def reasoning(self) -> str:
        return self._reasoning.read()

    def _show(self) -> Section:
        text = self._text.read()
        done = self._stopped or self._finish_reason is not None
        note = self._note(self._finish_reason, text) if self._finish_reason else ""
        if self._request.echo:
            text = show_echo(self._prompt, text, done=done)
        return Section(title=self._title, text=text, note=note, done=done, cut=self._cut)

    @property
    def _cut(self) -> bool:
        ended = self._finish_reason is not None and ending_of(self._finish_reason)
        return ended == "length" and bool(self._text.read().strip())

    def _note(self, reason: str, text: str) -> str:
        if self._missing:
            return words.NOT_GIVEN
        ending = self._ending(reason, begun=bool(text.strip()))
        if not text.strip():
            return ending or words.NOTHING_WRITTEN
        return "\n\n".join(filter(None, (ending, self._chances())))

    def _ending(self, reason: str, *, begun: bool) -> str:
        """What to say about why it ended; empty when it simply ended."""
        ending = ending_of(reason)
        if ending == "length":
            return words.cut_off(self._request.max_tokens, self._most_tokens, begun=begun)
        return (
            ""
            if ending == "stop"
            else words.ENDED.get(ending) or words.ENDED_OTHERWISE(excerpt(reason))
        )

    def _chances(self) -> str:
        if self._request.logprobs is None:
            return ""
        if not self.logprobs:
            return words.NO_LOGPROBS
        table = logprob_table(self.logprobs, self._tokens)
        if not self._request.logprobs or any(token.alternatives for token in self.logprobs):
            return table
        return f"{table}\n\n{words.NO_ALTERNATIVES}"


class _GrowingText:
    """One text while it grows by small pieces."""

    def __init__(self) -> None:
        self.chars = 0
        self._text = ""
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        if not piece:
            return
        self.chars += len(piece)
        self._pieces.append(piece)
        if len(self._pieces) >= _MOST_PIECES:
            self.read()

    def read(self) -> str:
        """All that has come. The work is linear in what is new, provided that what was read
        before is held by nobody: then CPython appends to it in place."""
        text, self._text = self._text, ""
        text += "".join(self._pieces)
        self._pieces.clear()
        self._text = text
        return text


def _calls(use: ToolUse) -> int:
    return use.web_calls + use.x_calls
