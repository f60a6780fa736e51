"""What code may use: the modules, names and attributes that a specification of it allows."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

__all__ = ["CODE_NAMES", "INTERNALS", "MODULES_OF_ALL", "NEVER", "CodePolicy"]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEVER = _names(
    """ctypes cffi _ctypes pickle _pickle cPickle cloudpickle dill joblib marshal shelve dbm copyreg code codeop
    importlib imp runpy pkgutil zipimport builtins _io posix nt pty fcntl termios tty mmap signal _signal gc inspect
    dis bdb pdb trace tracemalloc faulthandler sysconfig site sitecustomize usercustomize ensurepip venv pip setuptools
    distutils resource syslog _thread _posixsubprocess _socket _imp _winapi winreg msvcrt audioop crypt spwd nis
    multiprocessing concurrent atexit symtable ast webbrowser antigravity cProfile profile pstats timeit doctest
    xmlrpc turtle tkinter idlelib lib2to3 _testcapi _testinternalcapi _xxsubinterpreters interpreters pwd grp"""
)
"""Modules that no specification can allow: they run text or bytes as code, reach into interpreter or kernel."""

_COMPUTATION = _names(
    """__future__ _collections_abc _weakrefset abc array base64 binascii bisect calendar cmath collections colorsys
    contextlib copy csv dataclasses datetime decimal difflib enum fractions functools graphlib hashlib heapq hmac html
    io itertools json keyword locale logging math numbers operator random re reprlib secrets statistics string
    stringprep struct sys textwrap time token types typing typing_extensions unicodedata urllib.parse uuid warnings
    weakref zlib zoneinfo"""
)
_ACCELERATORS = _names(
    "_bisect _collections _csv _datetime _decimal _functools _heapq _json _operator _random _stat _statistics _struct"
)
"""What modules of the list above are made of."""
_FILES = _names("os pathlib tempfile shutil glob fnmatch fileinput linecache zipfile tarfile gzip bz2 lzma")
_NETWORK = _names("socket ssl select selectors http urllib ftplib smtplib imaplib poplib email httpx asyncio")
_PROCESSES = frozenset({"subprocess"})

_ONLY = {
    "io": _names("StringIO BytesIO TextIOBase SEEK_SET SEEK_CUR SEEK_END UnsupportedOperation"),
    "sys": _names(
        """argv byteorder exc_info exit float_info float_repr_style getrecursionlimit getsizeof hash_info
        implementation int_info intern maxsize maxunicode platform stderr stdin stdout version version_info
        getdefaultencoding"""
    ),
    "logging": _names(
        """getLogger Logger LoggerAdapter NullHandler Formatter DEBUG INFO WARNING ERROR CRITICAL NOTSET
        LogRecord"""
    ),
}
"""Of these modules only some members, and never the module itself as a value."""

_NOT = {
    "string": frozenset({"Formatter"}),
    "types": _names("FunctionType LambdaType CodeType CellType"),
    "typing": frozenset({"get_type_hints", "ForwardRef"}),
    "typing_extensions": frozenset({"get_type_hints", "ForwardRef", "evaluate_forward_ref"}),
    "uuid": frozenset({"getnode", "uuid1"}),
    "locale": frozenset({"setlocale", "bindtextdomain", "textdomain"}),
    "weakref": frozenset({"sys", "finalize"}),
    "os": _names(
        """system popen fork forkpty kill killpg execl execle execlp execlpe execv execve execvp execvpe posix_spawn
        posix_spawnp spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe abort _exit environ environb getenv
        getenvb putenv setuid setgid setgroups chroot mkfifo mknod memfd_create nice sched_setaffinity symlink link
        startfile"""
    ),
}

_SAME_NAME = frozenset({"collections.abc", "datetime.time", "importlib.abc", "os.path"})
"""Members of modules that have the name of another module, besides those with the name of their own."""

MODULES_OF_ALL = _names("os sys subprocess builtins ctypes importlib")
"""Attributes of these names are taken for the modules, whatever they are attributes of."""

_WAYS_OUT = _names(
    "os sys subprocess builtins ctypes importlib inspect pickle socket shutil threading multiprocessing codecs marshal"
)

CODE_NAMES = _names(
    """eval exec compile __import__ __builtins__ __loader__ __spec__ __build_class__ globals locals vars breakpoint
    help exit quit copyright credits license"""
)
"""Built-in names that run text as code or hand out namespaces."""

INTERNALS = _names(
    """__subclasses__ __globals__ __builtins__ __bases__ __base__ __mro__ __code__ __closure__ __func__ __self__
    __wrapped__ __getattribute__ __reduce__ __reduce_ex__ __import__ __loader__ __spec__ __traceback__ __defaults__
    __kwdefaults__ __dict__ __class__ __subclasshook__ __init_subclass__ __objclass__ __weakref__ __file__ __path__
    __cached__ __set_name__ __prepare__ __build_class__ __main__ __instancecheck__ __subclasscheck__ __origin__
    __annotate__ __type_params__ __thisclass__ __self_class__ mro gi_frame gi_code gi_yieldfrom cr_frame cr_code
    cr_await cr_origin ag_frame ag_code ag_await f_globals f_locals f_builtins f_back f_code f_trace tb_frame tb_next
    tb_lasti co_code co_consts func_globals func_code _getframe _current_frames settrace setprofile
    format_map"""
)
"""Attributes by which one gets from a value to classes, frames, modules and from there to everything."""


@dataclass(frozen=True)
class CodePolicy:
    """What one piece of code was declared to need; without anything declared it computes, and no more.

    `imports` are further modules (a package stands for its modules); `local` the project's own. `files`, `network` and
    `processes` each allow the modules and built-ins for that. `bytes`, `nodes` and `depth` bound the text, its syntax
    tree, and how deep that is nested.
    """

    imports: frozenset[str] = frozenset()
    local: frozenset[str] = frozenset()
    files: bool = False
    network: bool = False
    processes: bool = False
    bytes: int = 200_000
    nodes: int = 60_000
    depth: int = 60

    @cached_property
    def modules(self) -> frozenset[str]:
        """All modules that may be imported, without the project's own."""
        more: Iterable[str] = self.imports
        for allowed, names in ((self.files, _FILES), (self.network, _NETWORK), (self.processes, _PROCESSES)):
            more = (*more, *names) if allowed else more
        return frozenset(
            name for name in _COMPUTATION.union(_ACCELERATORS, more) if name.partition(".")[0] not in NEVER
        )

    def allows_module(self, name: str) -> bool:
        """Whether a module may be imported, by its full name."""
        if self.is_local(name):
            return True
        parts = name.split(".")
        return parts[0] not in NEVER and any(".".join(parts[:end]) in self.modules for end in range(1, len(parts) + 1))

    def is_local(self, name: str) -> bool:
        """Whether a module is one of the project's own, or within one of its packages."""
        return name in self.local or any(name[:at] in self.local for at, letter in enumerate(name) if letter == ".")

    def allows_member(self, module: str, name: str) -> bool:
        """Whether a member of an allowed module may be used.

        A module that another one happens to have imported (``statistics.sys``) is not one of its members.
        """
        if self.is_local(module) or module in _ACCELERATORS:
            return True
        if (only := _ONLY.get(module)) is not None and not (module == "io" and self.files):
            return name in only
        if name in _NOT.get(module, ()):
            return False
        if module.partition(".")[0] not in sys.stdlib_module_names:
            return name.strip("_") not in _WAYS_OUT
        if name.startswith("_") and not name.startswith("__"):
            return False
        return name not in sys.stdlib_module_names or name == module or f"{module}.{name}" in _SAME_NAME

    def allows_all_members(self, module: str) -> bool:
        """Whether ``from module import *`` can bring nothing but plain functions and values."""
        return module in _ACCELERATORS

    def is_only_for_members(self, module: str) -> bool:
        """Whether the module may not be handed around as a value."""
        return module in _ONLY and not self.is_local(module)
