"""The tables say what the trade says, and refuse what it does not."""

import re
from datetime import UTC, datetime
from enum import StrEnum

import pytest
from sqlalchemy import Table, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTable

from gateway.customers.model import Basis
from gateway.db.columns import Word
from gateway.db.engine import Database, commit, reading
from gateway.db.metadata import metadata
from gateway.db.tables import mail, shop
from gateway.feedback.model import Sentiment
from gateway.inventory.model import MovementReason, ProductStatus
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Intake
from gateway.mail.parsed import BounceClass
from gateway.orders.model import OrderStatus, ShipmentStatus
from gateway.outbox.message import FINAL, OnDoubt, Scope, SuppressionReason
from gateway.outbox.message import DeliveryStatus as Delivery
from gateway.purchasing.model import PurchaseOrderStatus

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
EVERY_TABLE = [pytest.param(table, id=name) for name, table in sorted(metadata.tables.items())]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (shop.consent.c.basis, Basis),
        (shop.consent.c.purpose, Purpose),
        (shop.standing.c.purpose, Purpose),
        (shop.product.c.status, ProductStatus),
        (shop.stock_movement.c.reason, MovementReason),
        (shop.orders.c.status, OrderStatus),
        (shop.shipment.c.status, ShipmentStatus),
        (shop.purchase_order.c.status, PurchaseOrderStatus),
        (shop.feedback.c.sentiment, Sentiment),
        (mail.journal.c.via, Intake),
        (mail.outbound_message.c.purpose, Purpose),
        (mail.outbound_message.c.bounce_class, BounceClass),
        (mail.outbound_message.c.on_doubt, OnDoubt),
        (mail.suppression.c.scope, Scope),
        (mail.suppression.c.reason, SuppressionReason),
        (mail.outbox.c.status, set(Delivery) - FINAL),
        (mail.outbound_message.c.status, {"open", "uncertain"} | FINAL - {Delivery.CLOSED}),
    ],
    ids=lambda value: str(value) if not isinstance(value, type | set | frozenset) else "",
)
def test_a_column_has_the_words_of_its_model(column, words: type[StrEnum] | set[str]):
    assert set(column.type.words) == {str(word) for word in words}


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_no_float_column(table: Table):
    for dialect in sqlite_dialect.dialect(), postgresql.dialect():
        text = str(CreateTable(table).compile(dialect=dialect))
        assert not re.search(r"\b(REAL|FLOAT|DOUBLE|NUMERIC|DECIMAL)\b", text)


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_every_table_is_strict_and_has_a_key(table: Table):
    assert str(CreateTable(table).compile(dialect=sqlite_dialect.dialect())).rstrip().endswith("STRICT")
    assert list(table.primary_key)


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_every_foreign_key_has_an_index(table: Table):
    leading = [[column.name for column in index.columns] for index in table.indexes]
    leading.append([column.name for column in table.primary_key])
    for key in table.foreign_key_constraints:
        wanted = [column.name for column in key.columns]
        assert any(names[: len(wanted)] == wanted for names in leading), f"{key.name} has no index"


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_names_keep_their_promise(table: Table):
    """`_at` is an instant, `_on` a day, `_minor` money."""
    kinds = {"_at": "Instant", "_on": "Day", "_minor": "BigInteger"}
    for column in table.columns:
        for ending, kind in kinds.items():
            if column.name.endswith(ending):
                assert type(column.type).__name__ == kind, column


@pytest.mark.parametrize("table", EVERY_TABLE)
def test_every_constraint_has_a_name(table: Table):
    for constraint in table.constraints:
        if constraint is not table.primary_key or list(table.primary_key):
            assert constraint.name, constraint
    for index in table.indexes:
        assert index.name


def test_money_has_its_currency_beside_it_or_in_its_parent():
    parents = {"order_line", "order_return", "purchase_order_line"}
    for table in metadata.tables.values():
        if any(column.name.endswith("_minor") for column in table.columns):
            assert "currency" in table.columns or table.name in parents


