"""Has the C library give back what mail has used: parsing needs many times the size of a mail, for a moment.

By default each thread that was ever busy keeps an arena of its own, and after the first large mail blocks of
that size are kept as well (mallopt(3)). Over mixed mail (tests/performance/soak.py) that was a third of the
service's resident memory, in use by nobody.
"""

import ctypes

# Parameters of mallopt(3), as malloc.h numbers them.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_BLOCK = 128 * 1024  # octets: glibc's own first figure, which it would raise to 32 MiB


def give_back() -> bool:
    """Set it for the whole process, before threads begin; False where the C library is not glibc."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    wanted = {_ARENA_MAX: 1, _MMAP_THRESHOLD: _BLOCK, _TRIM_THRESHOLD: _BLOCK}
    return all(mallopt(parameter, value) for parameter, value in wanted.items())
