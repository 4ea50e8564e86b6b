"""What Slack carries out long after whoever asked for it is gone never has the last word."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from sandbox.workspace import GENERAL, Message, Workspace
from tests.e2e.loaded import loaded_bot
from tests.e2e.process import environment
from tests.e2e.stage import buttons, markdown
from tests.e2e.test_crashes import WHOLE, empty_stage, slow, streaming
from tests.jobs.work import until

LATE_SECONDS = 14.0
"""How long Slack takes: less than the deadline of a call, more than starting the bot anew."""

LOOKED_AGAIN_SECONDS = 40.0


def standing(workspace: Workspace) -> list[Message]:
    return [message for message in workspace.messages(GENERAL) if not message.deleted]


def texts(workspace: Workspace) -> list[str]:
    return [markdown(message).strip() for message in standing(workspace)]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["chat.update", "chat.postMessage"])
async def test_killed_in_the_middle_of_a_call_that_slack_carries_out_later(
    tmp_path: Path, method: str
) -> None:
    """With every setting as it comes, but for the lease."""
    async with empty_stage() as stage:
        workspace = stage.workspace
        env = environment(workspace, stage.grok, tmp_path / "data")
        stage.grok.script(slow(times=None))
        async with loaded_bot(env, cwd=tmp_path) as first:
            await workspace.connected()
            if method == "chat.postMessage":
                fault = workspace.fail(method, delay=LATE_SECONDS)
                await stage.ask("Count")
            else:
                await stage.ask("Count")
                await streaming(stage)
                fault = workspace.fail(method, delay=LATE_SECONDS)
            await until(lambda: fault.times == 0)
            first.send_signal(signal.SIGKILL)
            await first.wait()
        async with loaded_bot(env, cwd=tmp_path):
            await workspace.wait_for(lambda: texts(workspace) == [WHOLE], 20)
            (answer,) = standing(workspace)
            if method == "chat.update":
                await workspace.wait_for(lambda: texts(workspace) != [WHOLE], 20)
            else:
                await workspace.wait_for(lambda: len(standing(workspace)) == 2, 20)
            await workspace.wait_for(
                lambda: texts(workspace) == [WHOLE] and "retry" in buttons(standing(workspace)[0]),
                LOOKED_AGAIN_SECONDS,
            )

    assert [message.ts for message in standing(workspace)] == [answer.ts]


@pytest.mark.slow
async def test_standing_still_in_the_middle_of_a_call_that_slack_carries_out_later(
    tmp_path: Path, redis_url: str
) -> None:
    """For longer than two leases, beside another replica; it goes on before Slack is done."""
    async with empty_stage() as stage:
        workspace = stage.workspace
        env = environment(workspace, stage.grok, tmp_path / "data", REDIS_URL=redis_url)
        stage.grok.script(slow(times=None))
        async with loaded_bot(env, cwd=tmp_path) as first:
            await workspace.connected()
            await stage.ask("Count")
            await streaming(stage)
            fault = workspace.fail("chat.update", delay=LATE_SECONDS)
            await until(lambda: fault.times == 0)
            first.send_signal(signal.SIGSTOP)
            async with loaded_bot(env, cwd=tmp_path):
                await workspace.wait_for(lambda: texts(workspace) == [WHOLE], 20)
                (answer,) = standing(workspace)
                first.send_signal(signal.SIGCONT)
                await workspace.wait_for(lambda: texts(workspace) != [WHOLE], 20)
                await workspace.wait_for(lambda: texts(workspace) == [WHOLE], LOOKED_AGAIN_SECONDS)
                assert "retry" in buttons(standing(workspace)[0])

    assert [message.ts for message in standing(workspace)] == [answer.ts]