def test_every_word_is_checked_by_the_database():
    for table in metadata.tables.values():
        checked = {str(constraint.name) for constraint in table.constraints}
        for column in table.columns:
            if isinstance(column.type, Word):
                assert f"ck_{table.name}_{column.name}" in checked


# --- what the database itself refuses ------------------------------------------------------------------


def customer(name: str, **values: object) -> dict[str, object]:
    return {"id": f"cus{name}", "email_key": name, "registered_at": NOW, "erased_at": None} | values


async def refused(db: Database, *unit) -> None:
    with pytest.raises(IntegrityError):
        await commit(db, unit)


async def test_an_address_belongs_to_one_customer_until_she_is_forgotten(database: Database):
    await commit(database, [(shop.customer.insert(), customer("a", erased_at=NOW))])
    await commit(database, [(shop.customer.insert(), customer("b", email_key="a"))])
    await refused(database, (shop.customer.insert(), customer("c", email_key="a")))


async def test_an_order_comes_once_from_each_source(database: Database):
    await commit(database, [(shop.customer.insert(), customer("a"))])
    order = {
        "id": "ord1",
        "number": "1001",
        "source": "web",
        "external_id": "7",
        "customer_id": "cusa",
        "currency": "EUR",
        "total_minor": 100,
        "placed_at": NOW,
        "placed_on": NOW.date(),
    }
    await commit(database, [(shop.orders.insert(), order)])
    await refused(database, (shop.orders.insert(), order | {"id": "ord2", "number": "1002"}))
    await refused(database, (shop.orders.insert(), order | {"id": "ord3", "external_id": "8"}))
    await refused(
        database,
        (
            shop.orders.insert(),
            order | {"id": "ord4", "number": "4", "external_id": "9", "customer_id": "no"},
        ),
    )
    feedback = {"id": "fbk1", "order_id": "ord1", "customer_id": "cusa", "asked_at": NOW}
    await commit(database, [(shop.feedback.insert(), feedback)])
    await refused(database, (shop.feedback.insert(), feedback | {"id": "fbk2"}))


async def test_who_waits_already_waits_once(database: Database):
    await commit(database, [(shop.product.insert(), {"id": "prd1", "sku": "MUG-01", "name": "Mug"})])
    entry = {"id": "wte1", "product_id": "prd1", "address_key": "k", "joined_at": NOW}
    await commit(database, [(shop.waitlist_entry.insert(), entry)])
    await refused(database, (shop.waitlist_entry.insert(), entry | {"id": "wte2"}))
    told = shop.waitlist_entry.update().values(notified_at=NOW)
    await commit(database, [(told, None), (shop.waitlist_entry.insert(), entry | {"id": "wte2"})])


async def test_numbers_are_given_once(sqlite: Database):
    worker = {"host": "box", "pid": 1, "started_at": NOW, "beat_at": NOW}
    new = mail.worker.insert().returning(mail.worker.c.id)
    [[first]] = await commit(sqlite, [(new, worker)])
    await commit(sqlite, [(mail.worker.delete(), None)])
    [[second]] = await commit(sqlite, [(new, worker)])
    assert second.id > first.id


async def test_a_stimulus_is_held_once_at_a_time(database: Database):
    hold = {"stimulus_id": "jrn1", "reason": "no_rule", "held_at": NOW, "tell_at": NOW}
    await commit(database, [(mail.hold.insert(), hold)])
    await refused(database, (mail.hold.insert(), hold))
    decided = mail.hold.update().values(decided_at=NOW, decision="released")
    await commit(database, [(decided, None), (mail.hold.insert(), hold)])


async def test_the_claim_reads_its_own_index(sqlite: Database):
    box = mail.outbox
    due = select(box.c.seq).where(
        box.c.status == "queued", box.c.route_id == 1, box.c.lane == 0, box.c.due_at <= NOW
    )
    due = due.order_by(box.c.due_at, box.c.seq).limit(64)
    text = str(due.compile(dialect=sqlite_dialect.dialect(), compile_kwargs={"literal_binds": True}))
    async with reading(sqlite) as tx:
        plan = " ".join(row.detail for row in await tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))
    assert "ix_outbox_ready" in plan
    assert "TEMP B-TREE" not in plan
