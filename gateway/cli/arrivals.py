"""Two days of the story on which mail arrives that no form foresees.

A mailbox at a provider, a bounce in free words, a complaint, a machine that does not say that it is one, and
somebody who writes under Priya's name.
"""

from gateway.cli.cast import CARRIER, DAN, DOMAIN, FAY, GINA, OWNER, TRACKING_BEN, address_of, at
from gateway.cli.stage import Stage
from gateway.testing.report import complaint_of, plain_bounce_of
from gateway.testing.shop import words_of


async def arrivals(stage: Stage) -> None:
    """Everything of it, between the second week's orders and the goods that arrive."""
    await stage.until(at(10, 9))
    await _hosted(stage)
    await _came_back(stage)
    await _complains(stage)
    await _away(stage)
    await _not_priya(stage)
    await _not_the_carrier(stage)
    await _priya_decides(stage)


async def _hosted(stage: Stage) -> None:
    stage.scene("Gina writes to a mailbox at a provider (IMAP)")
    await stage.hosted(
        "Hello, please send me\n\n1 x BOWL-02\n\nThank you, Gina", sender=GINA, subject="A bowl"
    )
    stage.expect(len(stage.to(GINA)) == 1, "Gina has her confirmation")
    stage.expect(not any(mail.flags for mail in stage.mailbox.mails()), "nobody marked Gina's mail as read")


async def _came_back(stage: Stage) -> None:
    stage.scene("Gina's mailbox is full, says her provider in its own words")
    confirmation = stage.to(GINA)[0]
    await stage.octets(
        plain_bounce_of(confirmation, "Das Postfach des Empfängers ist voll."),
        reverse_path="",
        to=confirmation.reverse_path or "",
        about="Unzustellbar: Ihre Bestellung",
    )
    dead = [row["address"] for row in await stage.shop.rows("suppression") if row["scope"] == "all"]
    stage.expect(address_of(GINA) not in dead, "Gina's address is alive, only full")


async def _complains(stage: Stage) -> None:
    stage.scene("Fay pressed 'this is spam'; her provider tells")
    before = len(stage.shop.sink.mails)
    await stage.octets(
        complaint_of(stage.to(FAY)[0]),
        reverse_path="feedback@provider.example",
        to=f"abuse@{DOMAIN}",
        about=f"Complaint about a mail from {DOMAIN}",
    )
    forbidden = [
        row["address"] for row in await stage.shop.rows("suppression") if row["scope"] == "marketing"
    ]
    stage.expect(address_of(FAY) in forbidden, "Fay gets news of her order, and no advertising")
    stage.expect(len(stage.shop.sink.mails) == before, "nobody answered a complaint")


async def _away(stage: Stage) -> None:
    stage.scene("A machine answers for Dan, and does not say that it is one")
    letter, before = stage.to(DAN)[0], len(stage.shop.sink.mails)
    await stage.mail(
        "Guten Tag,\n\nich bin bis zum 20. November nicht im Büro und lese meine Mails nicht.\n\nDan Ito",
        sender=DAN,
        to=str(letter.message["Reply-To"]),
        subject=f"Abwesenheitsnotiz: {letter.message['Subject']}",
        headers={"In-Reply-To": str(letter.message["Message-ID"])},
    )
    stage.expect(len(stage.shop.sink.mails) == before, "no machine was answered")
    kinds = [row["kind"] for row in await stage.shop.rows("journal")]
    stage.expect(kinds[-1] == "AutoReply", "it was known for a machine by its words")


async def _not_priya(stage: Stage) -> None:
    stage.scene("Somebody writes as Priya, whose domain denies it")
    before = len(stage.shop.outcomes)
    refusal = await stage.refused(
        "cancel 2042",
        sender=f"Priya <{OWNER}>",
        to=f"orders@{DOMAIN}",
        subject="cancel 2042",
        reverse_path="thief@elsewhere.example",
    )
    stage.expect(refusal.startswith("550"), "a forged mail of the owner is refused")
    stage.expect(len(stage.shop.outcomes) == before, "nothing was decided about it")


async def _not_the_carrier(stage: Stage) -> None:
    stage.scene("Somebody writes as the carrier, and is not believed")
    await stage.mail(
        f"UPS parcel {TRACKING_BEN} has been delivered.",
        sender=CARRIER,
        to=f"orders@{DOMAIN}",
        subject="Delivered",
        reverse_path="thief@elsewhere.example",
        signed=False,
    )
    parcels = {row["tracking_number"]: row["status"] for row in await stage.shop.rows("shipment")}
    stage.expect(parcels[TRACKING_BEN] != "delivered", "an unproven carrier moves no parcel")


async def _priya_decides(stage: Stage) -> None:
    await stage.until(at(11, 9))
    stage.scene("Priya answers the digest: that mail may go")
    number = (await stage.shop.rows("hold"))[-1]["number"]
    await stage.answer(stage.to(OWNER)[-1], f"drop {number}")
    decided = (await stage.shop.rows("hold"))[-1]
    stage.expect(decided["decision"] == "dropped", "Priya's word was carried out")
    stage.expect(f"drop {number}" in words_of(stage.to(OWNER)[-1]), "and she has a receipt")
