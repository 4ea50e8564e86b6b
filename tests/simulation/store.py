"""The store of a simulation: fakeredis runs the bot's own scripts, behind calls that take time.

`test_store.py` runs the same operations on a real Valkey beside it.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import time
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from fakeredis import FakeServer
from fakeredis._helpers import SimpleError
from fakeredis._msgs import FLAG_LEAVE_EMPTY_VAL, FLAG_SKIP_CONVERT_TO_RESP2
from fakeredis._socket._fakesocket import FakeSocket
from fakeredis._socket._resp import convert_to_resp2, extract_command
from fakeredis.commands_mixins import scripting_mixin
from redis import exceptions
from redis.asyncio import Redis

from bot.store.redis import connection
from bot.store.redis.connection import REPLY_SECONDS, Script, Store
from tests.simulation.world import Call, World


def _no_rows(lua: Any) -> Any:
    return lua.table_from(())


_OF_NOTHING: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("hget", "get", "zscore"), lambda _: False),
    **dict.fromkeys(("exists", "hexists", "zcard", "scard", "hdel", "zrem", "srem"), lambda _: 0),
    **dict.fromkeys(("zrange", "zrangebyscore", "hgetall", "lrange", "zpopmin"), _no_rows),
}
"""What reading, or taking away from, a key that is not there comes to: asked most of all."""

_TOLD = ("accept", "take", "deliver", "finish", "release", "reassert", "restore", "drop", "stop")
_BLOCKING = (b"XREAD", b"XREADGROUP")


class _Socket(FakeSocket):
    """Answers one command at once. Scripts are compiled once, for all simulations."""

    def __init__(self, server: FakeServer) -> None:
        super().__init__(server, 0, client_class=Redis)
        server.lock.acquire()  # there is one thread, and each command is told of to nobody
        self.added = False

    def run(self, fields: list[bytes]) -> Any:
        """What comes of one command, as it comes of one that was sent."""
        name, arguments = extract_command(fields)
        now = time.time()
        for database in self._server.dbs.values():
            database.time = now
        try:
            func, sig = self._name_to_func(name)
            sig.check_arity(arguments, self.version)
            result = self._run_command(func, sig, arguments, False)
        except SimpleError as error:
            result = error
        return self._decode_result(result)

    def eval(self, script: bytes, numkeys: int, *rest: bytes) -> Any:
        server: Any = self._server
        runtime = server._lua_runtime
        server._lua_current_socket[0] = self
        self._script_resp = 2
        server._lua_set_keys_argv(
            runtime.table_from(rest[:numkeys]), runtime.table_from(rest[numkeys:])
        )
        try:
            return self._convert_lua_result(_compiled(script)(), nested=False)
        except scripting_mixin.LUA_MODULE.LuaError as error:
            raise SimpleError(f"ERR {error}") from None
        finally:
            self._script_resp = None

    def evalsha(self, sha1: bytes, numkeys: int, *rest: bytes) -> Any:
        script = self._server.script_cache.get(sha1)
        if script is None:
            raise SimpleError("NOSCRIPT No matching script. Please use EVAL.")
        return self.eval(script, numkeys, *rest)

    def _run_command(self, func: Any, sig: Any, args: Any, from_script: bool) -> Any:
        """As fakeredis does, but for what nobody here asks for: notices of what has changed."""
        items: Any = ()
        try:
            found = sig.apply(args, self._db, self.version)
            if len(found) == 1:
                return found[0]
            args, items = found
            result = func(*args)
            if FLAG_SKIP_CONVERT_TO_RESP2 not in sig.flags:
                result = convert_to_resp2(result, "redis", keep_doubles=False)
        except SimpleError as error:
            result = error
        for item in items:
            item.writeback(remove_empty_val=FLAG_LEAVE_EMPTY_VAL not in sig.flags)
        return result

    def _lua_redis_call(self, lua_runtime: Any, _globals: Any, op: bytes, *args: Any) -> Any:
        """As fakeredis does, which looks for new globals at each call: here once, by a test."""
        name = op.decode().lower()
        if name in ("xgroup", "xinfo"):
            name, args = f"{name} {args[0].decode().lower()}", args[1:]
        if name in _OF_NOTHING and args[0] not in self._db._dict:
            return _OF_NOTHING[name](lua_runtime)
        if name == "time":
            now = time.time()
            words = (b"%d" % now, b"%d" % (now % 1 * 1_000_000))
            return lua_runtime.table_from(words)
        arguments = [scripting_mixin._convert_redis_arg(each) for each in args]
        func, sig = self._name_to_func(name)
        if name == "xadd":
            self.added = True
        result = self._run_command(func, sig, arguments, True)
        return self._convert_redis_result(lua_runtime, result)


@functools.cache
def _lua() -> Any:
    """A server whose Lua all others use."""
    server = FakeServer(version=(8,))
    runtime = FakeSocket(server, 0, client_class=Redis)._get_server_runtime(server)
    runtime.globals()[b"cjson"][b"encode"] = _encoded
    return server


def _encoded(value: Any) -> bytes:
    """As cjson writes it: fakeredis takes an empty table for a list."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False).encode()


