"""A stimulus and what is known about it, read in one snapshot: Facts, from which everything is decided.

Who wrote is decided by `identity` alone, what it answers by tokens that carry a MAC; a visible number counts
only when its author is a party to it (intake.md 13). Facts is a record: nothing in it fetches.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.commands.authority import Level, OwnerProof, Proof, Standing, standing
from gateway.commands.verb import SYNONYMS
from gateway.customers.model import Customer
from gateway.customers.store import customer_by_key
from gateway.feedback.decide import FeedbackFacts
from gateway.inventory.model import Product
from gateway.inventory.store import products_by_sku
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.ids import Id, prefix_of
from gateway.kernel.tokens import TokenKeys, TokenKind
from gateway.mail.address import canonical, wire_domain_of
from gateway.mail.draft import Answering
from gateway.mail.envelope import Address, AuthResults, Envelope, Verdict
from gateway.mail.parsed import AutoReply, DeliveryReport, Ordinary, Parsed, UnsubscribeRequest
from gateway.mail.thread import codes
from gateway.mail.verp import AddressPlan
from gateway.orders.decide import OrderStanding
from gateway.orders.model import Order, Shipment
from gateway.orders.numbers import order_numbers
from gateway.orders.parcels import ParcelNews, parcel_news
from gateway.orders.reading import OrderMail, order_form, order_mails
from gateway.orders.store import (
    order_by_id,
    order_of_channel,
    orders_by_number,
    orders_of_customer,
    shipments_by_tracking,
    standing_of,
)
from gateway.outbox.message import OutboundMessage
from gateway.pipeline.answered import FORWARD_PATH, Answered, claims_of
from gateway.pipeline.answered import answered as answered_by
from gateway.pipeline.command import Ear, Heard, hear
from gateway.pipeline.limits import Limits, limits, refusal
from gateway.pipeline.lookup import feedback_of, open_orders_of, purchase_of
from gateway.pipeline.passed_on import PassedOn, by_owner, redirected
from gateway.pipeline.stimulus import MailArrived
from gateway.purchasing.decide import PurchaseFacts
from gateway.purchasing.model import PurchaseOrder, Supplier
from gateway.purchasing.store import (
    purchase_order_by_number,
    supplier_by_address,
)


class PartyKind(StrEnum):
    """Who somebody is to the shop."""

    OWNER = "owner"
    CUSTOMER = "customer"
    SUPPLIER = "supplier"
    CARRIER = "carrier"
    CHANNEL = "channel"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Party:
    """Who claims to have written: the strict From. `name` is the channel's, carrier's or person's."""

    kind: PartyKind
    address: Address | None
    name: str = ""
    customer: Customer | None = None
    supplier: Supplier | None = None


