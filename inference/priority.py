"""The lowest CPU priority: work that takes only the time nobody else wants, and needs no privilege."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil

_AUTOGROUP = Path("/proc/self/autogroup")


def lowest_priority() -> None:
    """Put this process, and the threads it starts from now on, behind everything else.

    Measured on two cores: beside an embedding loop at normal priority a chat falls from 156 to 38–51 tokens/s; with
    SCHED_IDLE it keeps 153–161. `nice 19` is weaker, hence only where nothing else is.
    """
    if sys.platform == "linux":
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        os.nice(19)  # changes nothing more, but lets the engine see that the processor time is not lost to it
        _step_behind_other_sessions()
    elif sys.platform == "win32":
        psutil.Process().nice(psutil.IDLE_PRIORITY_CLASS)
    else:
        os.nice(19)


def _step_behind_other_sessions() -> None:
    """Linux may share the processors among sessions first (sched(7), autogroup): there a policy counts only within its
    session, and each of our processes is a session of its own."""
    if os.getsid(0) != os.getpid():
        return  # the session of a terminal, say: not ours to set back
    try:
        _AUTOGROUP.write_text("19", encoding="ascii")
    except OSError:  # this kernel has no such groups
        return
