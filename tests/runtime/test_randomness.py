"""Random bytes are given out once, whoever asks: other threads, and a copy of the process."""

from __future__ import annotations

import subprocess
import sys
import threading

from roomdesk.runtime.randomness import new_uuid, token


def test_no_two_of_many_are_equal_and_each_has_its_size() -> None:
    many = [token(16) for _ in range(2000)]
    assert {len(one) for one in many} == {16} and len({*many}) == 2000
    assert len(token(1)) == 1 and len(token(4096)) == 4096


def test_a_uuid_is_a_random_one() -> None:
    many = {new_uuid() for _ in range(500)}
    assert len(many) == 500 and {(one.version, one.variant) for one in many} == {(4, "specified in RFC 4122")}


def test_threads_have_different_ones() -> None:
    given: list[bytes] = []
    threads = [threading.Thread(target=lambda: given.extend([token(16) for _ in range(300)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*given}) == 1200


def test_a_copy_of_the_process_gives_out_others() -> None:
    done = subprocess.run([sys.executable, "-c", COPIED], check=True, capture_output=True, text=True, timeout=60)
    theirs, ours = done.stdout.split()
    assert len(theirs) == len(ours) == 64 and theirs != ours


COPIED = """
import os
from roomdesk.runtime.randomness import token
token(16)
child = os.fork()
if child:
    os.waitpid(child, 0)
print(token(32).hex(), flush=True)
"""
