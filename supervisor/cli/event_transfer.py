"""`agent-supervisor events export` and `import`: the log as lines, out of one store and into another."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import anyio
from cyclopts import Parameter
from cyclopts.validators import Number

from common.errors import ConfigurationError
from supervisor.cli.bars import Follow, bars
from supervisor.cli.events import open_log, topics_given
from supervisor.cli.export_modes import Export, Told
from supervisor.cli.options import CommonOptions
from supervisor.cli.output import note, write, write_json
from supervisor.cli.runtime import load

if TYPE_CHECKING:
    from common.settings import Settings
    from events.transfer import Imported

__all__ = ["export", "import_events", "whole_file"]

_LINES = 1_000
_KEYS_NAMED = 10


def export(
    output: Annotated[Path | None, Parameter(help="Write to this file instead of standard output.")] = None,
    *,
    after: Annotated[int, Parameter(help="Only events behind this position.", validator=Number(gte=0))] = 0,
    topic: Annotated[
        tuple[str, ...],
        Parameter(help="Only this topic, such as trace.tool_called (repeatable); not to be imported."),
    ] = (),
    unredacted: Annotated[
        bool, Parameter(help="What is not encrypted is whole, too, secrets included: as secret as the log itself.")
    ] = False,
    readable: Annotated[
        bool, Parameter(help="Decrypted and redacted: for people and programs, not to be imported.")
    ] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress and no warning.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """All events and blobs, one JSON object a line.

    Unless told otherwise a copy of the log for events import: what is encrypted stays so, and what is not is whole
    where it holds no secret that a pattern knows. Else it is redacted, which is told at the end, and the export can't
    be imported. A file is there when it is whole; only its owner may read it.
    """
    if unredacted and readable:
        raise ConfigurationError("an export is unredacted or readable, not both", where="--readable")
    if unredacted and topic:
        raise ConfigurationError("an unredacted export holds every topic", where="--topic", todo="Leave one out.")

    async def work() -> int:
        topics = topics_given(topic)
        settings = load(common)
        async with await open_log(settings) as store:
            if unredacted and not quiet:
                note("This export holds everything, secrets included: keep it like the log itself.")
            with bars(quiet=quiet or output is None) as shown:
                made = Export(store, after, topics, shown.follow("export"))
                lines = made.unredacted() if unredacted else made.readable() if readable else made.importable()
                if output is None:
                    await _write_lines(lines, sys.stdout)
                else:
                    with whole_file(output) as file:
                        await _write_lines(lines, file)
        if output is not None:
            blobs = f" and {made.told.blobs} blobs" if made.told.blobs else ""
            note(f"{made.told.events} events{blobs} written to {output}")
        if not quiet and not readable:
            _tell(made.told, settings)
        return 0

    return anyio.run(work)


def _tell(told: Told, settings: Settings) -> None:
    """What whoever keeps or copies the export has to know."""
    if told.redacted:
        were = "1 line with secrets was" if told.redacted == 1 else f"{told.redacted} lines with secrets were"
        note(f"{were} redacted: this export can't be imported. One made with --unredacted can.")
    if told.encrypted:
        are = "1 line is" if told.encrypted == 1 else f"{told.encrypted} lines are"
        note(f"{are} encrypted; the keys are not in the export: whoever is to read it needs {settings.store_keys}.")


def import_events(
    file: Annotated[
        Path, Parameter(help="An export that is not redacted; - for standard input.", allow_leading_hyphen=True)
    ],
    /,
    *,
    quiet: Annotated[bool, Parameter(help="Show no progress.")] = False,
    json: Annotated[bool, Parameter(help="Print one JSON document instead.")] = False,
    common: CommonOptions = CommonOptions(),  # noqa: B008 - frozen
) -> int:
    """Put an export into an empty store, byte for byte, or finish an import that broke off.

    Everything is checked before anything is written. Importing the same file again changes nothing. Keys are not
    imported: events whose keys are not here are taken as they are, and it is told which keys to copy.
    """

    async def work() -> int:
        from events.transfer import import_lines

        settings = load(common)
        await anyio.Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
        with _seekable(file) as path, bars(quiet=quiet) as shown:
            checking = shown.follow("check")
            async with await open_log(settings) as store:
                imported = await import_lines(store, lambda: _lines(path, checking), shown.follow("import"))
        if json:
            write_json({**asdict(imported), "keys_folder": str(settings.store_keys)})
        else:
            blobs = f" and {imported.blobs} blobs" if imported.blobs else ""
            write(f"{imported.events} events{blobs} read, {imported.added} added")
        if imported.unreadable:
            _tell_keys(imported, settings)
        return 0

    return anyio.run(work)


def _tell_keys(imported: Imported, settings: Settings) -> None:
    named = [f"{key}.key" for key in imported.keys[:_KEYS_NAMED]]
    more = len(imported.keys) - len(named)
    files = f"{', '.join(named)}{f' and {more} more (--json names all)' if more else ''}"
    note(
        f"{imported.unreadable} of the events can't be read here, for {len(imported.keys)} of their keys are not here. "
        f"Copy these files from the folder of keys of the log that was exported to {settings.store_keys} (mode 0700): "
        f"{files}. Then run events rebuild --all, for the views were built without them."
    )


async def _write_lines(lines: AsyncGenerator[str], file: TextIO) -> None:
    async with aclosing(lines):
        async for line in lines:
            file.write(f"{line}\n")
    file.flush()


@contextmanager
def whole_file(path: Path) -> Generator[TextIO]:
    """A file that only its owner may read, and that is there when it is whole. Raises `ConfigurationError`."""
    path = path.resolve()
    if path.exists() and not path.is_file() and not path.is_dir():  # a pipe or a device, which stays what it is
        with path.open("w", encoding="utf-8") as special:
            yield special
        return
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            with open(part, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"the export can't be written: {error.strerror or error}", where=f"--output {path}"
        ) from None


@contextmanager
def _seekable(file: Path) -> Generator[Path]:
    """The file itself, or a private copy of standard input, for it is read twice. Raises `ConfigurationError`."""
    try:
        if str(file) != "-":
            with file.open("rb"):
                yield file
            return
        with tempfile.NamedTemporaryFile() as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.flush()
            yield Path(copy.name)
    except OSError as error:
        raise ConfigurationError(f"the file can't be read: {error.strerror or error}", where=str(file)) from None


def _lines(path: Path, follow: Follow | None) -> Generator[str]:
    """The lines of a file; `follow` is told of the bytes read. Raises `ConfigurationError` for what is no text."""
    whole, done = path.stat().st_size, 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            done += len(line)
            if follow is not None and number % _LINES == 0:
                follow(done, whole)
            try:
                yield line.decode()
            except UnicodeDecodeError:
                raise ConfigurationError("the line is no text in UTF-8", where=f"{path}, line {number}") from None
