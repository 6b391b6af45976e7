"""Importing flanker, which talks while it is imported and while it works.

flanker 0.9.11 has escape sequences that newer Pythons warn of, its parser generator lists unused symbols on
the terminal, and it logs every address that it cannot read. The first two are no news for the owner of a
shop, and addresses have no business in logs.
"""

import io
import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr


@contextmanager
def quiet() -> Generator[None]:
    """While it lasts, nothing is shown and nothing warned of; what flanker logs goes nowhere from then on."""
    log = logging.getLogger("flanker")
    log.propagate = False  # its modules set levels of their own, so a level here would not do
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    with redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
