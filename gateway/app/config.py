"""The one settings file of a shop, `config/mailflow.toml`, read and checked as a whole.

Each part of the program is handed its own section, never everything. An unknown key is an error, as is a
value of the wrong type: a setting that silently does nothing costs its owner an afternoon. All problems are
told at once, each with its line. Secrets stand in files of their own; here stand only their paths, which
count from the shop's folder. `config/mailflow.toml` of this repository shows every key with its default
(tests/architecture/test_docs.py compares them).
"""

import ipaddress
import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, cast
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from gateway.app.remedy import nearest, refusals, unreadable
from gateway.app.setting import (
    SQLITE,
    AddressOrDomain,
    AuthservIdOrNone,
    Days,
    Domain,
    DomainOrNone,
    File,
    FileOrNone,
    Host,
    HostOrNone,
    Line,
    Listening,
    LmtpOrNone,
    LocalPartOrNone,
    MailAddress,
    MailAddressOrNone,
    ManyDays,
    Name,
    NameServer,
    Network,
    Port,
    PortOrAny,
    RateOrNone,
    Selector,
    database,
    folder_of,
    ip,
    like,
    written,
)
from gateway.commands.verb import VERBS
from gateway.db.retention import Retention
from gateway.kernel.errors import InputError, MailFlowError
from gateway.kernel.tokens import Secrets, read_secrets
from gateway.outbox.throttle import Rate, parse_rate

FILE = Path("config/mailflow.toml")

ALL_DEFAULTS: Any = {}  # a section that the file may leave out


