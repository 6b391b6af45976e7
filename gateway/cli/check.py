"""`mailflow check`: everything that is wrong with a shop's files, told at once.

Nothing is changed and nobody is connected to but a PostgreSQL database, if the shop has one. Problems go to
standard error and make the exit status 1; remarks, such as an example that was left in place, do not.
"""

import asyncio
import os
import ssl
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gateway.app.config import Config, ConfigRefused, load
from gateway.app.defaults import shipped_folder
from gateway.app.published import signing_keys
from gateway.kernel.errors import DatabaseUnavailable, InputError, MailFlowError

_EXAMPLES = ("example.com", "example.net", "example.org", "example")  # RFC 2606


def run(folder: Path) -> int:
    """Tell all problems of the shop in `folder`; 1 if there are any."""
    config, errors = _settings(folder)
    problems = [*map(str, errors), *_files(folder.absolute())]
    remarks: list[str] = []
    if config is not None:
        problems += _of(config)
        remarks += [*_remarks(config), *_carrier_names(config), *_unread_rules(config)]
    for remark in remarks:
        print(f"remark: {remark}")
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        print(f"\n{count} in {folder.absolute()}", file=sys.stderr)
        return 1
    print(f"The shop in {folder.absolute()} is in order: settings, templates, keys, database.")
    return 0


def _settings(folder: Path) -> tuple[Config | None, Sequence[InputError]]:
    """The settings, or why there are none; a folder that is no shop is not looked into any further."""
    try:
        return load(folder), ()
    except ConfigRefused as refused:
        if not (folder / "config").is_dir():
            raise
        return None, refused.errors


def _files(folder: Path) -> Iterator[str]:
    """What is wrong with the owner's words, whether the settings can be read or not."""
    from gateway.outbox.render import Templates

    errors = Templates(folder / "templates", shipped_folder("templates")).check()
    yield from (f"templates/mail/{error}" for error in errors)


def _of(config: Config) -> Iterator[str]:
    """What is wrong with the files and the database that the settings name."""
    secrets = config.secrets.file
    private = [secrets, config.dkim.key_rsa, config.dkim.key_ed25519, config.listen.key]
    private += [config.relay.password_file, config.store.password_file]
    private += [file for account in config.imap for file in (account.password_file, account.token_file)]
    yield from (problem for file in private if file for problem in _too_open(file))
    yield from _trouble(config.secrets.keys)
    yield from _trouble(lambda: signing_keys(config.dkim, config.shop.domain))
    yield from _trouble(config.relay.password)
    yield from _trouble(config.store.address)
    for account in config.imap:
        yield from _trouble(account.secret)
    yield from _socket(config.listen.lmtp)
    yield from _certificate(config.listen.certificate, config.listen.key)
    if broken := list(_trouble(lambda: asyncio.run(_database(config)))):
        yield from broken
    else:
        yield from _unread_mailboxes(config)


def _remarks(config: Config) -> Iterator[str]:
    """What is no problem, but hardly meant."""
    examples = [("[shop] domain", config.shop.domain)]
    examples += [("[owner] addresses", address) for address in config.owner.addresses]
    examples += [("[relay] smarthost", config.relay.smarthost)]
    for key, value in examples:
        host = value.rpartition("@")[2]
        if any(f".{host}".endswith(f".{example}") for example in _EXAMPLES):
            yield f"{key} is still the example {value}"
    if config.listen.certificate is None:
        yield "[listen] certificate is empty: mail comes in unencrypted"


def _trouble(check: Callable[[], object]) -> Iterator[str]:
    """The problem that a check finds, if it finds one."""
    try:
        check()
    except (MailFlowError, OSError) as error:
        yield str(error)


def _too_open(file: Path) -> Iterator[str]:
    """A secret that others may read; one that is missing is told by whoever needs it."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
    except OSError:
        return
    if file.is_file() and mode & (stat.S_IRWXG | stat.S_IRWXO):
        remedy = f"chmod 600 {file}"
        yield str(InputError(str(file), f"is secret, but others may read it (mode {mode:04o})", remedy))


def _socket(lmtp: str) -> Iterator[str]:
    """A socket for LMTP whose folder is not there."""
    if lmtp.startswith("/") and not (folder := Path(lmtp).parent).is_dir():
        yield str(InputError("[listen] lmtp", f"the folder {folder} does not exist", "make it"))


def _certificate(certificate: Path | None, key: Path | None) -> Iterator[str]:
    if certificate is None:
        return
    for file in (certificate, key):
        if file is not None and not os.access(file, os.R_OK):
            yield str(InputError(str(file), "cannot be read" if file.exists() else "is missing"))
            return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        yield str(InputError(str(certificate), f"does not go with its key: {error.reason}"))
    except OSError as error:
        yield str(InputError(str(certificate), f"or its key cannot be read: {error.strerror}"))


def _carrier_names(config: Config) -> Iterator[str]:
    """A registered carrier that we do not know by that name; its parcels have no tracking page."""
    from gateway.app.remedy import nearest
    from gateway.orders.carriers import built_in

    known = [each.name for each in built_in().all]
    for carrier in config.carrier:
        if carrier.name not in known:
            hint = nearest(carrier.name, known) or "its parcels have no tracking page"
            yield f"[[carrier]] {carrier.name!r} is none that we know: {hint}"


def _unread_rules(config: Config) -> Iterator[str]:
    """Rules that somebody wrote, though this release reads none."""
    for file in sorted(each for each in config.rules.rglob("*") if each.suffix in (".yaml", ".yml")):
        yield f"{file.relative_to(config.folder)} is not read: this release has no rules of the owner's"


async def _database(config: Config) -> None:
    """Raise what keeps the database from being opened; one that does not exist yet is made by the service."""
    from sqlalchemy.exc import SQLAlchemyError

    from gateway.db.engine import open_database, reading
    from gateway.db.revision import standing, stored_revision

    if config.store.path and not config.store.path.exists():
        return
    try:
        async with open_database(config.store.address(), read_only=True) as db, reading(db) as tx:
            standing(await stored_revision(tx))
    except InputError:
        raise
    except DatabaseUnavailable as error:
        remedy = "put a copy in place: mailflow data restore COPY"
        raise InputError("[store] url", str(error), remedy) from None
    except (SQLAlchemyError, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError("[store] url", f"the database cannot be opened: {first}") from None


def _unread_mailboxes(config: Config) -> Iterator[str]:
    """Hosted mailboxes that are not read at present, as the service noted it."""
    if config.imap and (config.store.path is None or config.store.path.exists()):
        yield from map(str, asyncio.run(_noted(config)))


async def _noted(config: Config) -> list[InputError]:
    from gateway.db.engine import open_database, reading
    from gateway.db.revision import Standing, standing, stored_revision
    from gateway.kernel.calendar import ShopCalendar
    from gateway.pipeline.checkpoint import health

    local = ShopCalendar(config.shop.zone).local
    watched = {(account.account, mailbox) for account in config.imap for mailbox in account.mailboxes}
    async with open_database(config.store.address(), read_only=True) as db, reading(db) as tx:
        current = standing(await stored_revision(tx)) is Standing.CURRENT
        found = await health(tx) if current else ()
    remedy = "it is tried again by itself; after a change restart the service"
    return [
        InputError(
            "[[imap]]",
            f"{each.place} has not been read since {local(each.since):%Y-%m-%d %H:%M}: {each.trouble}",
            remedy,
        )
        for each in found
        if each.since is not None and (each.place.account, each.place.mailbox) in watched
    ]
