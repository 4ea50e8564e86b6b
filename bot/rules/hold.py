"""What a question reserves of its quotas, from when it is accepted until its answer is there.

What is reserved of the prompt is the most that it can be, whatever it says: a token for each
byte. Where that does not fit, it may be counted (`Counted`). Money is in micro-dollars.
"""

# Annotations are no texts here: pydantic would compile each by itself.

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from bot.completion.ask import BYTES_PER_TOKEN, Ask, Effort, most_tokens, thoughts_of
from bot.completion.result import Prices
from bot.completion.tools import (
    FILE_SEARCHES,
    LISTED,
    SearchUse,
    most_searched,
    prices_of_tools,
)
from bot.completion.transcript import GO_ON, PER_MESSAGE, shared
from bot.errors import UserError
from bot.files.file import PDF_SEARCHES, PDF_TURNS, bounds_of
from bot.rules.policy import InForce, Policy
from bot.rules.quota import QUOTAS, WORKSPACE, QuotaName, Scope, Windows, windows_at
from bot.settings import Settings, zone_of

LEAST_ROOM = 500
"""Tokens that a shared message or a thread may take however little room there is."""

MOST = 10**13
"""More tokens or micro-dollars than any limit; what is more counts as this much."""

_MODEL_CHARS = 100

_FRAME_BYTES = 512
"""What introduces the turns before a prompt, and the asker's name before it
(`bot.completion.transcript`)."""

_OWN_MESSAGES = 3
"""The system text, the question, and what follows the answer."""
_MESSAGES_TO_GO_ON = 2
"""The answer so far, and that it is to go on."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens as the API's own tokenizer counts them: of `prompt_text` and `context_text`."""

    prompt: int
    context: int


