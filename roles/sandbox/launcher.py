"""Runs inside a sandbox as the process above the code: unpacks the project, gives up all rights, starts and watches it.

It is started as a file of its own, by path, with the standard library only; the supervisor never imports it.

Standard input: the length of a JSON header (8 hexadecimal digits), the header, the project's files one after the other;
what follows is the code's own standard input. Standard output: frames of a letter, a length (8 hexadecimal digits) and
that many bytes: ``s`` started, ``o`` and ``e`` output and error of the code, ``f`` a declared file (JSON name, size or
why not), ``d`` its content, ``r`` the report (JSON).
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import stat
import sys
import time

TYPE_CHECKING = False  # as typing has it, without the time that its import takes
if TYPE_CHECKING:
    from typing import Any

_WORK = "/work"
_NOBODY = 65534
_CHUNK = 65536


def _read_exactly(size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = os.read(0, min(size, _CHUNK))
        if not part:
            sys.exit("the project did not arrive")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _send(kind: str, payload: bytes) -> None:
    data = b"%c%08x" % (ord(kind), len(payload)) + payload
    while data:
        data = data[os.write(1, data) :]


def _give_up_rights(config: dict[str, Any]) -> None:
    """Become nobody, count processes apart from other sandboxes, lose the way back, filter system calls."""
    if os.getuid() == 0 and config["become_nobody"]:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    new_user_namespace, pr_set_dumpable, pr_capbset_drop, pr_set_no_new_privs = 0x10000000, 4, 24, 38
    if config["become_nobody"]:
        # a namespace of its own, so that the limit of processes counts this sandbox alone; where that is forbidden
        # the limit counts all processes of nobody
        libc.unshare(new_user_namespace)
    for capability in range(64):
        libc.prctl(pr_capbset_drop, capability, 0, 0, 0)
    # struct __user_cap_header_struct version 3, and two empty sets
    libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
    if libc.prctl(pr_set_no_new_privs, 1, 0, 0, 0) != 0 or libc.prctl(pr_set_dumpable, 0, 0, 0, 0) != 0:
        sys.exit("the rights could not be given up")
    program = bytes.fromhex(config["seccomp"])
    if not program:
        return

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    filter_mode, pr_set_seccomp = 2, 22
    if libc.prctl(pr_set_seccomp, filter_mode, ctypes.byref(Program(len(program) // 8, program)), 0, 0) != 0:
        sys.exit("the filter of system calls was refused: " + os.strerror(ctypes.get_errno()))


def _limit_resources(config: dict[str, Any]) -> None:
    limits = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, config["memory"]),
        (resource.RLIMIT_FSIZE, config["disk"]),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 256),
    ]
    if config["processes"]:  # else the walls count them; these are the code's, this one and those of the sandbox itself
        limits.append((resource.RLIMIT_NPROC, config["processes"] + 3))
    for which, value in limits:
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))


def _unpack(files: list[tuple[str, int]]) -> None:
    os.makedirs(_WORK + "/.tmp", exist_ok=True)
    for path, size in files:
        target = os.path.join(_WORK, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as file:
            file.write(_read_exactly(size))


def _start(config: dict[str, Any]) -> tuple[int, int, int]:
    """Fork; the child becomes the code. Returns its id and the reading ends of its output and error."""
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    child = os.fork()
    if child:
        os.close(out_write)
        os.close(err_write)
        if not config["until_hangup"]:
            os.close(0)
        return child, out_read, err_read
    try:
        os.setsid()
        os.dup2(out_write, 1)
        os.dup2(err_write, 2)
        if config["cpu_seconds"]:
            resource.setrlimit(resource.RLIMIT_CPU, (config["cpu_seconds"], config["cpu_seconds"] + 1))
        os.chdir(_WORK)
        os.execve(config["command"][0], config["command"], config["environment"])  # noqa: S606 - a shell is what is to be avoided
    except BaseException as error:
        os.write(2, f"the interpreter could not be started: {error}\n".encode())
    os._exit(126)


class _Host:
    """Whether somebody is still there for whom this runs: walls that outlive the supervisor have to end themselves."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._ends = time.monotonic() + config["wall_seconds"] if config["wall_seconds"] else float("inf")
        self._input = select.poll() if config["until_hangup"] else None
        if self._input is not None:
            self._input.register(0, 0)

    def is_gone(self) -> bool:
        if time.monotonic() >= self._ends:
            return True
        return self._input is not None and any(event & select.POLLHUP for _, event in self._input.poll(0))


