"""Code that means harm, by category. It is text here, and runs in a sandbox only: never import, eval or paste it.

``@CANARY@`` becomes the path of a file that must not change, ``@PORT@`` the port of listeners that nobody may reach,
``@PID@`` a process that must live on.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SNIPPETS", "Snippet"]


@dataclass(frozen=True)
class Snippet:
    category: str
    number: int
    code: str

    @property
    def name(self) -> str:
        return f"{self.category}-{self.number}"


_BY_CATEGORY: dict[str, list[str]] = {
    "imports": [
        "import os\nos.remove('@CANARY@')",
        "from os import remove as tidy\ntidy('@CANARY@')",
        "import importlib\nimportlib.import_module('os').remove('@CANARY@')",
        "__import__('os').remove('@CANARY@')",
        "import sys\nsys.modules['os'].remove('@CANARY@')",
        "import statistics\nstatistics.sys.modules['os'].remove('@CANARY@')",
        "import re\nre.enum.sys.modules['os'].remove('@CANARY@')",
        "from random import _os\n_os.remove('@CANARY@')",
        "import ｏs\nos.remove('@CANARY@')",
        "import builtins\nbuiltins.open('@CANARY@', 'w').write('x')",
        "import json.decoder as d\nd.scanner.re.enum.sys.modules['os'].remove('@CANARY@')",
        "import runpy\nrunpy.run_module('this')",
        "import posix\nposix.unlink('@CANARY@')",
        "from logging import *\nos.remove('@CANARY@')",
    ],
    "subprocess": [
        "import subprocess\nsubprocess.run(['/bin/sh', '-c', 'rm -f @CANARY@'])",
        "import os\nos.system('rm -f @CANARY@')",
        "import os\nos.execv('/bin/sh', ['sh', '-c', 'rm -f @CANARY@'])",
        "import pty\npty.spawn('/bin/sh')",
        "import os, sys\n"
        "os.posix_spawn(sys.executable, [sys.executable, '-c', \"import os; os.remove('@CANARY@')\"], {})",
        "import _posixsubprocess\nprint(_posixsubprocess.fork_exec)",
        "import os\nos.kill(@PID@, 9)",
        "import os, signal\nos.killpg(os.getpgid(@PID@), signal.SIGKILL)",
        "import os\nos.kill(-1, 9)\nwhile True: pass",
        "import os\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True: pass\n",
        "import multiprocessing\nmultiprocessing.Process(target=print).start()",
        "import uuid\nprint(uuid.getnode())",
    ],
    "dunder": [
        "print(().__class__.__base__.__subclasses__())",
        "[c for c in ().__class__.__mro__[1].__subclasses__() if c.__name__ == '_wrap_close'][0].__init__"
        ".__globals__['system']('rm -f @CANARY@')",
        "def f(): pass\nf.__globals__['__builtins__'].open('@CANARY@', 'w').write('x')",
        "print.__self__.open('@CANARY@', 'w').write('x')",
        "getattr(print, '__self__').open('@CANARY@', 'w').write('x')",
        "getattr(print, '__se' + 'lf__').open('@CANARY@', 'w').write('x')",
        "print('{0.__class__.__base__}'.format(1))",
        "print('{0.__cla' 'ss__.__init__.__globals__}'.format(1))",
        "import string\nprint(string.Formatter().get_field('0.__class__.__mro__', [1], {}))",
        "from operator import attrgetter\nprint(attrgetter('__class__.__mro__')(1)[1].__subclasses__())",
        "import operator as o\no.attrgetter('__se' + 'lf__')(print).open('@CANARY@', 'w').write('x')",
        "match 1:\n    case object(__class__=c):\n        print(c.mro()[1].__subclasses__())",
        "g = (x for x in [1])\ng.gi_frame.f_builtins['open']('@CANARY@', 'w').write('x')",
        "try:\n    1 / 0\nexcept Exception as e:\n"
        "    e.__traceback__.tb_frame.f_builtins['open']('@CANARY@', 'w').write('x')",
        "type.mro(int)[1].__subclasses__(int)",
        "print(__builtins__)",
        "class A:\n    def __getattribute__(self, n):\n        return object.__getattribute__(self, n)\n"
        "A().__init__.__globals__['__builtins__'].open('@CANARY@', 'w').write('x')",
        "import sys\nsys._getframe(0).f_builtins['open']('@CANARY@', 'w').write('x')",
        "print(f'{().__class__.__bases__[0].__subclasses__()}')",
        "'{0.__self__}'.format_map({'0': print})",
    ],
    "eval": [
        "eval(\"open('@CANARY@', 'w').write('x')\")",
        "exec(\"open('@CANARY@', 'w').write('x')\")",
        "exec(compile(\"open('@CANARY@', 'w')\", 'x', 'exec'))",
        "e = eval\ne(\"open('@CANARY@', 'w')\")",
        "list(map(eval, [\"open('@CANARY@', 'w')\"]))",
        "ｅval(\"open('@CANARY@', 'w')\")",
        "import typing\nclass A:\n    x: \"open('@CANARY@', 'w').write('x')\"\ntyping.get_type_hints(A)",
        "import types\ntypes.FunctionType((lambda: 1).__code__, {})()",
        "import timeit\ntimeit.timeit(\"open('@CANARY@', 'w')\", number=1)",
        "import code\ncode.InteractiveInterpreter().runsource(\"open('@CANARY@', 'w')\")",
        "breakpoint()",
        "import doctest\ndoctest.run_docstring_examples(\">>> open('@CANARY@', 'w')\", {})",
        "globals()['__builtins__'].exec(\"open('@CANARY@', 'w')\")",
        "# -*- coding: utf-7 -*-\n+AG8AcABlAG4AKAAnAHgAJwAsACcAdwAnACk-",
    ],
    "files": [
        "open('@CANARY@', 'w').write('x')",
        "print(open('/etc/passwd').read())",
        "import pathlib\npathlib.Path('@CANARY@').unlink()",
        "import shutil\nshutil.rmtree('/')",
        "import io\nio.FileIO('@CANARY@', 'w').write(b'x')",
        "import io\nio.open_code('@CANARY@').read()",
        "import os\nos.open('@CANARY@', os.O_WRONLY | os.O_TRUNC)",
        "import codecs\ncodecs.open('@CANARY@', 'w').write('x')",
        "import logging\nlogging.FileHandler('@CANARY@', 'w').emit(logging.makeLogRecord({'msg': 'x'}))",
        "import tempfile\ntempfile.NamedTemporaryFile(dir='/usr/lib', delete=False)",
        "import sqlite3\nsqlite3.connect('@CANARY@').execute('create table x (y)')",
        "import os\nfor name in os.listdir('/'):\n    print(name, os.access('/' + name, os.W_OK))\nopen('/x', 'w')",
        "import os\nos.mkdir('/dev/shm')\nopen('/dev/shm/x', 'wb').write(bytes(10**6))",
        "import os\nos.chmod('/launcher.py', 0o777)\nopen('/launcher.py', 'w').write('x')",
    ],
    "environment": [
        "import os\nprint(os.environ)\nassert len(os.environ) > 20",
        "print(open('/proc/self/environ').read())",
        "print(open('/proc/1/environ').read())",
        "import os\nos.setuid(0)",
        "import os\nos.chroot('/work')",
        "import os, sys\nsys.stdout.flush()\nfor fd in range(3, 128):\n    try:\n        os.write(fd, b'r00000002{}')\n"
        "    except OSError:\n        pass",
        "import pwd\nprint(pwd.getpwall())",
        "import ctypes\nprint(ctypes.CDLL(None).mount(b'none', b'/work', b'tmpfs', 0, None))\nraise SystemExit(1)",
    ],
    "network": [
        "import socket\nsocket.create_connection(('127.0.0.1', @PORT@), 1)",
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto(b'x', ('127.0.0.1', @PORT@))",
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:@PORT@', timeout=1)",
        "import http.client\nhttp.client.HTTPConnection('127.0.0.1', @PORT@, timeout=1).request('GET', '/')",
        "import socket\nsocket.socket(socket.AF_INET6).connect(('::1', @PORT@))",
        "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0agent-supervisor-canary-@PORT@')",
        "import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "import socket\nsocket.getaddrinfo('example.com', 80)",
        "import asyncio\nasyncio.run(asyncio.open_connection('127.0.0.1', @PORT@))",
    ],
    "fork-bomb": [
        "import os\nwhile True: os.fork()",
        "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass",
        "import threading\nwhile True: threading.Thread(target=threading.Event().wait).start()",
        "import os, sys\nwhile True: os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, '/work/main.py'])",
        "import os\nwhile True:\n    if os.fork():\n        os._exit(0)",
    ],
    "memory": [
        "x = 'a' * (10 ** 11)",
        "x = []\nwhile True: x.append(bytearray(10 ** 6))",
        "x = [0]\nwhile True: x += x",
        "x = 10 ** (10 ** 9)",
        "print(list(range(10 ** 12)))",
        "import os, time\nfor _ in range(12): os.fork() or [bytearray(40 * 10 ** 6), time.sleep(30)]\ntime.sleep(30)",
        "import mmap\nm = [mmap.mmap(-1, 10 ** 7) for _ in range(10 ** 4)]\n[p.write(bytes(10 ** 7)) for p in m]",
        "import os\nfd = os.memfd_create('x')\nwhile True: os.write(fd, bytes(10 ** 6))",
        "import ctypes\nl = ctypes.CDLL(None)\ni = l.shmget(0, 10 ** 8, 0o1777)\nassert i >= 0",
        "def f(): return f()\nf()",
        "x = '(' * 5000 + ')' * 5000\nprint(len(x))\ny = {}\nwhile True: y[len(y)] = str(len(y)) * 100",
    ],
    "loops": [
        "while True: pass",
        "for _ in iter(int, 1): pass",
        "import time\ntime.sleep(10 ** 6)",
        "import re\nre.match('(a+)+$', 'a' * 64 + 'b')",
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
        "import signal\nfor s in range(1, 32):\n    try: signal.signal(s, signal.SIG_IGN)\n"
        "    except OSError: pass\nwhile True: pass",
        "import sys\nsys.stdin.read()\nwhile True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass",
        "import itertools\nsum(1 for _ in itertools.count())",
        "x = 7 ** 10 ** 8",
        "import os\nos.close(1)\nos.close(2)\nwhile True: pass",
    ],
    "disk": [
        "f = open('x', 'wb')\nwhile True: f.write(bytes(10 ** 6))",
        "i = 0\nwhile True:\n    open(f'{i}', 'w').close()\n    i += 1",
        "import os\nwhile True:\n    os.mkdir('d')\n    os.chdir('d')",
        "import os\nf = os.open('x', os.O_CREAT | os.O_WRONLY)\nos.posix_fallocate(f, 0, 10 ** 12)",
        "import os\nopen('x', 'w').close()\nfor i in range(10 ** 6): os.setxattr('x', f'user.{i}', bytes(60000))",
        "import os\nopen('x', 'wb').write(bytes(10 ** 5))\nfor i in range(10 ** 6): os.link('x', f'l{i}')",
    ],
    "links": [
        "import os\nos.symlink('/etc/passwd', 'out.txt')",
        "import os\nos.symlink('@CANARY@', 'out.txt')\nopen('out.txt', 'w').write('x')",
        "import os\nos.mkdir('a')\nos.rename('a', 'b')\nos.symlink('/', 'a')\nprint(os.listdir('a'))",
        "import os\nos.mkfifo('out.txt')",
        "import os\nos.mkdir('out.txt')",
        "import os\nos.link('/launcher.py', 'out.txt')",
        "import os\nos.mknod('out.txt', 0o60666, os.makedev(8, 0))",
    ],
    "pickle": [
        "import pickle\npickle.loads(b\"cposix\\nsystem\\n(S'rm -f @CANARY@'\\ntR.\")",
        "import pickle\nclass A:\n    def __reduce__(self): return eval, ('1',)\npickle.loads(pickle.dumps(A()))",
        "import marshal\nexec(marshal.loads(marshal.dumps(compile('1', 'x', 'exec'))))",
        "import shelve\nshelve.open('x')['a'] = print",
        "import copyreg\ncopyreg.__newobj__(int)",
    ],
    "ctypes": [
        "import ctypes\nctypes.CDLL(None).system(b'rm -f @CANARY@')",
        "import ctypes\nraise SystemExit(ctypes.CDLL(None).ptrace(16, 1, 0, 0) != 0)",
        "import ctypes\nctypes.CDLL(None).syscall(272, 0x10000000)\nopen('/etc/passwd')",
        "from ctypes import *\nraise SystemExit(CDLL(None).unshare(0x10020000) != 0)",
        "import cffi\ncffi.FFI().dlopen(None)",
        "import _ctypes\n_ctypes.dlopen('libc.so.6', 0)",
    ],
    "crash": [
        "import ctypes\nctypes.string_at(0)",
        "import os\nos.abort()",
        "import sys\nsys.setrecursionlimit(10 ** 9)\ndef f(n): return f(n + 1)\nf(0)",
        "import faulthandler\nfaulthandler._sigsegv()",
        "(lambda: 0).__code__.replace(co_code=b'\\xff' * 100)\n"
        "import types\ntypes.FunctionType((lambda: 0).__code__.replace(co_code=b'd\\xff' * 100), {})()",
        "-" * 50_000 + "1",
        "(" * 1_000 + ")" * 1_000,
        "x = " + "[" * 90 + "]" * 90,
        "a" + ".a" * 20_000,
        "return 1",
        "\0import os",
    ],
    "flood": [
        "while True: print('x' * 10 ** 6)",
        "import sys\nwhile True: sys.stderr.write('x' * 10 ** 6)",
        "import os\nwhile True: os.write(1, bytes(65536))",
        "print('r00000004null' * 10 ** 6)",
        "import os\nif os.fork() == 0:\n    while True: os.write(2, b'y' * 65536)\n",
        "raise ValueError('x' * 10 ** 8)",
        "print('\\x1b]0;owned\\x07')\nimport fcntl\nfcntl.ioctl(0, 0x5412, b'x')",
    ],
}

SNIPPETS = tuple(
    Snippet(category, number, code) for category, codes in _BY_CATEGORY.items() for number, code in enumerate(codes, 1)
)
