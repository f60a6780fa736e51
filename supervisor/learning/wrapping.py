"""Puts something around every call of a function, whatever kind of function it is, without changing what it does."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, Protocol, Self, TypeVar, cast

from common.logs import get_logger

__all__ = ["Around", "Begin", "wrapped"]

_log = get_logger(__name__)
_MAX_CHARS = 1_000

Function = TypeVar("Function", bound=Callable[..., Any])


class Around(Protocol):
    """One call. It is entered while the function's own code runs, and told once how that ended."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: Any) -> None: ...
    def returned(self, value: object) -> None:
        """The function returned; a generator came to its end."""
        ...

    def raised(self, error: BaseException) -> None:
        """The function raised; a generator was closed before its end (`GeneratorExit`)."""
        ...


Begin = Callable[[tuple[Any, ...], dict[str, Any]], Around | None]


class _Nothing:
    """Around a call that is not recorded."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def returned(self, value: object) -> None:
        """Nothing."""

    def raised(self, error: BaseException) -> None:
        """Nothing."""


def wrapped(function: Function, begin: Begin) -> Function:
    """The function with `begin` called before each call; its kind, signature and behaviour stay.

    Static and class methods may be given as such. What `begin` and what it gives raise is logged and goes no further.
    """
    if isinstance(function, (staticmethod, classmethod)):
        method = cast("Any", function)
        return cast("Function", type(method)(wrapped(method.__func__, begin)))
    code = _code_of(function)
    if inspect.isasyncgenfunction(code):
        made = _async_generator(function, begin)
    elif inspect.iscoroutinefunction(code):
        made = _coroutine(function, begin)
    elif inspect.isgeneratorfunction(code):
        made = _generator(function, begin)
    else:
        made = _plain(function, begin)
    return cast("Function", functools.update_wrapper(made, function))


def _code_of(function: Callable[..., Any]) -> Any:
    """What tells the kind of the function; of an object that can be called its method."""
    is_function = inspect.isroutine(function) or isinstance(function, functools.partial)
    return cast("Any", function) if is_function else function.__call__


def _begun(begin: Begin, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Around:
    try:
        return begin(args, kwargs) or _Nothing()
    except Exception:
        _log.warning("a call could not be recorded", exc_info=True)
        return _Nothing()


def _safely(tell: Callable[..., None], what: object) -> None:
    try:
        tell(what)
    except Exception:
        _log.warning("the end of a call could not be recorded", exc_info=True)


def _plain(function: Callable[..., Any], begin: Begin) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        around = _begun(begin, args, kwargs)
        try:
            with around:
                value = function(*args, **kwargs)
        except BaseException as error:
            _safely(around.raised, error)
            raise
        _safely(around.returned, value)
        return value

    return call


def _coroutine(function: Callable[..., Any], begin: Begin) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        around = _begun(begin, args, kwargs)
        try:
            with around:
                value = await function(*args, **kwargs)
        except BaseException as error:
            _safely(around.raised, error)
            raise
        _safely(around.returned, value)
        return value

    return call


class _Yielded:
    """What a generator gave, as far as it is worth telling: its texts, or how many things."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._room = _MAX_CHARS
        self._count = 0

    def add(self, item: object) -> None:
        self._count += 1
        if isinstance(item, str) and self._room > 0:
            self._texts.append(item[: self._room])
            self._room -= len(item)

    def told(self, value: object = None) -> object:
        if value is not None:
            return value
        return "".join(self._texts) or f"{self._count} items"


def _generator(function: Callable[..., Any], begin: Begin) -> Callable[..., Generator[Any, Any, Any]]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        inner = function(*args, **kwargs)
        around, given = _begun(begin, args, kwargs), _Yielded()
        step: Callable[[], Any] = functools.partial(next, inner)
        try:
            while True:
                try:
                    with around:
                        item = step()
                except StopIteration as end:
                    value = end.value
                    break
                given.add(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    with around:
                        inner.close()
                    raise
                except BaseException as error:
                    step = functools.partial(inner.throw, error)
                else:
                    step = functools.partial(inner.send, sent)
        except BaseException as error:
            _safely(around.raised, error)
            raise
        _safely(around.returned, given.told(value))
        return value

    return call


def _async_generator(function: Callable[..., Any], begin: Begin) -> Callable[..., AsyncGenerator[Any, Any]]:
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        inner = function(*args, **kwargs)
        around, given = _begun(begin, args, kwargs), _Yielded()
        step: Callable[[], Any] = functools.partial(inner.asend, None)
        try:
            while True:
                try:
                    with around:
                        item = await step()
                except StopAsyncIteration:
                    break
                given.add(item)
                try:
                    sent = yield item
                except GeneratorExit:
                    with around:
                        await inner.aclose()
                    raise
                except BaseException as error:
                    step = functools.partial(inner.athrow, error)
                else:
                    step = functools.partial(inner.asend, sent)
        except BaseException as error:
            _safely(around.raised, error)
            raise
        _safely(around.returned, given.told())

    return call