def _plain(value: Any) -> Any:
    if value is scripting_mixin._lua_cjson_null:
        return None
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if scripting_mixin.LUA_MODULE.lua_type(value) != "table":
        return value
    keys = list(value.keys())
    if keys and keys == list(range(1, len(keys) + 1)):
        return [_plain(each) for each in value.values()]
    return {_plain(name): _plain(each) for name, each in value.items()}


@functools.cache
def _compiled(script: bytes) -> Any:
    return _lua()._lua_runtime.compile(script)


@functools.cache
def _sources() -> dict[bytes, bytes]:
    """Every script by its digest, as a store knows them that has run for a while."""
    found = [each.name for each in (files("bot.store") / "scripts").iterdir()]
    names = [name.removesuffix(".lua") for name in found if name.endswith(".lua")]
    known = [connection.script_source(name).encode() for name in names]
    return {hashlib.sha1(source).hexdigest().encode(): source for source in known}


class FakeStore:
    """One store for all processes of a simulation."""

    def __init__(self, world: World) -> None:
        self._world = world
        server: Any = FakeServer(version=(8,))
        for name, value in vars(_lua()).items():
            if name.startswith("_lua_"):
                setattr(server, name, value)
        server.script_cache |= _sources()
        self._socket = _Socket(server)
        self._readers: list[Callable[[], bool]] = []
        self._names: dict[bytes, str] = {}
        self._trouble = ""

    def client(self) -> Store:
        """A way to it for one process."""
        return _SimStore(self._world, self)

    def begin(self, trouble: str) -> None:
        """From here on it refuses, is silent or is full."""
        self._trouble = trouble

    def end(self) -> None:
        """It is well again."""
        self._trouble = ""

    def forget_scripts(self) -> None:
        """As SCRIPT FLUSH, or a restart."""
        self._socket._server.script_cache.clear()

    def hash(self, key: str) -> dict[str, str]:
        """All fields of a hash."""
        flat = self.run("HGETALL", key)
        return dict(zip(flat[::2], flat[1::2], strict=True))

    def knows(self, sha: str, name: str) -> None:
        self._names[sha.encode()] = name

    def label(self, fields: list[bytes]) -> str:
        if fields[0] == b"EVALSHA":
            return self._names.get(fields[1], "script")
        return fields[0].decode()

    def run(self, *words: str | bytes | int) -> Any:
        """Do it at once, for whoever looks from outside."""
        fields = [each if isinstance(each, bytes) else str(each).encode() for each in words]
        return _text(self._run(fields))

    def _run(self, fields: list[bytes]) -> Any:
        return self._socket.run(fields)

    def land(self, commands: list[list[bytes]], call: Call) -> None:
        """Carry out what has arrived."""
        first = commands[0]
        if self._trouble == "refuses":
            call.fail(exceptions.ConnectionError("the store is away"))
            return
        if self._trouble == "is silent":
            self._world.later(REPLY_SECONDS, call.fail, exceptions.TimeoutError("no reply"))
            return
        if first[0] in _BLOCKING and b"BLOCK" in first:
            self._block(first, call)
            return
        if self._trouble == "is full" and first[0] == b"EVALSHA":
            call.give([exceptions.OutOfMemoryError("OOM command not allowed")])
            return
        if call.label in _TOLD:
            self._world.note("store", f"{call.label} of {call.process}")
        replies = [self._run(fields) for fields in commands]
        if call.label == "take" and replies[0]:
            job_id = first[3].decode().rpartition(":")[2]
            self._world.taken.append((self._world.loop.time(), call.process.name, job_id))
        call.give(replies)
        if self._socket.added:
            self._socket.added = False
            self._readers = [read for read in self._readers if not read()]

    def _block(self, fields: list[bytes], call: Call) -> None:
        place = fields.index(b"BLOCK")
        seconds = int(fields[place + 1]) / 1000
        asked = fields[:place] + fields[place + 2 :]
        ended = False

        def read() -> bool:
            """Whether the reader has gone."""
            if ended or not call.waits:
                return True
            reply = self._run(asked)
            if not reply:
                return False
            call.give([reply])
            return True

        def give_up() -> None:
            nonlocal ended
            if read not in self._readers:
                return
            ended = True
            self._readers.remove(read)
            call.give([None])

        if not read():
            self._readers.append(read)
            self._world.later(seconds, give_up)