@dataclass(frozen=True, slots=True)
class Correspondent:
    """A registered sales channel or carrier, and how to know its mail."""

    name: str
    is_author: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Shop:
    """What gathering must know of the shop."""

    plan: AddressPlan
    keys: TokenKeys
    key: Callable[[str], str]
    calendar: ShopCalendar
    currency: str
    owner: tuple[Address, ...]
    mailboxes: frozenset[Address] = frozenset()  # its addresses elsewhere, such as a hosted mailbox
    owner_proof: OwnerProof = OwnerProof.ALIGNED
    channels: tuple[Correspondent, ...] = ()
    carriers: tuple[Correspondent, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict[str, str])  # for commands, to their verbs


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known about one mail when it was decided."""

    mail: Parsed
    envelope: Envelope
    seq: int
    now: datetime
    sender: Party
    role: str  # local part of the forward-path without its token: orders, reply, bounce ...
    refusal: str  # why no machine may answer this mail; "" if one may
    limits: Limits = field(default_factory=Limits)  # how often it may answer this sender
    alive: bool = False  # the sender's address was given up, and is not dead
    answered: Answered | None = None
    reader_orders: tuple[Order, ...] = ()  # open ones of the customer whom a returned message was for
    unsubscribes: Address | None = None  # whose marketing an unsubscribe token ends
    order: Order | None = None  # the one that is meant
    standing: Standing = field(default_factory=Standing)  # how far the sender is believed
    order_standings: tuple[OrderStanding, ...] = ()  # the sender's orders, newest first
    purchase: PurchaseFacts | None = None
    feedback: FeedbackFacts | None = None
    products: Mapping[str, Product] = field(default_factory=dict[str, Product])  # those named, by SKU
    order_mails: tuple[OrderMail, ...] = ()
    source: str = ""  # in whose name the order mails were read: the sales channel's
    passed_on: PassedOn | None = None  # the mail of somebody else that came through the owner
    claims_us: str = ""  # an address of the shop or its owner that From names, by any reading
    unsure: str = ""  # what names another object than the token does, as a sentence
    known_orders: Mapping[str, Order] = field(
        default_factory=dict[str, Order]
    )  # of the order mails, by number
    parcels: tuple[tuple[ParcelNews, Shipment | None, Order | None], ...] = ()
    waived: tuple[str, ...] = ()  # reasons for holding it that the owner has waived
    heard: Heard | None = None  # the owner's words to us

    @property
    def act_standing(self) -> Standing:
        """How far what it asks for is believed: by what was passed on, if that proves more."""
        return self.passed_on.standing if self.passed_on else self.standing

    @property
    def answering(self) -> Answering:
        """What an answer to this mail refers to."""
        return Answering(self.mail.message_id, self.mail.references, self.mail.subject)


async def gather(
    tx: AsyncConnection,
    arrived: MailArrived,
    mail: Parsed,
    shop: Shop,
    now: datetime,
    inner: Parsed | None = None,
) -> Facts:
    """The facts about a mail that arrived and was read; `inner` is the mail that the owner attached."""
    envelope = arrived.envelope
    sender = await _party(tx, mail, shop)
    answered = await _answered(tx, mail, envelope, sender, shop, now)
    if answered and "third_person" in arrived.waived:
        answered = replace(answered, third_person=False)
    about = answered.message.about if answered and not answered.third_person else None
    believed = level_of(sender, mail, envelope.auth, answered, shop)
    found = _released(believed, arrived.waived)
    passed_on = _passed_on(sender, mail, inner, envelope, found, shop)
    reads_orders = sender.kind in (PartyKind.CHANNEL, PartyKind.OWNER)
    source = (passed_on and passed_on.channel) or sender.name
    order_mails_read = (
        order_mails(passed_on.mail if passed_on else mail, shop.currency) if reads_orders else ()
    )
    mine = await orders_of_customer(tx, sender.customer.id) if sender.customer else ()
    feedback = await feedback_of(tx, about) if about and prefix_of(about) == "fbk" else None
    order = await _order(tx, about, mail, mine) or (feedback.order if feedback else None)
    purchase = await _purchase(tx, about, mail, sender)
    is_report = isinstance(mail.kind, DeliveryReport)
    left = await limits(tx, shop.key(sender.address) if sender.address else None, now)
    alive = left.dead and _gives_life(mail, believed, answered)
    suppressed = left.suppressed and not alive
    return Facts(
        mail=mail,
        envelope=envelope,
        seq=arrived.seq,
        now=now,
        sender=sender,
        role=shop.plan.role_at(next(iter(envelope.forward_paths), "")),
        refusal=refusal(mail, envelope, shop.plan, shop.mailboxes, suppressed=suppressed),
        limits=left,
        alive=alive,
        answered=answered,
        reader_orders=await open_orders_of(tx, answered.message) if answered and is_report else (),
        unsubscribes=_unsubscribes(answered),
        order=order,
        standing=found,
        order_standings=await standing_of(tx, mine),
        purchase=purchase,
        feedback=feedback,
        products=await products_by_sku(tx, _skus(mail, order_mails_read)),
        order_mails=order_mails_read,
        source=source,
        passed_on=passed_on,
        claims_us=_claims_us(mail, shop),
        unsure=(answered.contradiction if answered else "")
        or _unsure(mail, about, order, mine, purchase)
        or "",
        known_orders=await _known(tx, order_mails_read, source),
        parcels=await _parcels(tx, mail, sender, shop.calendar, now),
        waived=arrived.waived,
        heard=await _heard(tx, mail, sender, answered, shop, now),
    )


async def _party(tx: AsyncConnection, mail: Parsed, shop: Shop) -> Party:
    address = mail.identity
    shown = mail.author.name if mail.author else ""
    if address is None:
        return Party(PartyKind.STRANGER, None, shown)
    if address.lower() in shop.owner:
        return Party(PartyKind.OWNER, address, shown)
    for kind, correspondents in ((PartyKind.CHANNEL, shop.channels), (PartyKind.CARRIER, shop.carriers)):
        if known := next((one for one in correspondents if one.is_author(address)), None):
            return Party(kind, address, known.name)
    if supplier := await supplier_by_address(tx, address):
        return Party(PartyKind.SUPPLIER, address, supplier.name, supplier=supplier)
    if customer := await customer_by_key(tx, shop.key(address)):
        return Party(PartyKind.CUSTOMER, address, customer.name or shown, customer=customer)
    return Party(PartyKind.STRANGER, address, shown)


def level_of(
    sender: Party, mail: Parsed, auth: AuthResults, answered: Answered | None, shop: Shop
) -> Standing:
    """The level of a mail."""
    ambiguous = [each for each in mail.defects if each.startswith("repeated: ")]
    proof = Proof(
        registered=known_as(sender),
        aligned=bool(auth.proves)
        and sender.address is not None
        and wire_domain_of(sender.address) == auth.proves,
        denied=auth.dmarc is Verdict.FAIL,
        why=auth.why or "nobody has looked who sent it",
        tokened=answered is not None and answered.opens,
        expired=answered is not None and answered.expired,
        confirmed=answered is not None and answered.opens and answered.confirms,
        damaged=ambiguous[0] if ambiguous else "",
        elsewhere=sender.kind in _REPLAYED and not (_came_directly(auth) or _names_us(mail, shop)),
    )
    policy = shop.owner_proof if sender.kind is PartyKind.OWNER else OwnerProof.ALIGNED
    return standing(proof, policy)


# Whose mails do something whoever brings them. A signature holds for ever and for everybody: a platform signs
# the notices of all its shops, and an owner what she writes to anybody.
_REPLAYED = (PartyKind.OWNER, PartyKind.CHANNEL)


def _came_directly(auth: AuthResults) -> bool:
    """Whether a host of the author's own domain handed it over: then nobody else has had it."""
    return auth.spf is Verdict.PASS and f".{auth.spf_domain}".endswith(f".{auth.author}")