def _watch(
    child: int, outputs: dict[int, str], max_files: int, host: _Host
) -> tuple[int, resource.struct_rusage, bool]:
    """Pass the child's output on until it ends, then end all that it left behind. Returns status, usage, full disk."""
    poller = select.poll()
    for descriptor in outputs:
        poller.register(descriptor, select.POLLIN | select.POLLHUP)
    full = False
    next_look = 0.0
    while True:
        for descriptor, _ in poller.poll(20 if outputs else 2):
            if not _pass_on(descriptor, outputs):
                poller.unregister(descriptor)
        if time.monotonic() >= next_look:
            next_look = time.monotonic() + 0.1
            room = os.statvfs(_WORK)
            if not full and room.f_files - room.f_ffree > max_files:
                full = True
                os.kill(-1, signal.SIGKILL)
            if host.is_gone():
                os.kill(-1, signal.SIGKILL)
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid:
            break
    _end_the_rest()
    while outputs:
        for descriptor, _ in poller.poll(1000):
            if not _pass_on(descriptor, outputs):
                poller.unregister(descriptor)
    return os.waitstatus_to_exitcode(status), usage, full


def _pass_on(descriptor: int, outputs: dict[int, str]) -> bool:
    data = os.read(descriptor, _CHUNK)
    if data:
        _send(outputs[descriptor], data)
        return True
    os.close(descriptor)
    del outputs[descriptor]
    return False


def _end_the_rest() -> None:
    """Processes that the code left running: within these walls, all but the first process and this one."""
    for _ in range(100):
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            return
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        time.sleep(0.002)


def _send_outputs(paths: list[str], limit: int) -> None:
    for path in paths:
        data, reason = _read_output(path, limit)
        limit -= len(data)
        _send("f", json.dumps([path, len(data), reason]).encode())
        for start_at in range(0, len(data), _CHUNK):
            _send("d", data[start_at : start_at + _CHUNK])


def _read_output(path: str, limit: int) -> tuple[bytes, str]:
    """The content of a plain file, reached without following a link anywhere on the way; else why not."""
    folder = os.open(_WORK, os.O_RDONLY | os.O_DIRECTORY)
    try:
        *parents, name = path.split("/")
        for parent in parents:
            inner = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        try:
            about = os.fstat(file)
            if not stat.S_ISREG(about.st_mode):
                return b"", "it is no plain file"
            if about.st_size > limit:
                return b"", "it is larger than what may be copied out"
            parts: list[bytes] = []
            while part := os.read(file, _CHUNK):
                parts.append(part)
            return b"".join(parts), ""
        finally:
            os.close(file)
    except OSError as error:
        return b"", error.strerror or "it can't be read"
    finally:
        os.close(folder)


def _main() -> None:
    # signals to everybody are meant for the inside of a process namespace, where ids start again from 1
    if os.getpid() > 50 or os.getppid() != 1:
        sys.exit("this belongs into a sandbox")
    config = json.loads(_read_exactly(int(_read_exactly(8), 16)))
    if config["processors"]:
        os.sched_setaffinity(0, config["processors"])
    _give_up_rights(config)
    _limit_resources(config)
    os.umask(0o022)
    _unpack(config["files"])
    child, out, err = _start(config)
    _send("s", b"")
    status, usage, full = _watch(child, {out: "o", err: "e"}, config["max_files"], _Host(config))
    all_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    _send_outputs(config["outputs"], config["disk"])
    report = {
        "status": status,
        "cpu": all_children.ru_utime + all_children.ru_stime,
        "peak_memory": max(usage.ru_maxrss, all_children.ru_maxrss) * 1024,
        "full": full,
    }
    _send("r", json.dumps(report).encode())


if __name__ == "__main__":
    _main()
