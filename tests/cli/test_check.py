import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from gateway.app.config import FILE, ConfigRefused
from gateway.app.new_shop import make_shop
from gateway.cli.check import run
from gateway.db.migrate import bring_up
from gateway.testing.certificate import write_certificate


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop whose owner has replaced every example."""
    folder = tmp_path / "shop"
    settings = {
        "shop": {"name": "Pottery Lane", "domain": "pottery.test"},
        "owner": {"addresses": ["mia@pottery.test"]},
        "relay": {"smarthost": "smtp.provider.test"},
        "listen": {"certificate": "config/tls/cert.pem", "key": "config/tls/key.pem"},
    }
    make_shop(folder, settings)
    (folder / "config/tls").mkdir()
    _, key, _ = write_certificate(folder / "config/tls", "mail.pottery.test")
    key.chmod(0o600)
    return folder


def edit(shop: Path, right: str, wrong: str) -> None:
    text = (shop / FILE).read_text("utf-8")
    assert right in text
    (shop / FILE).write_text(text.replace(right, wrong), "utf-8")


def problems(shop: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert run(shop) == 1
    *told, count = capsys.readouterr().err.splitlines()
    assert count.endswith(f"in {shop}")
    return [line for line in told if line]


def test_a_shop_in_order_says_so_and_nothing_else(shop, capsys):
    assert run(shop) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"The shop in {shop} is in order")
    assert len(said.out.splitlines()) == 1
    assert said.err == ""


def test_a_fresh_shop_passes_with_remarks_about_its_examples(tmp_path, capsys):
    make_shop(tmp_path / "shop", {})
    assert run(tmp_path / "shop") == 0
    remarks = [line for line in capsys.readouterr().out.splitlines() if line.startswith("remark: ")]
    assert remarks == [
        "remark: [shop] domain is still the example example.com",
        "remark: [owner] addresses is still the example owner@example.com",
        "remark: [relay] smarthost is still the example smtp.example.net",
        "remark: [listen] certificate is empty: mail comes in unencrypted",
    ]


def test_nothing_is_changed(shop):
    before = sorted(path for path in shop.rglob("*"))
    run(shop)
    assert sorted(path for path in shop.rglob("*")) == before


def test_all_problems_are_told_at_once(shop, capsys):
    edit(shop, "port = 25\n", 'port = "x"\n')
    (shop / "templates/mail/orders/shipped.txt").write_text("Subject: x\n")
    (shop / "templates/mail/orders/delayed.txt").write_text("Subject: x\n")
    told = problems(shop, capsys)
    assert len(told) == 3
    assert told[0].startswith("config/mailflow.toml:")
    assert told[1].startswith("templates/mail/orders/delayed.txt:")
    assert told[2].startswith("templates/mail/orders/shipped.txt:")


def test_secrets_that_others_may_read_are_told(shop, capsys):
    (shop / "config/secrets/keys.toml").chmod(0o640)
    (shop / "config/tls/key.pem").chmod(0o604)
    told = problems(shop, capsys)
    assert [line.rpartition("; ")[2] for line in told] == [
        f"chmod 600 {shop}/config/secrets/keys.toml",
        f"chmod 600 {shop}/config/tls/key.pem",
    ]


def test_spoilt_and_missing_keys_are_told(shop, capsys):
    (shop / "config/secrets/keys.toml").unlink()
    (shop / "config/secrets/dkim-rsa.pem").write_text("no key")
    told = problems(shop, capsys)
    assert len(told) == 2
    assert "keys.toml: is missing" in told[0]
    assert "dkim-rsa.pem: is no private key in PEM; restore it from a copy" in told[1]


def test_a_missing_password_is_told(shop, capsys):
    edit(shop, 'username = ""', 'username = "mia"')
    edit(shop, 'alone.\npassword_file = ""', 'alone.\npassword_file = "config/secrets/smarthost"')
    (told,) = problems(shop, capsys)
    assert "smarthost: is missing; write the password into its first line, then chmod 600" in told


def test_a_certificate_must_go_with_its_key(shop, tmp_path, capsys):
    _, other, _ = write_certificate(tmp_path, "mail.pottery.test")
    (shop / "config/tls/key.pem").write_bytes(other.read_bytes())
    (told,) = problems(shop, capsys)
    assert "cert.pem: does not go with its key" in told


def test_a_certificate_that_is_missing_is_told(shop, capsys):
    (shop / "config/tls/cert.pem").unlink()
    (told,) = problems(shop, capsys)
    assert told.endswith("cert.pem: is missing")


def test_secrets_that_are_no_text_are_told(shop, capsys):
    keys = shop / "config/secrets/keys.toml"
    keys.write_bytes(b"\xff")
    assert "keys.toml: cannot be read: it is not UTF-8" in problems(shop, capsys)[0]
    keys.unlink()
    keys.mkdir(mode=0o700)
    assert "keys.toml: cannot be read: Is a directory" in problems(shop, capsys)[0]


@pytest.mark.parametrize(
    ("name", "hint"), [("DLH", "did you mean DHL?"), ("Bike Courier", "its parcels have no tracking page")]
)
def test_a_carrier_that_we_do_not_know_is_remarked(shop, capsys, name, hint):
    with (shop / FILE).open("a") as settings:
        settings.write(f'\n[[carrier]]\nname = "{name}"\naddresses = ["carrier.test"]\n')
    assert run(shop) == 0
    assert f"remark: [[carrier]] {name!r} is none that we know: {hint}" in capsys.readouterr().out


def test_a_database_of_this_version_is_fine(shop):
    asyncio.run(bring_up(f"sqlite:///{shop}/data/mailflow.db"))
    assert run(shop) == 0


def test_a_database_of_a_later_version_is_told(shop, capsys):
    asyncio.run(bring_up(f"sqlite:///{shop}/data/mailflow.db"))
    with sqlite3.connect(shop / "data/mailflow.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    (told,) = problems(shop, capsys)
    assert "later version" in told


def test_a_file_that_is_no_database_is_told(shop, capsys):
    (shop / "data/mailflow.db").write_text("no database, but long enough to look like something " * 50)
    (told,) = problems(shop, capsys)
    assert "cannot be opened" in told
    assert told.endswith("put a copy in place: mailflow data restore COPY")


def test_a_folder_in_place_of_the_database_is_told(shop, capsys):
    (shop / "data/mailflow.db").mkdir()
    assert problems(shop, capsys) == [f"[store] url: {shop}/data/mailflow.db is a folder; name a file"]


def test_rules_that_nobody_reads_are_remarked(shop, capsys):
    (shop / "rules/mail/10-fairs.yaml").write_text("- when: [fair\n")
    assert run(shop) == 0
    assert "remark: rules/mail/10-fairs.yaml is not read" in capsys.readouterr().out


def test_a_key_of_the_other_kind_is_told(shop, capsys):
    edit(
        shop, 'key_ed25519 = "config/secrets/dkim-ed25519.pem"', 'key_ed25519 = "config/secrets/dkim-rsa.pem"'
    )
    (told,) = problems(shop, capsys)
    assert told.endswith("dkim-rsa.pem: is a key of the kind rsa-sha256; here stands one of ed25519-sha256")


def test_a_database_that_does_not_answer_is_told(shop, capsys):
    edit(shop, "sqlite:///data/mailflow.db", "postgresql://nobody@127.0.0.1:1/shop")
    (told,) = problems(shop, capsys)
    assert "127.0.0.1:1/shop" in told


def test_a_missing_driver_says_what_to_install(shop, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    edit(shop, "sqlite:///data/mailflow.db", "postgresql://nobody@127.0.0.1:1/shop")
    (told,) = problems(shop, capsys)
    assert told.startswith("[store] url: PostgreSQL needs the driver asyncpg; install")


def test_a_folder_that_is_no_shop_is_not_looked_into(tmp_path):
    with pytest.raises(ConfigRefused, match="is no shop"):
        run(tmp_path)


async def test_a_mailbox_that_is_not_read_is_told_with_its_reason(shop, capsys):
    def settle(trouble: str | None) -> None:
        with sqlite3.connect(shop / "data/mailflow.db") as db:
            db.execute("DELETE FROM imap_mailbox")
            row = ("mia at imap.provider.test", "INBOX", trouble, 1_762_074_000_000_000 if trouble else None)
            db.execute(
                "INSERT INTO imap_mailbox (account, mailbox, trouble, trouble_since) VALUES (?, ?, ?, ?)", row
            )

    secret = shop / "config/secrets/imap"
    secret.write_text("open sesame\n")
    secret.chmod(0o600)
    with (shop / FILE).open("a", encoding="utf-8") as file:
        file.write(
            '\n[[imap]]\nhost = "imap.provider.test"\nuser = "mia"\n'
            'password_file = "config/secrets/imap"\naddresses = ["mia@pottery.test"]\n'
        )
    await bring_up(f"sqlite:///{shop / 'data/mailflow.db'}")
    await asyncio.to_thread(settle, "it refuses mia: use an app password")
    (problem,) = await asyncio.to_thread(problems, shop, capsys)
    assert "INBOX of mia at imap.provider.test has not been read since 2025-11-02 10:00" in problem
    assert "use an app password" in problem
    await asyncio.to_thread(settle, None)
    assert await asyncio.to_thread(run, shop) == 0
    secret.chmod(0o644)
    (problem,) = await asyncio.to_thread(problems, shop, capsys)
    assert f"chmod 600 {secret}" in problem


def test_a_socket_without_its_folder_is_told(shop, capsys):
    edit(shop, 'lmtp = ""', 'lmtp = "nowhere/lmtp"')
    assert problems(shop, capsys) == [f"[listen] lmtp: the folder {shop}/nowhere does not exist; make it"]