class ConfigRefused(MailFlowError):
    """The settings cannot be used; `errors` are all the reasons, in the order of the file."""

    def __init__(self, errors: Iterable[InputError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(map(str, self.errors)))


class Section(BaseModel):
    """One table of the file; frozen, and nothing but what is declared."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, strict=True, validate_default=True, hide_input_in_errors=True
    )


class ShopConfig(Section):
    """Who the shop is, as its customers see it."""

    name: Name
    domain: Domain
    token_domain: DomainOrNone = ""
    base: LocalPartOrNone = ""
    separator: Literal["+", "-"] = "+"
    email: MailAddressOrNone = ""
    timezone: str = "Europe/Berlin"
    currency: Annotated[str, like(r"[A-Z]{3}", "a currency of ISO 4217 such as EUR")] = "EUR"
    address: Line = ""
    web: Annotated[str, like(r"(https?://[^\s<>\"']+)?", "a web address such as https://example.com")] = ""

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in available_timezones():
            hint = nearest(name, available_timezones()) or "one is Europe/Berlin"
            raise ValueError(f"{name!r} is no time zone; {hint}")
        return name

    @field_validator("token_domain")
    @classmethod
    def _same_domain(cls, domain: str, info: ValidationInfo) -> str:
        return domain or info.data.get("domain", "")

    @field_validator("email")
    @classmethod
    def _hello(cls, address: str, info: ValidationInfo) -> str:
        domain = info.data.get("domain", "")
        if address and domain and not address.endswith(f"@{domain}"):
            raise ValueError(f"must be an address at {domain}, whose DKIM key signs what we send")
        return address or f"{info.data.get('base') or 'hello'}@{domain}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class OwnerConfig(Section):
    """Whose commands count, and where the owner reads her mail."""

    addresses: Annotated[tuple[MailAddress, ...], Field(min_length=1)]
    notify: MailAddressOrNone = ""
    proof: Literal["aligned", "both", "token"] = "aligned"

    @field_validator("notify")
    @classmethod
    def _first(cls, address: str, info: ValidationInfo) -> str:
        return address or info.data.get("addresses", ("",))[0]


class CommandsConfig(Section):
    """The owner's own words for commands."""

    words: dict[str, str] = {}

    @field_validator("words")
    @classmethod
    def _known(cls, words: dict[str, str]) -> dict[str, str]:
        for word, verb in words.items():
            if verb not in VERBS:
                hint = nearest(verb, VERBS) or f"one is {next(iter(VERBS))}"
                raise ValueError(f"{word} = {verb!r}: there is no such command; {hint}")
        return {word.lower(): verb for word, verb in words.items()}


class ListenConfig(Section):
    """The SMTP listener."""

    host: Listening = ""
    port: PortOrAny = 25
    hostname: HostOrNone = ""
    max_size_mib: Annotated[int, Field(ge=1, le=150)] = 20
    certificate: FileOrNone = written("")
    key: FileOrNone = written("")
    trusted: tuple[Network, ...] = ("127.0.0.0/8", "::1/128")
    authserv_id: AuthservIdOrNone = ""
    lmtp: LmtpOrNone = ""

    @model_validator(mode="after")
    def _both_or_none(self) -> "ListenConfig":
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together: give both, or leave both empty")
        return self

    @property
    def max_size(self) -> int:
        """The largest mail accepted, in octets."""
        return self.max_size_mib * 1024 * 1024

    @property
    def networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The trusted networks, which have no caps per address."""
        return tuple(map(ipaddress.ip_network, self.trusted))


class DnsConfig(Section):
    """Whom to ask about the senders of mails."""

    servers: tuple[NameServer, ...] = ()


class RelayConfig(Section):
    """The smarthost that takes our mail."""

    smarthost: Host
    port: Port = 587
    tls: Literal["off", "may", "required", "implicit"] = "required"
    username: Line = ""
    password_file: FileOrNone = written("")
    rate: RateOrNone = ""
    connections: Annotated[int, Field(ge=1, le=50)] = 2
    local_hostname: HostOrNone = ""

    @model_validator(mode="after")
    def _keeps_secrets(self) -> "RelayConfig":
        if bool(self.username) != (self.password_file is not None):
            raise ValueError("username and password_file go together: give both, or leave both empty")
        if self.tls in ("off", "may") and self.username and not self.on_this_machine:
            raise ValueError('a password never crosses an open line: set tls = "required" or "implicit"')
        return self

    @property
    def on_this_machine(self) -> bool:
        found = ip(self.smarthost)
        return self.smarthost == "localhost" or (found is not None and found.is_loopback)

    @property
    def limit(self) -> Rate | None:
        """How fast messages may leave; None: as fast as the smarthost takes them."""
        return parse_rate(self.rate) if self.rate else None

    def password(self) -> str | None:
        """The smarthost's password; None if it wants none. InputError if the file cannot be read."""
        return None if self.password_file is None else read_secret(self.password_file)


class StoreConfig(Section):
    """Where everything is kept."""

    url: str = "sqlite:///data/mailflow.db"
    password_file: FileOrNone = written("")

    @field_validator("url")
    @classmethod
    def _absolute(cls, url: str, info: ValidationInfo) -> str:
        return database(url, folder_of(info))

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database; None for PostgreSQL."""
        return Path(self.url.removeprefix(SQLITE)) if self.url.startswith(SQLITE) else None

    def address(self) -> str:
        """The URL with the password from its file, for `db.engine` alone."""
        if self.password_file is None:
            return self.url
        parts = urlsplit(self.url)
        user, at, host = parts.netloc.rpartition("@")
        password = quote(read_secret(self.password_file), safe="")
        return parts._replace(netloc=f"{user}:{password}{at}{host}").geturl()


class DkimConfig(Section):
    """The keys that sign what we send (RFC 6376; RFC 8463 for the second)."""

    selector_rsa: Selector = "mailflow"
    key_rsa: File = written("config/secrets/dkim-rsa.pem")
    selector_ed25519: Selector = "mailflow-ed"
    key_ed25519: FileOrNone = written("config/secrets/dkim-ed25519.pem")


class SecretsConfig(Section):
    """The file of our own keys, see `app.keys`."""

    file: File = written("config/secrets/keys.toml")

    def keys(self) -> Secrets:
        """The keys in it; InputError if they cannot be read."""
        try:
            text = self.file.read_text("utf-8")
        except FileNotFoundError:
            raise InputError(str(self.file), "is missing", "restore it from a copy") from None
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(str(self.file), f"cannot be read: {_reason(error)}", _readable(error)) from None
        return read_secrets(text, str(self.file))


class CorrespondentConfig(Section):
    """Somebody whose mails we expect: a shop platform or a carrier."""

    name: Name
    addresses: Annotated[tuple[AddressOrDomain, ...], Field(min_length=1)]

    def is_author(self, address: str) -> bool:
        """Whether `address` is one of theirs, or lies in (or below) one of their domains."""
        domain = address.rpartition("@")[2].lower()
        return any(
            entry.lower() == address.lower() if "@" in entry else f".{domain}".endswith(f".{entry}")
            for entry in self.addresses
        )


class ImapConfig(Section):
    """A mailbox that lives at a provider and is watched."""

    host: Host
    port: Port = 993
    tls: Literal["implicit", "off"] = "implicit"
    user: Name
    password_file: FileOrNone = written("")
    token_file: FileOrNone = written("")
    mailboxes: Annotated[tuple[Name, ...], Field(min_length=1)] = ("INBOX",)
    addresses: Annotated[tuple[MailAddress, ...], Field(min_length=1)]
    after: Literal["leave", "move"] = "leave"
    move_to: Line = ""
    authserv_id: AuthservIdOrNone = ""
    first: Literal["new", "7d"] = "new"

    @model_validator(mode="after")
    def _can_log_in(self) -> "ImapConfig":
        if (self.password_file is None) == (self.token_file is None):
            raise ValueError("give either password_file or token_file, and leave the other empty")
        found = ip(self.host)
        on_this_machine = self.host == "localhost" or (found is not None and found.is_loopback)
        if self.tls == "off" and not on_this_machine:
            raise ValueError('a password never crosses an open line: set tls = "implicit"')
        return self

    @model_validator(mode="after")
    def _moves_elsewhere(self) -> "ImapConfig":
        if (self.after == "move") != bool(self.move_to):
            raise ValueError('after = "move" and move_to go together: give both, or leave both out')
        if self.move_to in self.mailboxes:
            raise ValueError("mails cannot be moved to a mailbox that is watched itself")
        return self

    @property
    def account(self) -> str:
        """The account's name: for the owner, and for where it has been read up to."""
        return f"{self.user} at {self.host}"

    @property
    def target(self) -> str:
        """Where settled mails are moved to; "" if they stay."""
        return self.move_to if self.after == "move" else ""

    def secret(self) -> str:
        """The password or the access token, read afresh; InputError if the file cannot be read."""
        file = self.token_file or self.password_file
        assert file is not None
        return read_secret(file)


class OrdersConfig(Section):
    """What is promised to customers."""

    promise_days: Days = 5


class PurchasingConfig(Section):
    """How long a supplier may be silent."""

    answer_days: Days = 3
    remind_days: Days = 2


class FeedbackConfig(Section):
    """When a customer is asked."""

    ask_after_days: Days = 7


class RetainConfig(Section):
    """How many days things are kept."""

    handled_days: ManyDays = 90
    reports_days: ManyDays = 30
    dropped_days: ManyDays = 14
    held_days: Annotated[int, Field(ge=28, le=3650)] = 180
    traces_days: ManyDays = 90
    sent_days: ManyDays = 90
    rows_days: Annotated[int, Field(ge=90, le=3650)] = 730

    @property
    def retention(self) -> Retention:
        """The same as spans of time."""
        return Retention(
            handled=timedelta(days=self.handled_days),
            reports=timedelta(days=self.reports_days),
            dropped=timedelta(days=self.dropped_days),
            held=timedelta(days=self.held_days),
            traces=timedelta(days=self.traces_days),
            sent=timedelta(days=self.sent_days),
            rows=timedelta(days=self.rows_days),
        )


class Config(Section):
    """All sections, and the folder that relative paths count from."""

    shop: ShopConfig
    owner: OwnerConfig
    listen: ListenConfig = ALL_DEFAULTS
    dns: DnsConfig = ALL_DEFAULTS
    relay: RelayConfig
    store: StoreConfig = ALL_DEFAULTS
    dkim: DkimConfig = ALL_DEFAULTS
    secrets: SecretsConfig = ALL_DEFAULTS
    orders: OrdersConfig = ALL_DEFAULTS
    purchasing: PurchasingConfig = ALL_DEFAULTS
    feedback: FeedbackConfig = ALL_DEFAULTS
    retain: RetainConfig = ALL_DEFAULTS
    commands: CommandsConfig = ALL_DEFAULTS
    channel: tuple[CorrespondentConfig, ...] = ()
    carrier: tuple[CorrespondentConfig, ...] = ()
    imap: tuple[ImapConfig, ...] = ()

    _folder: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any, /) -> None:
        self._folder = context["folder"] if context else Path()

    @field_validator("listen")
    @classmethod
    def _greets_as_the_mail_host(cls, listen: ListenConfig, info: ValidationInfo) -> ListenConfig:
        shop: ShopConfig | None = info.data.get("shop")
        known = listen.hostname or (f"mail.{shop.domain}" if shop else "")
        return listen.model_copy(update={"hostname": known})

    @field_validator("relay")
    @classmethod
    def _greets_by_the_same_name(cls, relay: RelayConfig, info: ValidationInfo) -> RelayConfig:
        listen: ListenConfig | None = info.data.get("listen")
        known = relay.local_hostname or (listen.hostname if listen else "")
        return relay.model_copy(update={"local_hostname": known})

    @field_validator("imap")
    @classmethod
    def _watches_once(cls, accounts: tuple[ImapConfig, ...]) -> tuple[ImapConfig, ...]:
        watched = [(each.account, mailbox) for each in accounts for mailbox in each.mailboxes]
        for account, mailbox in watched:
            if watched.count((account, mailbox)) > 1:
                raise ValueError(f"{mailbox} of {account} is watched twice; name it once")
        return accounts

    @property
    def folder(self) -> Path:
        """The shop's folder."""
        return self._folder

    @property
    def data(self) -> Path:
        """Where the service writes: database, lock, socket, copies."""
        return self._folder / "data"

    @property
    def lock(self) -> Path | None:
        """Whoever holds it may write to the SQLite database; None for PostgreSQL."""
        return self.data / "mailflow.lock" if self.store.path else None

    @property
    def templates(self) -> Path:
        """The shop's words."""
        return self._folder / "templates"

    @property
    def rules(self) -> Path:
        """The shop's taste."""
        return self._folder / "rules"


