from __future__ import annotations

import os
import time

import pytest

from inference.crew import Crew, FreeCores


class Machine:
    """Some cores, of which others take some."""

    def __init__(self, cores: float) -> None:
        self.left = cores
        self.crew = Crew(round(cores), lambda: self.left - self.crew.size)

    def compute(self, seconds: float, *, left: float, step_s: float = 0.01) -> list[int]:
        """Steps while this many cores are left to us; answers the sizes seen."""
        self.left, sizes = left, []
        for _ in range(round(seconds / step_s)):
            self.crew.measured(min(left, self.crew.size) * step_s, step_s)
            sizes.append(self.crew.size)
        return sizes


def test_all_work_while_the_cores_are_ours() -> None:
    assert set(Machine(4).compute(5, left=4)) == {4}


@pytest.mark.parametrize(("cores", "left", "stay"), [(2, 1.0, 1), (4, 3.0, 3), (8, 3.0, 3), (2, 0.3, 1)])
def test_some_leave_when_cores_are_lost(cores: float, left: float, stay: int) -> None:
    assert Machine(cores).compute(5, left=left)[-1] == stay


def test_a_moment_without_a_core_changes_nothing() -> None:
    machine = Machine(2)
    assert set(machine.compute(0.05, left=1) + machine.compute(1, left=2)) == {2}


def test_they_return_soon_when_the_cores_do() -> None:
    machine = Machine(4)
    machine.compute(3, left=1)
    assert machine.compute(2, left=4)[-1] == 4


def test_they_seldom_try_where_nothing_is_free() -> None:
    machine = Machine(2)
    machine.compute(1, left=1)
    assert machine.compute(60, left=1).count(2) < 60


def test_they_find_a_core_that_only_looked_taken() -> None:
    machine = Machine(2)
    machine.compute(1, left=1)
    machine.crew._free_cores = lambda: 0.0
    assert machine.compute(30, left=2)[-1] == 2


def test_a_try_that_fails_is_not_repeated_at_once() -> None:
    machine = Machine(2)
    machine.compute(1, left=1)
    machine.crew._free_cores = lambda: 1.0  # an illusion
    early, late = machine.compute(5, left=1), machine.compute(20, left=1)
    assert early.count(2) / 500 > late.count(2) / 2000


def test_after_a_rest_all_are_tried_and_what_is_missing_shows_at_once() -> None:
    machine = Machine(4)
    machine.compute(1, left=1)
    machine.crew.wake(rested_s=1.0)
    assert machine.crew.size == 4
    assert machine.compute(0.3, left=1)[-1] == 1


def test_a_short_rest_shows_nothing() -> None:
    machine = Machine(4)
    machine.compute(1, left=1)
    machine.crew.wake(rested_s=0.01)
    assert machine.crew.size == 1


def test_one_thread_stays() -> None:
    assert set(Machine(1).compute(5, left=0.1)) == {1}


def test_it_measures_the_free_cores_of_this_machine() -> None:
    free_cores = FreeCores()
    time.sleep(0.1)
    assert 0 <= free_cores() <= (os.cpu_count() or 1) * 1.5  # the kernel counts in hundredths of a second
