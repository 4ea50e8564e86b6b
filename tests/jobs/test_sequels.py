"""Which job goes on with an answer that was cut, as the door and its worker find it."""

from __future__ import annotations

from bot.completion.ask import Begun
from bot.completion.result import Answer, Section
from bot.jobs.job import Job
from bot.jobs.queue import Queue
from bot.jobs.sequels import Sequel, Sequels
from bot.store.keys import Keys
from bot.store.redis.connection import Store
from tests.jobs.asks import make_answer, make_ask
from tests.jobs.steps import take_next

BEGUN = Begun(job_id="job-1", text="one", turn="job-1", user="U1")


def cut(*texts: str) -> Answer:
    sections = tuple(Section(text=text, done=True, cut=True) for text in texts)
    return make_answer().model_copy(update={"sections": sections})


async def end(queue: Queue, answer: Answer) -> Job:
    """The next job of the queue, done with `answer`."""
    lease, job = await take_next(queue)
    await queue.deliver(lease, answer)
    await queue.finish(lease, 0, job)
    found = await queue.look(job.id)
    assert found
    return found


async def go_on(queue: Queue, job_id: str, dedupe: str) -> None:
    ask = make_ask("Count", dedupe=dedupe, surface="continue", begun=BEGUN)
    assert await queue.accept(job_id, ask) == job_id


async def test_one_job_goes_on_with_each_answer(queue: Queue, store: Store, keys: Keys) -> None:
    await queue.accept("job-1", make_ask("Count"))
    job = await end(queue, cut("one", "two"))
    sequels = Sequels(queue)
    assert await sequels.find("job-1", 1) == Sequel("continue:job-1:1")
    assert await sequels.of(job) == frozenset()

    await go_on(queue, "job-2", "continue:job-1:1")
    found = await sequels.find("job-1", 1)
    assert (found.holder, found.job and found.job.id) == ("job-2", "job-2")
    assert await sequels.of(job) == {1}
    left = await store.redis.ttl(keys.seen("continue:job-1:1"))
    assert queue._retention_seconds - 60 < left <= queue._retention_seconds

    earlier = await sequels.earlier(BEGUN)
    assert earlier
    assert (earlier.job_id, set(earlier.continued)) == ("job-1", {0, 1})


async def test_what_was_stopped_unseen_does_not_count(queue: Queue) -> None:
    await queue.accept("job-1", make_ask("Count"))
    job = await end(queue, cut("one"))
    await go_on(queue, "job-2", "continue:job-1")
    stopped = make_answer("").model_copy(update={"stopped": True})
    await end(queue, stopped)

    sequels = Sequels(queue)
    assert await sequels.find("job-1", 0) == Sequel("continue:job-1:job-2")
    assert await sequels.of(job) == frozenset()
    await go_on(queue, "job-3", "continue:job-1:job-2")
    assert (await sequels.find("job-1", 0)).holder == "job-3"


async def test_what_is_forgotten_still_counts(queue: Queue, store: Store, keys: Keys) -> None:
    await go_on(queue, "job-2", "continue:job-1")
    await store.redis.delete(keys.job("job-2"))

    assert await Sequels(queue).find("job-1", 0) == Sequel("continue:job-1", "job-2")
    assert await Sequels(queue).earlier(BEGUN) is None
