"""A process of the platform: forked from the supervisor, it becomes its program and cannot outlive it."""

import contextlib
import ctypes
import logging
import os
import pwd
import runpy
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)  # Python itself keeps SIGPIPE ignored
_LIBC: Final = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Program:
    """What a process runs: `python -m module arguments`, in `environment`; `name` is how it is shown."""

    name: str
    module: str
    environment: Mapping[str, str]
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Executable:
    """What a process runs that is not Python: the file at `path`, as `user` or, without one, as whoever we are."""

    name: str
    path: str
    environment: Mapping[str, str]
    arguments: tuple[str, ...] = ()
    user: str | None = None


def fork(program: Program | Executable, output: int) -> int:
    """Start the program, both its outputs on the file descriptor `output`; return its process id."""
    parent = os.getpid()
    sys.stdout.flush()
    # A signal that came before the child has its own handlers would wake the supervisor's event loop instead.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
        if pid == 0:
            _run(program, output, parent, before)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(program: Program | Executable, output: int, parent: int, mask: set[int]) -> None:
    """Be the child: never returns."""
    code = 70
    try:
        _detach(output)
        _restore_signals(mask)
        if isinstance(program, Executable):
            _execute(program, parent)
        _bind_to(parent, program.name)
        os.environ.clear()
        os.environ.update(program.environment)
        code = _run_module(program)
    except BaseException:  # noqa: BLE001 - it must not unwind into the supervisor's frames
        traceback.print_exc()
    finally:
        logging.shutdown()
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _detach(output: int) -> None:
    """Keep no descriptor but the standard ones, and leave the terminal's process group: Ctrl-C is the supervisor's."""
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.closerange(3, 1 + max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _restore_signals(mask: set[int]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _execute(program: Executable, parent: int) -> NoReturn:
    if program.user:
        account = pwd.getpwnam(program.user)
        os.initgroups(program.user, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    _bind_to(parent, program.name)  # only now: whoever changes user is bound to nobody
    os.execve(program.path, [program.path, *program.arguments], program.environment)  # noqa: S606 - no shell is meant


def _bind_to(parent: int, name: str) -> None:
    """Have the kernel kill this process when its parent dies, and call it by its name in `ps` and `top`."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _LIBC.prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)
    if os.getppid() != parent:  # it died before it was watched
        os._exit(1)


def _run_module(program: Program) -> int:
    sys.argv = [program.module, *program.arguments]
    try:
        runpy.run_module(program.module, run_name="__main__", alter_sys=True)
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        sys.stderr.write(f"{leaving.code}\n")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0
