"""Who may connect, and how fast a network may write."""

import ipaddress
from datetime import UTC, datetime, timedelta

from gateway.edges.admission import BUSY, BUSY_WITH_YOU, Admission, ListenConfig, network_of

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def test_a_network_has_ten_connections_and_gets_them_back():
    admission = Admission(ListenConfig())
    assert [admission.enter("192.0.2.1") for _ in range(11)] == [None] * 10 + [BUSY_WITH_YOU]
    assert admission.enter("192.0.2.2") is None
    admission.leave("192.0.2.1")
    assert admission.enter("192.0.2.1") is None
    assert admission.open == 11


def test_all_together_have_two_hundred_and_the_trusted_no_cap_of_their_own():
    admission = Admission(ListenConfig())
    assert [admission.enter("127.0.0.1") for _ in range(201)] == [None] * 200 + [BUSY]
    assert admission.enter("192.0.2.1") == BUSY


def test_four_fifths_open_is_stress():
    admission = Admission(ListenConfig())
    for _ in range(160):
        admission.enter("127.0.0.1")
    assert not admission.stressed
    admission.enter("127.0.0.1")
    assert admission.stressed


def test_an_ipv6_network_of_64_bits_is_one():
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("fe80::1%eth0") == "fe80::/64"


def test_trusted_networks_are_those_of_the_settings():
    admission = Admission(ListenConfig(trusted=(ipaddress.ip_network("10.0.0.0/8"),)))
    assert admission.trusts("10.1.2.3")
    assert admission.trusts("::ffff:10.1.2.3")
    assert admission.trusts("")  # a Unix socket
    assert not admission.trusts("127.0.0.1")
    assert not admission.trusts("::1")
    assert Admission(ListenConfig(lmtp=True)).trusts("192.0.2.1")


def test_a_network_writes_240_at_once_and_then_two_a_second():
    admission = Admission(ListenConfig())
    assert [admission.is_too_fast("192.0.2.1", NOW) for _ in range(241)] == [False] * 240 + [True]
    assert not admission.is_too_fast("192.0.2.2", NOW)
    assert not admission.is_too_fast("127.0.0.1", NOW)
    assert not admission.is_too_fast("192.0.2.1", NOW + timedelta(seconds=0.5))
    assert admission.is_too_fast("192.0.2.1", NOW + timedelta(seconds=0.5))


def test_refused_mails_do_not_prolong_the_wait():
    admission = Admission(ListenConfig())
    for _ in range(1000):
        admission.is_too_fast("192.0.2.1", NOW)
    assert not admission.is_too_fast("192.0.2.1", NOW + timedelta(seconds=0.5))


def test_quiet_networks_are_forgotten():
    admission = Admission(ListenConfig())
    for number in range(10_000):
        admission.is_too_fast(str(ipaddress.ip_address(0xC6120000 + number)), NOW)
    admission.is_too_fast("192.0.2.1", NOW + timedelta(minutes=1))
    assert len(admission._due) == 1