class Share(BaseModel):
    """One of those whose use is counted, and the limits that hold for it, by quota."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    scope: Scope
    limits: dict[QuotaName, int] = {}


class Hold(BaseModel):
    """What a question reserves, and under which policy.

    As `hold_for` returns it, it is the most that the question may come to. `Queue.accept`
    decides by it, and lowers `room`, and with it `tokens` and `micro_dollars`, to what the
    conversation holds at that time; what was reserved in the end is `Job.hold`.
    """

    model_config = ConfigDict(defer_build=True, frozen=True)

    policy_version: int
    closed: Scope | None = None
    """Where no questions are taken: somebody paused it, or what is set cannot be read."""
    windows: Windows
    """Where all of it counts, whenever the answer comes."""
    shares: tuple[Share, ...]
    """The workspace, the channel and the person, in this order, whether limited or not."""
    tokens: int
    """In all: `prompt`, `room` with each prompt, the output cap, `reasoning`, and what is
    read besides while it is searched."""
    micro_dollars: int | None
    """What `tokens` cost; None: nobody knows, and a limit in dollars refuses."""
    prompt: int
    """Tokens of what is sent in any case: prompts and system texts, and `beside`."""
    beside: int = 0
    """Tokens that the API reads besides."""
    files: int = 0
    """Tokens of the files that go along with each prompt, of `prompt`."""
    copies: int = 1
    """How many prompts there are: what goes along goes with each."""
    room: int = 0
    """Tokens that may go along with a prompt: turns before it, a thread, a shared message."""
    least_room: int = 0
    """What of `room` is taken in any case; the rest is for the turns."""
    rate: int = 1
    """Tokens reserved for each that a turn is estimated at: the bound, or 1 where turns are to
    be counted before they go along."""
    reasoning: int = 0
    """Tokens for thoughts."""
    rounds: int = 1
    """How often all of that is read: once more for each turn that searches, or looks into a PDF."""
    found: int = 0
    """Tokens that are read of what is found."""
    searches: int = 0
    """The most calls of tools that search."""
    posts: int = 0
    profiles: int = 0
    """The most that is fetched of X."""
    search_micro_dollars: int = 0
    """What of `micro_dollars` the calls, the posts and the profiles cost."""
    file_micro_dollars: int = 0
    """What of `micro_dollars` looking things up in files costs."""
    caps: dict[QuotaName, int] = {}
    """What bounds all of those, however often it searches."""
    prices: Prices | None = None
    tool_prices: dict[str, int] = {}
    """Micro-dollars for each thing that searching is billed by; empty: as listed."""
    model: str = ""
    """Which is asked, as the list of models calls it; empty in a job of an earlier version."""

    @property
    def input(self) -> int:
        """Tokens to be read, in all."""
        return self.prompt + self.copies * self.room

    @property
    def output(self) -> int:
        """Tokens that may be written, thoughts included."""
        return max(0, self.tokens - self.read)

    @property
    def read(self) -> int:
        """Tokens that are billed as read, in all."""
        return self.rounds * self.input + self.found

    @property
    def searched(self) -> SearchUse:
        """The most that may be searched."""
        return SearchUse(
            searches=self.searches,
            posts=self.posts,
            profiles=self.profiles,
            micro_dollars=self.search_micro_dollars,
        )

    @property
    def prices_of_tools(self) -> Mapping[str, int]:
        """What each thing costs that searching is billed by, in micro-dollars."""
        return {**LISTED, **self.tool_prices}


def hold_for(
    ask: Ask,
    policy: Policy,
    *,
    prices: Prices | None,
    reasons: bool,
    effort: Effort | None = None,
    model: str = "",
    settings: Settings,
    now: float,
    counted: Counted | None = None,
) -> Hold:
    """What `ask` reserves at the Unix time `now`.

    `prices` of its model, None when nobody knows; `reasons`: whether it thinks before it answers,
    and `effort` how long, where anybody knows. `model`: under which name it is written down.
    `counted`: what somebody counted, instead of the bounds.
    """
    request, rules = ask.request, InForce(policy, ask.channel, ask.user)
    copies = len(request.prompts)
    beside = settings.grok_prompt_overhead_tokens
    messages = _OWN_MESSAGES + (_MESSAGES_TO_GO_ON if ask.begun else 0)
    prompt = beside + copies * messages * PER_MESSAGE
    prompt += counted.prompt if counted else sum(map(most_tokens, _texts(ask)))
    files = bounds_of(settings).all(ask.enclosed) if ask.enclosed else 0
    prompt += copies * files
    room, least_room = _room(ask, settings, counted)
    thoughts = thoughts_of(settings.grok_reasoning_tokens, effort) if reasons else 0
    reasoning = request.answers * thoughts
    tools = _tools(ask, rules, settings) if ask.search.sources or ask.encloses_pdf else _Tools()
    most = tools.searched
    read = tools.rounds * (prompt + copies * room) + most.read
    written = request.answers * (request.max_tokens or settings.grok_max_tokens) + reasoning
    beside_tokens = most.micro_dollars + tools.file_micro_dollars
    cost = prices.cost(read, written, prompts=copies) + beside_tokens if prices else None
    return Hold(
        policy_version=policy.version,
        closed=_closed(rules),
        windows=windows_at(now, zone_of(settings)),
        shares=_shares(rules),
        tokens=min(MOST, read + written),
        micro_dollars=min(MOST, cost) if cost is not None else None,
        prompt=prompt,
        beside=beside,
        files=files,
        copies=copies,
        room=room,
        least_room=least_room,
        rate=1 if counted else BYTES_PER_TOKEN,
        reasoning=reasoning,
        rounds=tools.rounds,
        found=most.read,
        searches=most.searches,
        posts=most.posts,
        profiles=most.profiles,
        search_micro_dollars=most.micro_dollars,
        file_micro_dollars=tools.file_micro_dollars,
        caps=dict(rules.caps) if ask.search.sources else {},
        prices=prices,
        tool_prices=tools.prices if ask.search.sources else {},
        model=model[:_MODEL_CHARS],
    )


@dataclass(frozen=True, slots=True)
class _Tools:
    """What the tools of a question may come to: searches, and what looks into its files."""

    prices: Mapping[str, int] = field(default_factory=dict)
    searched: SearchUse = field(default_factory=SearchUse)
    rounds: int = 1
    file_micro_dollars: int = 0


def _tools(ask: Ask, rules: InForce, settings: Settings) -> _Tools:
    prices = prices_of_tools(settings.grok_tool_prices)
    turns = ask.search.max_turns or settings.grok_search_turns
    most = most_searched(ask.search.sources, turns, rules.caps, prices)
    if not ask.encloses_pdf:
        return _Tools(prices, most, most.rounds)
    looked_up = PDF_SEARCHES * prices[FILE_SEARCHES]
    return _Tools(prices, most, max(most.rounds, 1 + PDF_TURNS), looked_up)


def prompt_text(ask: Ask) -> str:
    """All that is sent of `ask` in any case, to be counted."""
    return "\n\n".join(_texts(ask))


def context_text(ask: Ask, settings: Settings) -> str:
    """What a shared message adds to `ask`, to be counted."""
    if ask.begun:
        return ask.begun.context
    return "" if ask.reads_thread else shared(ask.context, _most_room(settings))


def _texts(ask: Ask) -> list[str]:
    """Every prompt, and what stands beside each."""
    request = ask.request
    begun = (ask.begun.text, GO_ON) if ask.begun else ()
    beside = [text for text in (ask.system, request.suffix, *begun) if text]
    return [*request.prompts, *beside * len(request.prompts)]


def _most_room(settings: Settings) -> int:
    return max(LEAST_ROOM, settings.thread_tokens)


def _room(ask: Ask, settings: Settings, counted: Counted | None) -> tuple[int, int]:
    """The most that may go along with a prompt of `ask`, and what of it is taken in any case."""
    known = ask.begun.context if ask.begun else ask.context
    if not (ask.reads_thread or ask.conversation or known):
        return 0, 0
    rate = 1 if counted else BYTES_PER_TOKEN
    framing = _FRAME_BYTES * rate // BYTES_PER_TOKEN
    most = framing + _most_room(settings) * rate
    if ask.reads_thread:
        return most, most
    context = counted.context if counted else most_tokens(context_text(ask, settings))
    least = framing + context
    return (max(most, least) if ask.conversation else least), least


def _closed(rules: InForce) -> Scope | None:
    if paused := rules.paused:
        return paused[0]
    return Scope.parse(rules.unread[0].scope) if rules.unread else None


def _shares(rules: InForce) -> tuple[Share, ...]:
    limits: dict[Scope, dict[QuotaName, int]] = {
        WORKSPACE: {},
        Scope("channel", rules.channel): {},
        Scope("user", rules.user): {},
    }
    for limit in rules.limits:
        limits[limit.scope][limit.name] = limit.most
    return tuple(Share(scope=scope, limits=each) for scope, each in limits.items())


@dataclass(frozen=True, slots=True)
class Shortage:
    """A limit that a question does not fit in. Amounts are in the unit of the quota."""

    scope: Scope
    name: QuotaName
    limit: int
    settled: int
    held: int
    """What questions that are under way have reserved."""
    wanted: int | None
    """What this question would have reserved; None: nobody knows what it costs."""
    resets_at: int | None
    """When it begins anew, Unix time in seconds; None: as soon as other questions have ended."""

    @property
    def left(self) -> int:
        """What is neither used nor reserved."""
        return max(0, self.limit - self.settled - self.held)


class Denied(UserError):
    """A question that was not taken; nothing has changed.

    `shortages`: every limit that speaks against it, those of the workspace first, then of the
    channel, then of the person. There are none when no questions are taken, in `closed`.
    """

    def __init__(
        self, sentence: str, shortages: tuple[Shortage, ...] = (), closed: Scope | None = None
    ) -> None:
        super().__init__(sentence)
        self.shortages = shortages
        self.closed = closed


def may_fit(hold: Hold, denied: Denied) -> bool:
    """Whether what does not fit may fit once it is counted: all that is short are tokens or money,
    and what is not estimated would fit."""
    return bool(denied.shortages) and all(
        each.wanted is not None and each.name in _COUNTED and _rest(hold, each) <= each.left
        for each in denied.shortages
    )


_SIZED = ("tokens", "usd")
_COUNTED = {name for name, quota in QUOTAS.items() if quota.window and quota.unit in _SIZED}
"""What the size of a question counts against."""


def _rest(hold: Hold, short: Shortage) -> float:
    """What is wanted of a quota at least, whatever the prompt is."""
    if short.wanted is None:
        return 0
    bound = hold.rounds * (hold.input - hold.beside - hold.copies * hold.files)
    if QUOTAS[short.name].unit == "usd":
        return short.wanted - bound * hold.prices.most_input if hold.prices else 0
    return short.wanted - bound
