"""A disk that takes longer to write for good: fsync and fdatasync of a process and its children, made slower."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["run_again_slower"]

_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
static int slower(const char *name, int descriptor) {
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);
    const char *added = getenv("ADDED_FSYNC_MS");
    if (added) usleep((useconds_t) (atof(added) * 1000));
    return real(descriptor);
}
int fsync(int descriptor) { return slower("fsync", descriptor); }
int fdatasync(int descriptor) { return slower("fdatasync", descriptor); }
"""


def run_again_slower(milliseconds: float, folder: Path, module: str = "benchmarks.bench_store") -> bool:
    """Run this program again in a process whose every fsync takes that much longer; False where no compiler is."""
    compiler = shutil.which("cc")
    if compiler is None:
        return False
    source, library = folder / "slow_disk.c", folder / "slow_disk.so"
    source.write_text(_SOURCE)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True, timeout=60)
    folder.chmod(0o755)  # a server may run as somebody else
    environ = {**os.environ, "LD_PRELOAD": str(library), "ADDED_FSYNC_MS": str(milliseconds)}
    subprocess.run([sys.executable, "-m", module, *sys.argv[1:]], env=environ, check=True)
    return True