def load(folder: Path) -> Config:
    """The settings of the shop in `folder`; ConfigRefused tells everything that is wrong with them."""
    return read(_text(folder), folder)


def read(text: str, folder: Path) -> Config:
    """The settings that `text` says, for a shop in `folder`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigRefused([unreadable(error, FILE)]) from None
    try:
        return Config.model_validate(_with_tuples(table), context={"folder": folder.absolute()})
    except ValidationError as error:
        raise ConfigRefused(refusals(error, model=Config, file=FILE, text=text)) from None


def read_secret(file: Path) -> str:
    """The first line of a file that holds one secret; InputError if there is none."""
    try:
        secret = file.read_text("utf-8").partition("\n")[0].strip()
    except FileNotFoundError:
        raise InputError(
            str(file), "is missing", "write the password into its first line, then chmod 600"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(file), f"cannot be read: {_reason(error)}", _readable(error)) from None
    if not secret:
        raise InputError(str(file), "is empty", "its first line must be the password")
    return secret


def _text(folder: Path) -> str:
    try:
        return (folder / FILE).read_text("utf-8-sig")  # some editors leave a byte order mark
    except (FileNotFoundError, NotADirectoryError):
        remedy = "give the shop's folder with --folder, or make one: mailflow init FOLDER"
        raise ConfigRefused([InputError(str(folder), f"is no shop: it has no {FILE}", remedy)]) from None
    except (OSError, UnicodeDecodeError) as error:
        problem = f"cannot be read: {_reason(error)}"
        raise ConfigRefused([InputError(str(FILE), problem, _readable(error))]) from None


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)


def _readable(error: OSError | UnicodeDecodeError) -> str:
    """What makes a file readable that is not."""
    if isinstance(error, UnicodeDecodeError):
        return "save it as UTF-8"
    return "it must belong to the service's user" if isinstance(error, PermissionError) else ""


def _with_tuples(value: Any) -> Any:
    """TOML's lists as tuples, which strict and frozen models want."""
    if isinstance(value, Mapping):
        table = cast("Mapping[str, Any]", value)
        return {key: _with_tuples(inner) for key, inner in table.items()}
    if isinstance(value, list):
        return tuple(map(_with_tuples, cast("list[Any]", value)))
    return value
