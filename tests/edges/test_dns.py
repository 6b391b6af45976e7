"""The resolver against a name server on loopback: answers, memory, silence."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.edges.dns import MOST, Dns, asking
from gateway.mail.resolve import DnsTrouble, Record
from gateway.testing.clock import ManualClock
from gateway.testing.zone import Zone, serving

ZONE = f"""
    shop.example            TXT   "v=spf1 -all"
    shop.example            MX    20 b.example
    shop.example            MX    10 a.example
    a.example               A     192.0.2.1
    a.example               AAAA  2001:db8::1
    1.2.0.192.in-addr.arpa  PTR   a.example
    long.example            TXT   "{"x" * 600}"
    broken.example          TXT   TROUBLE
"""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 2, 9, 0, tzinfo=UTC))


@pytest.fixture
def zone() -> Zone:
    return Zone(ZONE)


@pytest.fixture
async def dns(clock: ManualClock, zone: Zone) -> AsyncIterator[Dns]:
    async with serving(zone, ttl=0) as port, asking(clock, [f"127.0.0.1:{port}"]) as resolver:
        yield resolver


@pytest.mark.parametrize(
    ("name", "of", "expected"),
    [
        ("shop.example", Record.TXT, ("v=spf1 -all",)),
        ("SHOP.Example.", Record.TXT, ("v=spf1 -all",)),
        ("shop.example", Record.MX, ("a.example", "b.example")),
        ("a.example", Record.A, ("192.0.2.1",)),
        ("a.example", Record.AAAA, ("2001:db8::1",)),
        ("1.2.0.192.in-addr.arpa", Record.PTR, ("a.example",)),
        ("long.example", Record.TXT, ("x" * 600,)),
        ("nowhere.example", Record.TXT, ()),
        ("a.example", Record.TXT, ()),
        ("a..example", Record.A, ()),
        ("ü.example", Record.A, ()),
        (f"{'x' * 64}.example", Record.A, ()),
        ("a b.example", Record.A, ()),
        ("", Record.A, ()),
    ],
)
async def test_each_type_is_read_and_nothing_is_an_answer_too(dns: Dns, name, of, expected):
    assert await dns.lookup(name, of) == expected


async def test_a_broken_server_is_trouble_and_is_asked_again(dns: Dns, zone: Zone):
    with pytest.raises(DnsTrouble, match=r"broken\.example"):
        await dns.lookup("broken.example", Record.TXT)
    zone.remove("broken.example", Record.TXT)
    zone.add("broken.example", Record.TXT, "mended")
    assert await dns.lookup("broken.example", Record.TXT) == ("mended",)


async def test_nobody_there_is_trouble(clock: ManualClock):
    async with asking(clock, ["127.0.0.1:1"]) as dns:
        with pytest.raises(DnsTrouble):
            await dns.lookup("a.example", Record.A)


async def test_an_answer_is_believed_for_half_a_minute_at_least(dns: Dns, zone: Zone, clock: ManualClock):
    """The server says that it changes at once; c-ares, which remembers too, then keeps out of it."""
    for _ in range(3):
        await dns.lookup("a.example", Record.A)
    assert zone.asked["a.example", Record.A] == 1
    clock.set(clock.now() + timedelta(seconds=31))
    await dns.lookup("a.example", Record.A)
    assert zone.asked["a.example", Record.A] == 2


async def test_nothing_is_believed_for_a_while_too(dns: Dns, zone: Zone, clock: ManualClock):
    await dns.lookup("new.example", Record.A)
    zone.add("new.example", Record.A, "192.0.2.5")
    assert await dns.lookup("new.example", Record.A) == ()
    clock.set(clock.now() + timedelta(minutes=6))
    assert await dns.lookup("new.example", Record.A) == ("192.0.2.5",)


async def test_the_same_question_at_the_same_time_is_asked_once(dns: Dns, zone: Zone):
    answers = await asyncio.gather(*(dns.lookup("a.example", Record.A) for _ in range(20)))
    assert set(answers) == {("192.0.2.1",)}
    assert zone.asked["a.example", Record.A] == 1


async def test_who_gives_up_waiting_stops_nobody_else(dns: Dns):
    impatient = asyncio.create_task(dns.lookup("shop.example", Record.MX))
    patient = asyncio.create_task(dns.lookup("shop.example", Record.MX))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == ("a.example", "b.example")


async def test_memory_has_an_end(dns: Dns):
    await dns.lookup("a.example", Record.A)
    (answer,) = dns._known.values()
    for number in range(MOST + 50):
        dns._remember((f"n{number}.example", Record.A), answer)
    assert MOST // 2 <= len(dns._known) <= MOST


async def test_closing_leaves_no_task(clock: ManualClock, zone: Zone):
    zone.fails = True  # silence
    async with serving(zone) as port:
        async with asking(clock, [f"127.0.0.1:{port}"]) as dns:
            waiting = asyncio.create_task(dns.lookup("a.example", Record.A))
            await asyncio.sleep(0.05)
        with pytest.raises((DnsTrouble, asyncio.CancelledError)):
            await waiting
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("dns ")]