@functools.cache
def _template() -> Any:
    return Redis(protocol=2, decode_responses=True)


class _SimRedis(Redis):
    """redis-py, with the connection left out."""

    _world: World
    _store: FakeStore

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        (reply,) = await _sent(self._world, self._store, [args])
        if isinstance(reply, BaseException):
            raise reply
        return _parsed(self, args[0], reply, options)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Any:
        pipe: Any = super().pipeline(transaction, shard_hint)
        pipe.execute = functools.partial(_execute, self, pipe)
        return pipe

    def __del__(self, *_: Any) -> None:
        """There is nothing to close."""


class _Pool:
    """The connections of one client, each for a script that is run by itself."""

    def __init__(self, redis: _SimRedis) -> None:
        self._redis = redis

    async def get_connection(self) -> _Connection:
        return _Connection(self._redis)

    async def release(self, connection: _Connection) -> None:
        """There is nothing to keep."""


class _Connection:
    def __init__(self, redis: _SimRedis) -> None:
        self._redis = redis
        self._command: tuple[Any, ...] = ()

    async def send_command(self, *args: Any) -> None:
        self._command = args

    async def read_response(self) -> Any:
        return await self._redis.execute_command(*self._command)


async def _execute(redis: _SimRedis, pipe: Any, raise_on_error: bool = True) -> list[Any]:
    stack, pipe.command_stack = pipe.command_stack, []
    replies = await _sent(redis._world, redis._store, [args for args, _ in stack])
    for reply in replies:
        if isinstance(reply, BaseException):
            raise reply
    return [
        _parsed(redis, args[0], reply, options)
        for (args, options), reply in zip(stack, replies, strict=True)
    ]


async def _sent(world: World, store: FakeStore, commands: list[Any]) -> list[Any]:
    packed = [_packed(args) for args in commands]
    replies: list[Any] = await world.call(
        "store", store.label(packed[0]), functools.partial(store.land, packed)
    )
    return replies


def _packed(args: Any) -> list[bytes]:
    words = [*str(args[0]).split(), *args[1:]]
    return [_bytes(each) for each in words]


def _bytes(word: Any) -> bytes:
    if isinstance(word, bytes):
        return word
    if isinstance(word, float):
        return repr(word).encode()
    return str(word).encode()


def _text(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode()
    if isinstance(reply, list):
        return [_text(each) for each in reply]
    return reply


def _parsed(redis: Redis, command: str, reply: Any, options: dict[str, Any]) -> Any:
    options.pop("keys", None)
    reply = _text(reply)
    callback = redis.response_callbacks.get(command)
    return callback(reply, **options) if callback else reply


class _SimStore(Store):
    def __init__(self, world: World, store: FakeStore) -> None:
        self.alone = self.several = False
        self.process = "one"
        redis = copy.copy(_template())
        redis.__class__ = _SimRedis
        redis._world, redis._store = world, store
        redis.connection_pool = _Pool(redis)
        self.redis = self.reads = redis
        self._store = store

    def script(self, name: str) -> Script:
        script = copy.copy(_loaded(name))
        script.registered = copy.copy(script.registered)
        script._redis = script.registered.registered_client = self.redis
        self._store.knows(script.registered.sha, name)
        return script


@functools.cache
def _loaded(name: str) -> Script:
    return Script(_template(), name)


def forget_sources() -> None:
    """The scripts are other ones from here on."""
    _sources.cache_clear()
    _loaded.cache_clear()
