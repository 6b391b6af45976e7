import stat
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.app.config import ConfigRefused, load
from gateway.kernel.errors import InputError

LEAST = """\
[shop]
name = "Pottery Lane"
domain = "Pottery.Example"
[owner]
addresses = ["mia@pottery.example", "mia@home.example"]
[relay]
smarthost = "smtp.provider.example"
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        (tmp_path / "config").mkdir(exist_ok=True)
        (tmp_path / "config/mailflow.toml").write_text(text, "utf-8")
        return tmp_path

    return write


def complaints(folder: Path) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        load(folder)
    assert str(refused.value).splitlines() == [str(error) for error in refused.value.errors]
    return [str(error) for error in refused.value.errors]


def test_three_sections_are_a_whole_shop(written):
    config = load(written(LEAST))
    assert config.shop.email == "hello@pottery.example"
    assert config.shop.token_domain == "pottery.example"
    assert config.owner.notify == "mia@pottery.example"
    assert config.listen.hostname == "mail.pottery.example"
    assert config.relay.local_hostname == "mail.pottery.example"
    assert config.shop.zone.key == "Europe/Berlin"
    assert config.listen.max_size == 20 * 1024 * 1024
    assert config.relay.limit is None


def test_what_is_said_is_not_filled_in(written):
    said = (
        LEAST.replace(
            "[owner]", 'token_domain = "in.pottery.example"\nemail = "shop@pottery.example"\n[owner]'
        ).replace(
            "[relay]",
            'notify = "mia@home.example"\n[relay]\nlocal_hostname = "out.example"\nrate = "100/min"',
        )
        + '[listen]\nhostname = "mx.pottery.example"\n'
    )
    config = load(written(said))
    assert config.shop.token_domain == "in.pottery.example"
    assert config.shop.email == "shop@pottery.example"
    assert config.owner.notify == "mia@home.example"
    assert config.listen.hostname == "mx.pottery.example"
    assert config.relay.local_hostname == "out.example"
    assert config.relay.limit is not None
    assert config.relay.limit.spacing == timedelta(milliseconds=600)


@pytest.mark.parametrize("place", ["", "127.0.0.1:2424", "[::1]:24"])
def test_lmtp_is_spoken_on_this_machine(written, place: str):
    assert load(written(f'{LEAST}[listen]\nlmtp = "{place}"\n')).listen.lmtp == place


def test_a_socket_for_lmtp_counts_from_the_shops_folder(written):
    folder = written(LEAST + '[listen]\nlmtp = "data/lmtp"\n')
    assert load(folder).listen.lmtp == f"{folder}/data/lmtp"


def test_paths_count_from_the_shops_folder(written):
    folder = written(LEAST + '[dkim]\nkey_ed25519 = ""\n[secrets]\nfile = "/etc/mailflow/keys.toml"\n')
    config = load(folder)
    assert config.folder == folder
    assert config.data == folder / "data"
    assert (config.templates, config.rules) == (folder / "templates", folder / "rules")
    assert config.store.url == f"sqlite:///{folder}/data/mailflow.db"
    assert config.store.path == folder / "data/mailflow.db"
    assert config.dkim.key_rsa == folder / "config/secrets/dkim-rsa.pem"
    assert config.dkim.key_ed25519 is None
    assert config.secrets.file == Path("/etc/mailflow/keys.toml")


def test_an_absolute_database_stays_where_it_is(written):
    config = load(written(LEAST + '[store]\nurl = "sqlite:////srv/shop.db"\n'))
    assert config.store.url == "sqlite:////srv/shop.db"


def test_a_folder_given_relatively_is_made_absolute(written, monkeypatch):
    monkeypatch.chdir(written(LEAST))
    assert load(Path()).folder == Path.cwd()


def test_settings_cannot_be_changed_once_read(written):
    config = load(written(LEAST))
    with pytest.raises(ValueError, match="frozen"):
        config.shop.name = "Other"  # type: ignore[misc]


def test_every_problem_is_told_at_once_in_the_order_of_the_file(written):
    text = LEAST.replace("[owner]", 'timezone = "Europe/Berln"\n[owner]').replace(
        "[relay]", '[relay]\ntls = "maybe"\nprot = 25'
    )
    assert complaints(written(text)) == [
        "config/mailflow.toml:4: [shop] timezone 'Europe/Berln' is no time zone; did you mean Europe/Berlin?",
        "config/mailflow.toml:8: [relay] tls must be one of 'off', 'may', 'required' or 'implicit'",
        "config/mailflow.toml:9: [relay] prot is an unknown key; did you mean port?",
    ]


@pytest.mark.parametrize(
    ("added", "complaint"),
    [
        ("[relays]\nx = 1", ":8: [relays] is an unknown section; did you mean relay?"),
        ("[zzz]\nx = 1", ":8: [zzz] is an unknown section; known here: shop, owner, listen"),
        ("store = 5", ":8: [relay] store is an unknown key"),
        ('rate = "fast"', ":8: [relay] rate 'fast' is not a rate such as 100/min"),
        ('username = "mia"', ":6: [relay] username and password_file go together"),
        (
            'username = "mia"\npassword_file = "p"\ntls = "may"',
            ":6: [relay] a password never crosses an open line",
        ),
        ("[orders]\npromise_days = 0", ":9: [orders] promise_days must be at least 1"),
        ("[orders]\npromise_days = 999", ":9: [orders] promise_days must be at most 365"),
        ("[orders]\npromise_days = 2.5", ":9: [orders] promise_days must be a whole number"),
        ("[orders]\npromise_days = true", ":9: [orders] promise_days must be a whole number"),
        ('[listen]\nport = "25"', ":9: [listen] port must be a whole number, without quotes"),
        ("[listen]\nport = 70000", ":9: [listen] port must be at most 65535"),
        ('[listen]\nhost = "mail.example"', ":9: [listen] host 'mail.example' is not an IP address"),
        (
            '[listen]\ntrusted = ["10.0.0.1/8"]',
            "'10.0.0.1/8' is not a network, but a host in one; did you mean 10.0.0.0/8?",
        ),
        ('[listen]\nlmtp = "192.0.2.1:24"', ":9: [listen] lmtp '192.0.2.1:24' is neither a port of this"),
        ('[listen]\nlmtp = "127.0.0.1:70000"', ":9: [listen] lmtp '127.0.0.1:70000' is neither a port of"),
        ('[listen]\nkey = "x.pem"', ":8: [listen] certificate and key go together"),
        ('[store]\nurl = "mysql://x/y"', ":9: [store] url must look like sqlite:///data/mailflow.db or"),
        ('[store]\nurl = "postgresql://host"', ":9: [store] url must look like"),
        ('[store]\nurl = "postgresql://[::1/x"', ":9: [store] url"),
        ('[store]\nurl = "sqlite:///"', ":9: [store] url must look like"),
        ('[[channel]]\nname = "a"\naddresses = []', ":10: [[channel]] number 1, addresses must not be"),
        ('[[carrier]]\nname = "a"', ":8: [[carrier]] number 1, addresses is missing"),
        ('[carrier]\nname = "a"', ":8: [carrier] may stand there more than once; write it with two"),
        ("[shop]", ":8: [shop] has begun already; put its keys where it first stands"),
        ("port = 25\nport = 26", ":9: this key has a value already; keep one of them"),
        ('[listen]\ntrusted = ["everybody"]', "'everybody' is not a network such as 192.0.2.0/24"),
        ('[dns]\nservers = ["9.9.9.9:0"]', ":9: [dns] servers (entry 1) '9.9.9.9:0' is no name server"),
    ],
)
def test_a_wrong_setting_names_line_key_and_what_is_allowed(written, added, complaint):
    (only,) = complaints(written(f"{LEAST}{added}\n"))
    assert only.startswith("config/mailflow.toml")
    assert complaint in only


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("[shop]", "folder = 3\n[shop]", ":1: [folder] is an unknown section"),
        ("Pottery Lane", "", ":2: [shop] name must not be empty"),
        ("Pottery Lane", "Pottery\\nBcc: x@y.example", ":2: [shop] name must be one line"),
        ('"Pottery Lane"', "Pottery Lane", ":2: is not TOML: Invalid value; texts stand in quotes"),
        ("Pottery.Example", "münchen.example", ":3: [shop] domain 'münchen.example' is not a domain"),
        ("mia@home.example", "mia at home", ":5: [owner] addresses (entry 2) 'mia at home' is not an"),
        ("mia@home.example", "<mia@home.example>", ":5: [owner] addresses (entry 2)"),
        ('["mia@pottery.example", "mia@home.example"]', "[]", ":5: [owner] addresses must not be empty"),
        ('["mia@pottery.example", "mia@home.example"]', '"m@x.example"', "addresses must be a list such as"),
        (
            "smtp.provider.example",
            "smtp.example:25",
            "'smtp.example:25' is not a host name or an IP address; its port",
        ),
        ("smtp.provider.example", "smtp provider", ":7: [relay] smarthost 'smtp provider' is not a host"),
        ('smarthost = "smtp.provider.example"', "", ":6: [relay] smarthost is missing"),
        ('[relay]\nsmarthost = "smtp.provider.example"', "", ": [relay] is missing; add a section [relay]"),
        ('[relay]\nsmarthost = "smtp.provider.example"', "[[relay]]", ":6: [relay] must be a table"),
    ],
)
def test_a_wrong_value_in_place_of_a_right_one_is_told(written, right, wrong, complaint):
    (only,) = complaints(written(LEAST.replace(right, wrong)))
    assert only.startswith("config/mailflow.toml")
    assert complaint in only


def test_each_of_several_channels_has_its_own_lines(written):
    first = '[[channel]]\nname = "a"\naddresses = ["a.example"]\n'
    second = '[[channel]]\nname = "b"\nadres = "b.example"\naddresses = ["b.example", "?"]\n'
    unknown, wrong = complaints(written(LEAST + first + second))
    assert ":13: [[channel]] number 2, adres is an unknown key; did you mean addresses?" in unknown
    assert ":14: [[channel]] number 2, addresses (entry 2) '?' is not a domain" in wrong


def test_the_shown_address_lies_in_the_domain_that_signs(written):
    (only,) = complaints(written(LEAST.replace("[owner]", 'email = "shop@other.example"\n[owner]')))
    assert ":4: [shop] email must be an address at pottery.example" in only


def test_a_list_of_wrong_addresses_is_not_called_empty(written):
    (only,) = complaints(written(LEAST.replace('["mia@pottery.example", "mia@home.example"]', '["nobody"]')))
    assert "'nobody' is not an address" in only


def test_a_password_in_the_file_is_refused_and_not_repeated(written):
    (only,) = complaints(written(LEAST + '[store]\nurl = "postgresql://shop:hunter2@db/shop"\n'))
    assert "password_file" in only
    assert "hunter2" not in only


def test_a_password_is_read_from_its_file(written):
    folder = written(
        LEAST
        + 'username = "mia"\npassword_file = "config/secrets/relay"\n'
        + '[store]\nurl = "postgresql://shop@db:5433/shop"\npassword_file = "config/secrets/db"\n'
    )
    (folder / "config/secrets").mkdir()
    (folder / "config/secrets/relay").write_text("  s3cret words \nsecond line\n")
    (folder / "config/secrets/db").write_text("p@ss/word\n")
    config = load(folder)
    assert config.relay.password() == "s3cret words"
    assert config.store.path is None
    assert config.store.address() == "postgresql://shop:p%40ss%2Fword@db:5433/shop"


def test_a_password_file_that_is_missing_or_empty_is_named(written):
    folder = written(LEAST + 'username = "mia"\npassword_file = "nowhere"\n')
    config = load(folder)
    with pytest.raises(InputError, match="nowhere: is missing; write the password into its first line"):
        config.relay.password()
    (folder / "nowhere").write_bytes(b"\n")
    with pytest.raises(InputError, match="is empty"):
        config.relay.password()
    (folder / "nowhere").write_bytes(b"\xff\n")
    with pytest.raises(InputError, match="not UTF-8"):
        config.relay.password()


def test_a_password_may_cross_the_line_to_this_machine(written):
    local = (
        LEAST.replace("smtp.provider.example", "127.0.0.1")
        + 'username = "m"\npassword_file = "p"\ntls = "off"\n'
    )
    assert load(written(local)).relay.on_this_machine


def test_no_password_is_asked_when_there_is_no_user(written):
    config = load(written(LEAST))
    assert config.relay.password() is None
    assert config.store.address() == config.store.url


def test_a_channel_is_known_by_address_or_domain_and_nothing_like_it(written):
    config = load(
        written(
            LEAST
            + '[[channel]]\nname = "Shop"\naddresses = ["Orders@platform.example", "mail.Shop.example"]\n'
        )
    )
    (channel,) = config.channel
    assert channel.is_author("orders@PLATFORM.example")
    assert channel.is_author("no-reply@mail.shop.example")
    assert channel.is_author("no-reply@eu.mail.shop.example")
    assert not channel.is_author("other@platform.example")
    assert not channel.is_author("x@shop.example")
    assert not channel.is_author("x@evilmail.shop.example")
    assert not channel.is_author("mail.shop.example@evil.example")


def test_a_folder_without_settings_is_no_shop(tmp_path):
    (only,) = complaints(tmp_path)
    assert "is no shop" in only
    assert "mailflow init" in only


def test_a_file_is_no_shop(tmp_path):
    (tmp_path / "mail.eml").write_bytes(b"")
    with pytest.raises(ConfigRefused, match="is no shop"):
        load(tmp_path / "mail.eml")


def test_settings_that_are_no_text_are_refused(written):
    folder = written("")
    (folder / "config/mailflow.toml").write_bytes(b"\xff\xfe\x00")
    (only,) = complaints(folder)
    assert "not UTF-8" in only


def test_a_byte_order_mark_does_no_harm(written):
    folder = written("\ufeff" + LEAST)
    assert load(folder).shop.name == "Pottery Lane"


def test_a_folder_in_place_of_the_file_is_refused(tmp_path):
    (tmp_path / "config/mailflow.toml").mkdir(parents=True)
    (only,) = complaints(tmp_path)
    assert "cannot be read" in only


def test_the_shipped_file_is_a_valid_shop_of_nothing_but_defaults(written):
    shipped = Path(__file__).parents[2] / "config/mailflow.toml"
    config = load(written(shipped.read_text("utf-8")))
    least = load(written(LEAST.replace("Pottery.Example", "example.com")))
    ours = {"shop", "owner", "relay"}
    assert config.model_dump(exclude=ours) == least.model_dump(exclude=ours)
    assert stat.S_IMODE(shipped.stat().st_mode) & 0o111 == 0


IMAP = """\
[[imap]]
host = "imap.provider.example"
user = "mia@pottery.example"
password_file = "secret"
addresses = ["mia@pottery.example"]
"""


def test_a_mailbox_needs_little(written):
    (account,) = load(written(LEAST + IMAP)).imap
    assert (account.port, account.mailboxes, account.target, account.first) == (993, ("INBOX",), "", "new")
    assert account.account == "mia@pottery.example at imap.provider.example"


def test_the_secret_of_a_mailbox_is_read_afresh(written):
    folder = written(LEAST + IMAP)
    (account,) = load(folder).imap
    for secret in ("one", "two"):
        (folder / "secret").write_text(f"{secret}\n")
        assert account.secret() == secret
    (folder / "secret").unlink()
    with pytest.raises(InputError, match="is missing"):
        account.secret()


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('tls = "off"', 'set tls = "implicit"'),
        ('token_file = "token"', "either password_file or token_file"),
        ('after = "move"', "move_to go together"),
        ('move_to = "Done"', "move_to go together"),
        ('after = "move"\nmove_to = "INBOX"', "watched itself"),
        ("mailboxes = []", "must not be empty"),
        ('first = "all"', "must be one of"),
        ('folder = "INBOX"', "is an unknown key"),
        (IMAP, "watched twice"),
        ('authserv_id = "mx; spf=pass"', "is no authserv-id"),
    ],
)
def test_a_mailbox_that_cannot_be_is_told_with_its_line(written, more: str, problem: str):
    (complaint,) = complaints(written(f"{LEAST}{IMAP}{more}\n"))
    assert problem in complaint
    assert complaint.startswith("config/mailflow.toml:")
    assert "[[imap]]" in complaint