def _names_us(mail: Parsed, shop: Shop) -> bool:
    """Whether To or Cc names the shop or its owner."""
    addresses = (canonical(box.address) for box in (*mail.to, *mail.cc))
    return any(each in shop.owner or each in shop.mailboxes or shop.plan.is_ours(each) for each in addresses)


def known_as(sender: Party) -> str:
    """As what the exact address is registered, for a person; "" for strangers."""
    match sender.kind:
        case PartyKind.STRANGER:
            return ""
        case PartyKind.OWNER:
            return "the owner"
        case PartyKind.CHANNEL:
            return f"the sales channel {sender.name}"
        case PartyKind.CUSTOMER:
            return f"the customer {sender.name or sender.address}"
        case _:
            return f"the {sender.kind} {sender.name}"


def _claims_us(mail: Parsed, shop: Shop) -> str:
    """Which address of the shop or its owner the author claims, by any reading; "" if none."""
    author = canonical(mail.author.address) if mail.author else ""
    return author if author in shop.owner or shop.plan.is_ours(author) else ""


def _channel(shop: Shop) -> Callable[[Address], str]:
    """The name of the sales channel that an address is registered for, or ""."""
    return lambda address: next((one.name for one in shop.channels if one.is_author(address)), "")


def _released(found: Standing, waived: Sequence[str]) -> Standing:
    """The owner's word about a mail that she released counts as L1."""
    if waived and found.level < Level.L1:
        return Standing(Level.L1, "the owner has read it and released it")
    return found


async def _heard(
    tx: AsyncConnection, mail: Parsed, sender: Party, answered: Answered | None, shop: Shop, now: datetime
) -> Heard | None:
    """What the owner says to us; a machine that answers for her says nothing."""
    if sender.kind is not PartyKind.OWNER or mail.automatic or isinstance(mail.kind, AutoReply):
        return None
    mine = answered if answered and not answered.third_person and not answered.expired else None
    ear = Ear({**SYNONYMS, **shop.words}, shop.calendar)
    return await hear(tx, mail.reply, mine and mine.message, mine and mine.kind, ear, now)


async def _answered(
    tx: AsyncConnection, mail: Parsed, envelope: Envelope, sender: Party, shop: Shop, now: datetime
) -> Answered | None:
    claims = await claims_of(tx, mail, envelope, shop.keys, shop.plan)
    is_correspondent = bool(claims) and await _is_correspondent(tx, sender, claims[0].message)
    return answered_by(
        claims,
        is_correspondent=is_correspondent,
        today=shop.calendar.today(now),
        received_at=envelope.received_at,
    )


async def _is_correspondent(tx: AsyncConnection, sender: Party, message: OutboundMessage) -> bool:
    """Whether the author is who we wrote to: the address itself, or another one of the same supplier."""
    if sender.address is None or message.recipient is None:
        return False
    if sender.address.lower() == message.recipient.lower():
        return True
    if sender.supplier is None:
        return False
    recipient = await supplier_by_address(tx, message.recipient)
    return recipient is not None and recipient.id == sender.supplier.id


def _passed_on(
    sender: Party, mail: Parsed, inner: Parsed | None, envelope: Envelope, found: Standing, shop: Shop
) -> PassedOn | None:
    if sender.kind is PartyKind.OWNER:
        return by_owner(mail, inner, envelope.auth.enclosed, found, _channel(shop))
    if sender.kind is PartyKind.CHANNEL:
        return redirected(mail, envelope, shop.owner, found, sender.name)
    return None


