"""Ids are random, and none is given out twice, by whatever thread or process."""

from __future__ import annotations

import multiprocessing
import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.fresh_ids import FreshIds

MANY = 1_000


def test_ids_are_32_hexadecimal_digits_and_none_comes_twice() -> None:
    ids = FreshIds()
    given = [ids.take() for _ in range(MANY)]
    assert len(set(given)) == MANY
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in given)


def test_threads_share_no_id() -> None:
    ids = FreshIds()
    with ThreadPoolExecutor(8) as pool:
        given = [asked.result() for asked in [pool.submit(ids.take) for _ in range(MANY)]]
    assert len(set(given)) == MANY


def test_two_of_them_give_different_ids() -> None:
    one, other = FreshIds(), FreshIds()
    assert {one.take() for _ in range(100)}.isdisjoint({other.take() for _ in range(100)})


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="there is no fork here")
def test_a_forked_process_takes_none_of_its_parents_ids() -> None:
    ids = FreshIds()
    ids.take()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, "".join(ids.take() for _ in range(10)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(reading, 10_000).decode()
    os.close(reading)
    os.close(writing)
    assert len(told) == 320
    assert {told[start : start + 32] for start in range(0, 320, 32)}.isdisjoint(ids.take() for _ in range(100))
