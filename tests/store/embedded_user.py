"""A process that uses the embedded server as the bot does: `python -m … DATA_DIR`.

Prints the server's process id once it answers, or the reason why it may not start; ends when
its standard input does.
"""

from __future__ import annotations

import asyncio
import sys

from bot.errors import StartupError
from bot.settings import Settings
from bot.store.redis.connection import open_store


async def main(data_dir: str) -> None:
    settings = Settings(redis_url=None, data_dir=data_dir, _env_file=None)
    try:
        async with open_store(settings) as store:
            server = await store.redis.info("server")
            print(server["process_id"], flush=True)
            await asyncio.to_thread(sys.stdin.read)
    except StartupError as refused:
        print(refused, flush=True)


asyncio.run(main(sys.argv[1]))
