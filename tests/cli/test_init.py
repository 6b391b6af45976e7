from pathlib import Path

import pytest

from gateway.app.config import ConfigRefused, load
from gateway.cli.init import Wishes, run
from gateway.kernel.errors import InputError

WISHES = Wishes(
    name="Pottery Lane",
    domain="pottery.example",
    owner="mia@pottery.example",
    smarthost="smtp.provider.example:2587",
    timezone="Europe/Vienna",
    currency="CHF",
)


def test_init_makes_the_shop_that_was_asked_for(tmp_path: Path, capsys):
    assert run(tmp_path / "shop", WISHES) == 0
    config = load(tmp_path / "shop")
    assert (config.shop.name, config.shop.domain, config.shop.currency) == (
        "Pottery Lane",
        "pottery.example",
        "CHF",
    )
    assert config.shop.timezone == "Europe/Vienna"
    assert config.owner.addresses == ("mia@pottery.example",)
    assert (config.relay.smarthost, config.relay.port) == ("smtp.provider.example", 2587)
    said = capsys.readouterr().out
    assert "pottery.example. IN MX 10 mail.pottery.example." in said
    assert "mailflow._domainkey.pottery.example. IN TXT" in said
    assert "_dmarc.pottery.example. IN TXT" in said
    assert "mailflow check" in said
    assert "PRIVATE" not in said


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("smtp.example.net", "smtp.example.net", 587),
        ("smtp.example.net:25", "smtp.example.net", 25),
        ("192.0.2.7:25", "192.0.2.7", 25),
        ("[2001:db8::7]:25", "2001:db8::7", 25),
        ("[2001:db8::7]", "2001:db8::7", 587),
        ("2001:db8::7", "2001:db8::7", 587),
    ],
)
def test_a_smarthost_may_have_its_port(tmp_path, text, host, port):
    wishes = Wishes("x", "example.com", "a@example.com", text, "UTC", "EUR")
    run(tmp_path / "shop", wishes)
    relay = load(tmp_path / "shop").relay
    assert (relay.smarthost, relay.port) == (host, port)


def test_a_port_that_is_none_is_told(tmp_path):
    wishes = Wishes("x", "example.com", "a@example.com", "smtp.example.net:smtp", "UTC", "EUR")
    with pytest.raises(InputError, match="is not a host such as"):
        run(tmp_path / "shop", wishes)


def test_a_wrong_wish_is_told_by_the_option_that_said_it(tmp_path):
    wishes = Wishes("x", "pot tery", "mia", "smtp.example.net:99999", "Berlin", "euros")
    with pytest.raises(ConfigRefused) as told:
        run(tmp_path / "shop", wishes)
    options = [line.partition(":")[0] for line in str(told.value).splitlines()]
    assert sorted(options) == ["--currency", "--domain", "--owner", "--smarthost", "--timezone"]
    assert not (tmp_path / "shop").exists()
