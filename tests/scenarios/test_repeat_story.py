"""Mail that comes twice: by another path, to another address, or because nobody heard our 250."""

from gateway.testing.shop import Shop, words_of

ANA, ORDERS = "Ana Lopez <ana@example.net>", "orders@boutique.example"

MAIL = (
    b"From: Ana Lopez <ana@example.net>\r\nTo: orders@boutique.example\r\nCc: feedback@boutique.example\r\n"
    b"Subject: Mugs\r\nDate: Mon, 2 Nov 2026 09:00:00 +0000\r\nMessage-ID: <cc@example.net>\r\n\r\n"
    b"2 x MUG-01\r\n"
)


async def test_cc_to_two_roles_is_one_order(shop: Shop):
    """Her server hands each copy over by itself, as many do."""
    await shop.receives_octets(MAIL, reverse_path="ana@example.net", to=ORDERS)
    await shop.receives_octets(MAIL, reverse_path="ana@example.net", to="feedback@boutique.example")
    assert len(await shop.rows("orders")) == 1
    assert len(shop.sink.mails_to("ana@example.net")) == 1
    assert [row["state"] for row in await shop.rows("journal")] == ["handled", "duplicate"]
    assert await shop.stock("MUG-01") == (10, 2, 0)


async def test_one_answer_to_two_signed_addresses_is_two_answers(shop: Shop):
    """She answers the questions about both of her orders with one mail."""
    for sku in ("MUG-01", "BOWL-02"):
        await shop.receives(f"1 x {sku}", sender=ANA, to=ORDERS)
    letters = shop.sink.mails_to("ana@example.net")
    answer = MAIL.replace(b"2 x MUG-01", b"Where is my order?").replace(b"<cc@", b"<answer@")
    answer = shop.senders.signed(answer, "example.net", shop.clock.now())
    for letter in (*letters, letters[0]):
        to = str(letter.message["Reply-To"])
        await shop.receives_octets(answer, reverse_path="ana@example.net", to=to)
    states = [row["state"] for row in await shop.rows("journal")]
    assert states == ["handled", "handled", "handled", "handled", "duplicate"]
    answers = shop.mails_to("ana@example.net")[2:]
    assert [("1001" in words_of(each), "1002" in words_of(each)) for each in answers] == [
        (True, False),
        (False, True),
    ]
