"""A short rain of mixed and hostile mail leaves nothing behind; soak.py is the long one, with figures."""

import random
from pathlib import Path

from gateway.testing.service import Vitals

from .soak import soak

MAILS = 400
WARM_UP = 200  # by then every worker has begun, and every cache holds something
KEPT = 6  # tasks at most around the lines to the smarthost, which are kept for a while
POOL = 8  # threads that Python may begin for work that blocks, and keeps
LEAK = 60  # MiB; far more than two hundred mails may cost, far less than they would if each were kept


async def test_no_task_no_file_and_no_thread_is_left(tmp_path: Path):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    seen: dict[int, Vitals] = {}
    rain = await soak(tmp_path, MAILS, WARM_UP, seed, seen.__setitem__)
    print(seen, rain.heard)
    warm, after = seen[WARM_UP], seen[MAILS]
    assert after.connections == 0
    assert after.tasks <= seen[0].tasks + KEPT
    assert after.files <= warm.files + 1  # a reader of the database more or less
    assert after.threads <= max(warm.threads, seen[0].threads + POOL)
    assert after.memory <= warm.memory + LEAK
    assert {"250 2.0.0", "550 5.5.2", "550 5.1.1"} <= set(rain.heard)