def _unsure(
    mail: Parsed, about: Id | None, order: Order | None, mine: Sequence[Order], purchase: PurchaseFacts | None
) -> str:
    """How the new words name something else than the token does; "" if they do not (intake.md 13).

    The subject does not count: in an answer it is our own.
    """
    if about is None:
        return ""
    numbers = order_numbers(mail.reply)
    named = [each for each in mine if each.number in numbers]
    if order and named and order not in named:
        return f"it answers a letter about order {order.number}, but names order {named[0].number}"
    written = [code for code in codes(mail.reply) if code.startswith("PO-")]
    if purchase and written and purchase.purchase_order.number not in written:
        number = purchase.purchase_order.number
        return f"it answers a letter about purchase order {number}, but names {written[0]}"
    return ""


def _unsubscribes(answered: Answered | None) -> Address | None:
    if answered is None or answered.kind is not TokenKind.UNSUBSCRIBE:
        return None
    return answered.message.recipient


def _gives_life(mail: Parsed, believed: Standing, answered: Answered | None) -> bool:
    """Whether a person writes from the address it says, so that it cannot be dead.

    Either the sender is proven (L1), or this is an answer to the very address that only our letter named.
    """
    if not isinstance(mail.kind, Ordinary | UnsubscribeRequest) or mail.automatic:
        return False
    return believed.level >= Level.L1 or (
        answered is not None
        and answered.kind is TokenKind.REPLY
        and answered.evidence == FORWARD_PATH
        and not answered.third_person
        and not answered.expired
    )


async def _order(tx: AsyncConnection, about: Id | None, mail: Parsed, mine: Sequence[Order]) -> Order | None:
    """The order that is meant: by token, or by a number of the sender's own, or the only one there is."""
    if about and prefix_of(about) == "ord":
        return await order_by_id(tx, about)
    numbers = order_numbers(f"{mail.subject}\n{mail.reply}") if mine else ()
    named = [order for order in mine if order.number in numbers]
    return named[0] if len(named) == 1 else None


async def _purchase(
    tx: AsyncConnection, about: Id | None, mail: Parsed, sender: Party
) -> PurchaseFacts | None:
    if about and prefix_of(about) == "pur":
        return await purchase_of(tx, about)
    if sender.supplier is None:
        return None
    order = await _named_purchase_order(tx, mail, sender.supplier)
    return PurchaseFacts(order, sender.supplier) if order else None


async def _named_purchase_order(
    tx: AsyncConnection, mail: Parsed, supplier: Supplier
) -> PurchaseOrder | None:
    for word in f"{mail.subject} {mail.reply}".upper().replace(",", " ").replace(":", " ").split():
        if word.startswith("PO-"):
            order = await purchase_order_by_number(tx, word.rstrip(".)?!"))
            if order and order.supplier_id == supplier.id:
                return order
    return None


def _skus(mail: Parsed, read: Sequence[OrderMail]) -> list[str]:
    """Every word that could be a SKU, in upper case, at most 200."""
    words = f"{mail.subject} {mail.reply}".upper().replace(",", " ").replace(";", " ").split()
    spoken = (word.strip(".:!?()[]\"'*") for word in dict.fromkeys(words))
    wanted = [line.sku for order in read for line in order.lines]
    wanted += [line.sku for line in order_form(mail.reply)]
    wanted += [word for word in spoken if 2 <= len(word) <= 32]
    return list(dict.fromkeys(wanted))[:500]


async def _known(tx: AsyncConnection, read: Sequence[OrderMail], source: str) -> dict[str, Order]:
    """Those of these orders that we have, by the number the mail gives."""
    by_number = {order.number: order for order in await orders_by_number(tx, [each.number for each in read])}
    for each in read:
        if found := await order_of_channel(tx, source, each.external_id or each.number):
            by_number[each.number] = found
    return by_number


async def _parcels(
    tx: AsyncConnection, mail: Parsed, sender: Party, calendar: ShopCalendar, now: datetime
) -> tuple[tuple[ParcelNews, Shipment | None, Order | None], ...]:
    """What a registered carrier says, with the parcels and orders it is about."""
    if sender.kind not in (PartyKind.CARRIER, PartyKind.CHANNEL, PartyKind.OWNER):
        return ()
    news = parcel_news(mail, calendar.today(now))
    found = await shipments_by_tracking(tx, [each.tracking_number for each in news])
    parcels = {parcel.tracking_number: parcel for parcel in found}
    named = await orders_by_number(tx, [each.order_number for each in news if each.order_number])
    by_number = {order.number: order for order in named}
    result: list[tuple[ParcelNews, Shipment | None, Order | None]] = []
    for each in news:
        parcel = parcels.get(each.tracking_number)
        order = await order_by_id(tx, parcel.order_id) if parcel else by_number.get(each.order_number)
        result.append((each, parcel, order))
    return tuple(result)
