from __future__ import annotations

import pytest

from inference.crew import Crew


def compute(crew: Crew, *, cores: float, seconds: float, step_s: float = 0.01) -> list[int]:
    """Steps on a machine that leaves this many cores to us; answers the sizes seen."""
    sizes = []
    for _ in range(round(seconds / step_s)):
        crew.measured(min(cores, crew.size) * step_s, step_s)
        sizes.append(crew.size)
    return sizes


def test_all_work_while_the_cores_are_ours() -> None:
    assert set(compute(Crew(4), cores=4, seconds=5)) == {4}


@pytest.mark.parametrize(("most", "cores", "left"), [(2, 1.0, 1), (4, 3.0, 3), (8, 3.0, 3), (2, 0.3, 1)])
def test_some_leave_when_cores_are_lost(most: int, cores: float, left: int) -> None:
    assert compute(Crew(most), cores=cores, seconds=1)[-1] in (left, left + 1)
    assert min(compute(Crew(most), cores=cores, seconds=5)) == left


def test_a_moment_without_a_core_changes_nothing() -> None:
    crew = Crew(2)
    compute(crew, cores=1, seconds=0.05)
    assert set(compute(crew, cores=2, seconds=1)) == {2}


def test_they_return_when_the_cores_do() -> None:
    crew = Crew(4)
    compute(crew, cores=1, seconds=0.5)
    assert compute(crew, cores=4, seconds=10)[-1] == 4


def test_they_try_more_and_more_seldom() -> None:
    crew = Crew(2)
    early = compute(crew, cores=1, seconds=10)
    late = compute(crew, cores=1, seconds=10)
    assert early.count(2) > late.count(2)
    assert late.count(2) < 50


def test_one_thread_stays() -> None:
    assert set(compute(Crew(1), cores=0.1, seconds=5)) == {1}
