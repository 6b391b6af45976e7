"""`mailflow serve`: the shop, open until it is told to stop."""

import asyncio
from pathlib import Path


def run(folder: Path) -> int:
    """Exit status 0 after an orderly stop."""
    from gateway.app.config import load
    from gateway.app.logs import set_up
    from gateway.app.service import serve

    config = load(folder)
    set_up()
    asyncio.run(serve(config))
    return 0
