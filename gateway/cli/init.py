"""`mailflow init`: a new shop, the DNS records that it needs, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.app.config import ConfigRefused
from gateway.app.new_shop import Settings, make_shop
from gateway.app.published import records, signing_keys
from gateway.kernel.errors import InputError

_OPTIONS: Mapping[str, str] = {  # what each setting is called on the command line
    "[shop] name": "--name",
    "[shop] domain": "--domain",
    "[shop] timezone": "--timezone",
    "[shop] currency": "--currency",
    "[owner] addresses (entry 1)": "--owner",
    "[relay] smarthost": "--smarthost",
    "[relay] port": "--smarthost",
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says about the shop."""

    name: str
    domain: str
    owner: str
    smarthost: str  # HOST or HOST:PORT
    timezone: str
    currency: str

    def settings(self) -> Settings:
        """The same as settings."""
        host, port = _host_and_port(self.smarthost)
        return {
            "shop": {
                "name": self.name,
                "domain": self.domain,
                "timezone": self.timezone,
                "currency": self.currency,
            },
            "owner": {"addresses": [self.owner]},
            "relay": {"smarthost": host} | ({"port": port} if port else {}),
        }


def run(folder: Path, wishes: Wishes) -> int:
    """Make the shop in `folder` and say what was made."""
    try:
        config = make_shop(folder, wishes.settings())
    except ConfigRefused as refused:
        raise ConfigRefused([_as_said(error) for error in refused.errors]) from None
    print(f"{config.shop.name} lives in {folder}:")
    print("  config/     the settings: config/mailflow.toml, every key with one sentence")
    print("  templates/  the words of its mails")
    print("  rules/      what to do with mails, in your words")
    print("  data/       its database, once it runs; config/secrets/ holds its keys: keep a copy of both")
    print("\nPublish in DNS:\n")
    for record in records(config, signing_keys(config.dkim, config.shop.domain)):
        print(f"; {record.why}\n{record.line()}\n")
    print("Next:")
    print(f"  1. look through {folder}/config/mailflow.toml")
    print(f"  2. mailflow check --folder {folder}")
    print(f"  3. mailflow serve --folder {folder}")
    return 0


def _as_said(error: InputError) -> InputError:
    """The problem with the option that was given, not with the line of a file that was not made."""
    for key, option in _OPTIONS.items():
        if error.problem.startswith(f"{key} "):
            return InputError(option, error.problem.removeprefix(f"{key} "), error.remedy)
    return error


def _host_and_port(text: str) -> tuple[str, int | None]:
    """HOST, HOST:PORT or [IPv6]:PORT."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")) or text.endswith("]"):
        return text.strip("[]"), None
    if not port.isdecimal():
        raise InputError("--smarthost", f"{text!r} is not a host such as smtp.example.net:587")
    return host.strip("[]"), int(port)
