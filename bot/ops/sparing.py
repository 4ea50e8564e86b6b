"""What Python and its libraries do when they are loaded, and nobody has use for, is left out: an
eighth of what it takes a bot to be ready."""

from __future__ import annotations

import dataclasses
import ssl
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import Field, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any

_READ = "set_default_verify_paths"

_Fields = Sequence[Field[Any]]
_Method = Callable[..., Any]


@contextmanager
def spare_certificates() -> Iterator[None]:
    """While entered, a context that verifies nobody reads no certificates. aiohttp makes one as it
    is imported, and to read those of the system takes 20 ms."""
    read = ssl.SSLContext.set_default_verify_paths

    def read_to_verify(context: ssl.SSLContext) -> None:
        if context.verify_mode is not ssl.CERT_NONE:
            read(context)

    setattr(ssl.SSLContext, _READ, read_to_verify)
    try:
        yield
    finally:
        delattr(ssl.SSLContext, _READ)  # it has what it inherits again


def spare_compiling() -> bool:
    """Let `dataclasses` compile fewer methods; False where that has nothing to gain.

    Up to Python 3.12 it writes each method as text and compiles it, six for a class that is frozen,
    which takes a third of a millisecond. All but `__init__` are the same for all classes but for
    the names of the fields, and are made here without. From 3.13 on all are compiled together.
    """
    namespace = vars(dataclasses)
    made = {
        "_frozen_get_del_attr": _frozen,
        "_hash_fn": _hash,
        "_repr_fn": _repr,
        "_cmp_fn": _compared_by(namespace.get("_cmp_fn")),
    }
    if sys.version_info >= (3, 13) or not namespace.keys() >= made.keys():
        return False
    namespace.update(made)
    return True


def _frozen(cls: type[Any], fields: _Fields, _globals: object) -> tuple[_Method, _Method]:
    names = frozenset(field.name for field in fields)

    def __setattr__(self: object, name: str, value: object) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: object, name: str) -> None:  # noqa: N807
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return __setattr__, __delattr__


def _hash(fields: _Fields, _globals: object) -> _Method:
    values = _values_of([field.name for field in fields])

    def __hash__(self: object) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


def _repr(fields: _Fields, _globals: object) -> _Method:
    names = [field.name for field in fields]
    values = _values_of(names)

    @recursive_repr()
    def __repr__(self: object) -> str:  # noqa: N807
        shown = (f"{name}={value!r}" for name, value in zip(names, values(self), strict=True))
        return f"{self.__class__.__qualname__}({', '.join(shown)})"

    return __repr__


def _compared_by(usual: Any) -> _Method:
    def _compared(name: str, operator: str, ours: str, theirs: str, **others: Any) -> _Method:
        """`ours` names the fields as in `(self.first,self.second,)`."""
        if operator != "==":
            compiled: _Method = usual(name, operator, ours, theirs, **others)
            return compiled
        names = [each.removeprefix("self.") for each in ours.strip("()").split(",") if each]
        values = _values_of(names)

        def __eq__(self: object, other: object) -> Any:  # noqa: N807
            if other.__class__ is self.__class__:
                return values(self) == values(other)
            return NotImplemented

        return __eq__

    return _compared


def _values_of(names: Sequence[str]) -> Callable[[object], tuple[Any, ...]]:
    """What gives the values of these fields of an instance."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda instance: tuple(getattr(instance, name) for name in names)
