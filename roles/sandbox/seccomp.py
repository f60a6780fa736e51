"""The filter of system calls for sandboxed code, as a classic BPF program (seccomp(2), linux/seccomp.h)."""

from __future__ import annotations

import platform
import struct

from common.errors import SandboxError

__all__ = ["seccomp_filter"]

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_NUMBER, _MACHINE, _FIRST, _SECOND = 0, 4, 16, 24
"""Offsets in struct seccomp_data; of arguments the low half, which holds all that is looked at."""
_NEW_NAMESPACES = 0x7E020080
_AF_UNIX = 1
_TTY_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: typing into the terminal of whoever started the sandbox."""
_FIRST_UNKNOWN = 457
"""Calls of kernels newer than this list don't exist for the code."""

_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

_DENIED = """
mount:165:40 umount2:166:39 pivot_root:155:41 chroot:161:51 unshare:272:97 setns:308:268 open_tree:428:428
move_mount:429:429 fsopen:430:430 fsconfig:431:431 fsmount:432:432 fspick:433:433 mount_setattr:442:442
ptrace:101:117 process_vm_readv:310:270 process_vm_writev:311:271 process_madvise:440:440 pidfd_getfd:438:438
kcmp:312:272 bpf:321:280 perf_event_open:298:241 userfaultfd:323:282 io_uring_setup:425:425 io_uring_enter:426:426
io_uring_register:427:427 keyctl:250:219 add_key:248:217 request_key:249:218 init_module:175:105
finit_module:313:273 delete_module:176:106 kexec_load:246:104 kexec_file_load:320:294 reboot:169:142 swapon:167:224
swapoff:168:225 acct:163:89 settimeofday:164:170 clock_settime:227:112 clock_adjtime:305:266 adjtimex:159:171
sethostname:170:161 setdomainname:171:162 syslog:103:116 quotactl:179:60 quotactl_fd:443:443 nfsservctl:180:42
lookup_dcookie:212:18 name_to_handle_at:303:264 open_by_handle_at:304:265 fanotify_init:300:262
fanotify_mark:301:263 iopl:172: ioperm:173: modify_ldt:154: personality:135:92 mbind:237:235 set_mempolicy:238:237
set_mempolicy_home_node:450:450 migrate_pages:256:238 move_pages:279:239 memfd_create:319:279 memfd_secret:447:447
shmget:29:194 shmat:30:196 shmctl:31:195 semget:64:190 semop:65:193 semctl:66:191 semtimedop:220:192 msgget:68:186
msgsnd:69:189 msgrcv:70:188 msgctl:71:187 mq_open:240:180 sched_setaffinity:203:122 sched_setscheduler:144:119
sched_setattr:314:274 sched_setparam:142:118 setpriority:141:140 ioprio_set:251:30 vhangup:153:58 setxattr:188:5
lsetxattr:189:6 fsetxattr:190:7 vmsplice:278:75 mknod:133: mknodat:259:33 uselib:134: ustat:136: sysfs:139:
_sysctl:156: create_module:174: query_module:178: get_kernel_syms:177: remap_file_pages:216:234
"""
"""name:number on x86_64:number on aarch64. Namespaces, mounts and tracing lead out; the rest is kernel surface, or
memory that no limit counts (shared segments, queues, extended attributes, memory files)."""

_CLONE3, _CLONE, _SOCKET, _IOCTL = (435, 435), (56, 220), (41, 198), (16, 29)


def seccomp_filter(machine: str | None = None) -> bytes:
    """The program for a machine (None: this one), as an array of ``struct sock_filter``.

    Raises `SandboxError` for machines whose call numbers are not listed.
    """
    machine = machine or platform.machine()
    if machine not in _MACHINES:
        raise SandboxError(
            f"there is no filter of system calls for {machine}",
            todo=f"Build on {' or '.join(sorted(_MACHINES))}, or in Docker.",
        )
    audit, column = _MACHINES[machine]
    program = [_op(_LOAD, _MACHINE), _op(_EQUAL, audit, 1, 0), _op(_RETURN, _KILL), _op(_LOAD, _NUMBER)]
    # the calls of the x32 interface have a bit above all numbers, so that this refuses them too
    program += [_op(_AT_LEAST, _FIRST_UNKNOWN, 0, 1), _op(_RETURN, _ERRNO | _ENOSYS)]
    # the C library falls back to clone, whose flags can be looked at
    program += [_op(_EQUAL, _CLONE3[column], 0, 1), _op(_RETURN, _ERRNO | _ENOSYS)]
    for entry in _DENIED.split():
        number = entry.split(":")[1 + column]
        if number:
            program += [_op(_EQUAL, int(number), 0, 1), _op(_RETURN, _ERRNO | _EPERM)]
    refuse, allow = _op(_RETURN, _ERRNO | _EPERM), _op(_RETURN, _ALLOW)
    program += [_op(_EQUAL, _CLONE[column], 0, 4), _op(_LOAD, _FIRST), _op(_ANY_BIT, _NEW_NAMESPACES, 0, 1)]
    program += [refuse, allow]
    program += [_op(_EQUAL, _SOCKET[column], 0, 4), _op(_LOAD, _FIRST), _op(_EQUAL, _AF_UNIX, 1, 0), refuse, allow]
    program += [_op(_EQUAL, _IOCTL[column], 0, 5), _op(_LOAD, _SECOND)]
    program += [_op(_EQUAL, _TTY_INPUT[0], 1, 0), _op(_EQUAL, _TTY_INPUT[1], 0, 1), refuse, allow, allow]
    return b"".join(program)


def _op(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
