"""Importing a library that talks while it is imported.

flanker 0.9.11 has escape sequences that newer Pythons warn of, and its parser generator lists unused symbols
on the terminal; neither is news for the owner of a shop.
"""

import io
import warnings
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr


@contextmanager
def quiet() -> Generator[None]:
    """While it lasts, no warning is shown and nothing is written to the terminal by Python code."""
    with redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
