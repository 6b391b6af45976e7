import stat
import tomllib
from pathlib import Path

import pytest

from gateway.app.config import FILE, ConfigRefused, load
from gateway.app.defaults import shipped_folder
from gateway.app.new_shop import make_shop, settled
from gateway.app.published import records, signing_keys
from gateway.kernel.errors import InputError
from gateway.kernel.tokens import read_secrets

WANTED = {
    "shop": {"name": 'Mia\'s "Pottery" \\ Café', "domain": "pottery.example"},
    "relay": {"smarthost": "127.0.0.1", "port": 2525, "tls": "off"},
    "listen": {"port": 0},
    "carrier": [{"name": "DHL", "addresses": ["dhl.example"]}, {"name": "UPS", "addresses": ["ups.example"]}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shop"


def test_a_new_shop_has_everything_it_needs(folder):
    config = make_shop(folder, WANTED)
    assert config == load(folder)
    assert config.shop.name == 'Mia\'s "Pottery" \\ Café'
    assert (config.relay.port, config.relay.tls, config.listen.port) == (2525, "off", 0)
    assert [carrier.name for carrier in config.carrier] == ["DHL", "UPS"]
    assert (folder / "data").is_dir()
    for part in ("rules", "templates", "config"):
        ours = {path.relative_to(folder / part) for path in (folder / part).rglob("*")}
        shipped = {path.relative_to(shipped_folder(part)) for path in shipped_folder(part).rglob("*")}
        program = {".gitkeep", "__pycache__", "carriers.toml", "bounces.toml"}
        assert {path for path in shipped - ours if path.name not in program} == set()


def test_its_comments_are_kept(folder):
    make_shop(folder, WANTED)
    comments = [
        line for line in (shipped_folder("config") / FILE.name).read_text().splitlines() if line[:1] == "#"
    ]
    kept = (folder / FILE).read_text().splitlines()
    assert [line for line in comments if line not in kept] == []


def test_its_secrets_are_its_own_and_nobody_elses_to_read(folder, tmp_path):
    config, other = make_shop(folder, WANTED), make_shop(tmp_path / "other", {})
    files = (config.secrets.file, config.dkim.key_rsa, config.dkim.key_ed25519)
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3
    assert stat.S_IMODE(config.secrets.file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(config.data.stat().st_mode) == 0o700
    ours, theirs = (read_secrets(each.secrets.file.read_text(), "keys") for each in (config, other))
    assert ours.tokens.keys != theirs.tokens.keys
    assert config.dkim.key_rsa.read_bytes() != other.dkim.key_rsa.read_bytes()


def test_a_shop_is_never_overwritten(folder):
    make_shop(folder, WANTED)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match="already holds a shop"):
        make_shop(folder, {})
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_folder_in_use_is_left_alone(folder):
    folder.mkdir()
    (folder / "letter.txt").write_text("dear diary")
    with pytest.raises(InputError, match="is in use"):
        make_shop(folder, WANTED)
    assert [path.name for path in folder.iterdir()] == ["letter.txt"]


def test_an_empty_folder_will_do(folder):
    folder.mkdir()
    make_shop(folder, {})
    assert load(folder).shop.domain == "example.com"


def test_wrong_wishes_make_nothing(folder):
    with pytest.raises(ConfigRefused) as refused:
        make_shop(folder, {"shop": {"domain": "x y"}, "owner": {"addresses": ["nobody"]}})
    assert len(refused.value.errors) == 2
    assert not folder.exists()


def test_a_setting_that_does_not_exist_cannot_be_wished(folder):
    with pytest.raises(InputError, match=r"\[shop\] has no colour"):
        make_shop(folder, {"shop": {"colour": "blue"}})
    assert not folder.exists()


def test_a_key_is_set_in_its_own_section_only():
    text = "[a]\n# one\nport = 1\n\n[b]\nport = 2\n"
    assert tomllib.loads(settled(text, {"b": {"port": 9}})) == {"a": {"port": 1}, "b": {"port": 9}}


def test_the_dns_records_say_where_mail_goes_and_how_it_is_signed(folder):
    config = make_shop(folder, WANTED)
    lines = [record.line() for record in records(config, signing_keys(config.dkim, config.shop.domain))]
    assert lines[1] == "pottery.example. IN MX 10 mail.pottery.example."
    assert lines[2] == 'pottery.example. IN TXT "v=spf1 mx ~all"'
    assert lines[3].startswith('mailflow._domainkey.pottery.example. IN TXT "v=DKIM1; k=rsa; p=MII')
    assert lines[4].startswith('mailflow-ed._domainkey.pottery.example. IN TXT "v=DKIM1; k=ed25519; p=')
    assert lines[5].startswith('_dmarc.pottery.example. IN TXT "v=DMARC1; p=none;')
    assert len(lines) == 6


def test_no_string_of_a_txt_record_is_longer_than_dns_allows(folder):
    config = make_shop(folder, WANTED)
    for record in records(config, signing_keys(config.dkim, config.shop.domain)):
        strings = record.line().split('"')[1::2]
        assert all(len(string) <= 255 for string in strings)
        assert "".join(strings) in ("", record.value)


@pytest.mark.parametrize(
    ("smarthost", "mechanism"),
    [
        ("smtp.provider.example", "mx a:smtp.provider.example ~all"),
        ("192.0.2.7", "mx ip4:192.0.2.7 ~all"),
        ("2001:db8::7", "mx ip6:2001:db8::7 ~all"),
        ("localhost", "mx ~all"),
    ],
)
def test_spf_names_the_smarthost(folder, smarthost, mechanism):
    wanted = {"shop": {"token_domain": "in.example.com"}, "relay": {"smarthost": smarthost}}
    (spf,) = [record for record in records(make_shop(folder, wanted), ()) if "spf1" in record.value]
    assert (spf.name, spf.value) == ("in.example.com", f"v=spf1 {mechanism}")


def test_one_signature_is_enough_if_the_owner_says_so(folder):
    config = make_shop(folder, {"dkim": {"key_ed25519": ""}})
    assert [key.algorithm for key in signing_keys(config.dkim, "example.com")] == ["rsa-sha256"]


def test_a_lost_key_says_what_to_do(folder):
    config = make_shop(folder, {})
    config.dkim.key_rsa.unlink()
    with pytest.raises(InputError, match=r"dkim-rsa\.pem: cannot be read: No such file.*restore it"):
        signing_keys(config.dkim, "example.com")
