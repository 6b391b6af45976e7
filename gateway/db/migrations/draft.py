"""Writes the next migration from what the tables say: `python -m gateway.db.migrations.draft "why"`.

The draft is to be read and mended by a person (data is moved by hand, in chunks of 2,000), its number goes
into `gateway.db.revision`, and it says how to go down again.
"""

import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from gateway.db.migrate import configuration, migrate
from gateway.db.revision import REVISIONS


def draft(why: str) -> None:
    """Compare a fresh database at the last revision with the tables, and write what differs."""
    config = configuration()
    versions = Path(__file__).parent / "versions"
    number = len(list(versions.glob("[0-9]*.py"))) + 1
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/draft.db"
        if number > 1:
            migrate(url)
        engine = create_engine(url)
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.revision(config, why, autogenerate=True, rev_id=f"{number:04}")
        engine.dispose()


if __name__ == "__main__":
    draft(sys.argv[1])
    print(f"now say in gateway/db/revision.py what comes after {REVISIONS[-1]}")
