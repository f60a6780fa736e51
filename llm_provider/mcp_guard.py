"""Runs one program as a child and ends it, with all that it started, when the supervisor is gone.

Started by file, as a session of its own: ``python -I -S mcp_guard.py PARENT COMMAND…``. Standard streams pass through
to the child. A supervisor that is killed can't end its children, and a child that hangs does not notice that its input
was closed; this process notices that its own parent is another one. Only the standard library, and little of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

__all__ = ["main"]

_LOOK = 0.5
_GRACE = 2.0
_NOT_FOUND = 127
_NOT_RUN = 126


def main(parent: int, command: list[str]) -> int:
    """Run the command until it ends or the process `parent` does; returns its exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):  # handlers, unlike SIG_IGN, are not handed on to the child
        signal.signal(number, _stay)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    try:
        child = subprocess.Popen(command)  # noqa: S603 - what the settings name
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)  # noqa: T201 - the supervisor reads it
        return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_RUN
    os.close(0)
    os.close(1)
    code = child.wait()
    _signal_group(signal.SIGTERM)
    return code if code >= 0 else 128 - code


def _stay(*_: object) -> None:
    """End only after the child."""


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK)
    _signal_group(signal.SIGTERM)
    time.sleep(_GRACE)
    _signal_group(signal.SIGKILL)


def _signal_group(number: int) -> None:
    """Send a signal to everything that the command started and that stayed in this session."""
    if os.getpgrp() == os.getpid():  # else the group is somebody else's
        os.killpg(os.getpgrp(), number)


if __name__ == "__main__":
    code = main(int(sys.argv[1]), sys.argv[2:])
    sys.stderr.flush()
    os._exit(code)  # not through the interpreter's end, which would flush the closed standard output
