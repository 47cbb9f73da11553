"""The threads in the background are really placed where they should be, without any privilege."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from inference.processor_time import ProcessorTime

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has SCHED_IDLE")

NOBODY = 65534
PROGRAM = f"""
import os, threading
from inference.background import BackgroundThreads
from inference.priority import step_back

step_back()
if not os.getuid():
    os.setuid({NOBODY})
order = []

def place(gate=None):
    if gate:
        entered.set()
        gate.wait()
    order.append(threading.get_ident())
    return os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

thread = BackgroundThreads("test", 1, gives_way=True)
print(*thread.executor.submit(place).result())

gate, entered = threading.Event(), threading.Event()
before = thread.executor.submit(place, gate)
entered.wait()
thread.stand(True)
after = thread.executor.submit(place)
print(len(order), "while the one before is at work")
gate.set()
print(*before.result())
print(*after.result())

gate, entered = threading.Event(), threading.Event()
running = thread.executor.submit(place, gate)
entered.wait()
thread.stand(False)
gate.set()
print(*running.result())

for is_raised in (True, False, True):
    thread.stand(is_raised)
print(*thread.executor.submit(place).result())
print(threading.active_count(), os.sched_getscheduler(0))
"""
LEFTOVERS, ABOVE = (f"{policy} 19" for policy in (5, 0))


def test_it_goes_down_at_once_and_up_with_the_next_call_and_keeps_the_order() -> None:
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lowest, waits, before, after, lowered, again, at_last = run.stdout.splitlines()
    assert (lowest, waits) == (LEFTOVERS, "1 while the one before is at work")
    assert (before, after) == (LEFTOVERS, ABOVE)
    assert (lowered, again) == (LEFTOVERS, ABOVE)
    assert at_last == "2 0"  # no thread is left over, and the first one never went where there is no way back


def test_time_is_counted_thread_by_thread_and_never_falls(tmp_path: Path) -> None:
    own = tmp_path / str(os.getpid()) / "task"
    for place, counted in ((own / "1", "5000000000 1000000000 9"), (tmp_path / "77" / "task" / "77", "0 2000000000 9")):
        place.mkdir(parents=True)
        (place / "schedstat").write_text(counted)
    (own / "1" / "children").write_text("77 ")
    spent = ProcessorTime(tmp_path)
    first = spent.read()
    assert (first.ran_s, first.waited_s) == (pytest.approx(5), pytest.approx(3))
    (own / "1" / "children").write_text("")  # the child has ended
    assert spent.read() == first
    (own / "1" / "schedstat").write_text("6000000000 1000000000 9")
    assert spent.read().ran_s == pytest.approx(6)


def test_what_this_process_computes_is_seen() -> None:
    spent = ProcessorTime()
    before = spent.read()
    sum(range(3_000_000))
    assert spent.read().ran_s > before.ran_s
