"""What happens in a shop, as a person reads it: each mail in, what was decided and why, each mail out."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, tzinfo
from email.message import EmailMessage
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from gateway.customers.model import CustomerRegistered, GrantConsent, WithdrawConsent
from gateway.feedback.model import AskForFeedback, RecordFeedback
from gateway.inventory.model import CountStock, Expect, KeepProduct, MoveStock, Receive, Reserve, SellReserved
from gateway.kernel.decision import Disposition, Effect, Event, Test
from gateway.orders.model import (
    DelayOrder,
    OrderMove,
    OrderMoved,
    PlaceOrder,
    ShipmentMoved,
    ShipmentStatus,
    ShipOrder,
)
from gateway.outbox.message import NoteBounce, Scope, Suppress
from gateway.pipeline.apply import Done
from gateway.pipeline.pipe import Outcome
from gateway.pipeline.stimulus import Ingested, TimerDue
from gateway.purchasing.model import (
    ConfirmPurchaseOrder,
    KeepSupplier,
    MarkReminded,
    OrderFromSupplier,
    ReceivePurchaseOrder,
)
from gateway.testing.shop import words_of
from gateway.testing.sink import SunkMail
from gateway.waitlist.model import JoinWaitlist, MarkNotified

# What was done, in a few words; effects that only keep the books in order (timers, letters) are not told.
_DONE: Mapping[type[Effect], Callable[[Any], str]] = {
    GrantConsent: lambda e: f"{e.address} allowed {e.purpose}",
    WithdrawConsent: lambda e: f"{e.address} no longer allows {e.purpose}",
    PlaceOrder: lambda e: "order taken down: " + ", ".join(f"{x.quantity} x {x.sku}" for x in e.lines),
    DelayOrder: lambda e: f"order is late; new day: {e.promised_on or 'not known yet'}",
    ShipOrder: lambda e: (
        "order shipped with "
        + (
            f"{e.carrier or 'a carrier'}, {e.tracking_number}"
            if e.tracking_number
            else e.carrier or "a carrier"
        )
    ),
    Reserve: lambda e: f"stock promised: {sum(units for _, units in e.units):+d}",
    SellReserved: lambda e: f"stock sold: {sum(units for _, units in e.units)}",
    MoveStock: lambda e: f"stock {e.change:+d} ({e.reason})",
    CountStock: lambda e: f"{e.sku} counted: {e.on_hand}",
    Expect: lambda e: f"stock on order: {sum(units for _, units in e.units):+d}",
    Receive: lambda e: f"stock received: {sum(units for _, units in e.units)}",
    KeepProduct: lambda e: f"product {e.sku}",
    KeepSupplier: lambda e: f"supplier {e.name}",
    OrderFromSupplier: lambda e: f"stock is low: {e.quantity} ordered from the supplier",
    ConfirmPurchaseOrder: lambda e: (
        f"supplier confirms {e.quantity or 'all'} for {e.expected_on or 'no day told'}"
    ),
    ReceivePurchaseOrder: lambda _: "goods arrived from the supplier",
    MarkReminded: lambda _: "supplier reminded",
    AskForFeedback: lambda _: "the customer is asked how it was",
    RecordFeedback: lambda e: f"feedback: {e.stars or 'no'} stars, {e.sentiment}, about {e.category}",
    JoinWaitlist: lambda e: f"{e.address} is on the waiting list",
    MarkNotified: lambda _: "who waited for it is told, once",
    Suppress: lambda e: (
        f"no more {'mail' if e.scope is Scope.ALL else 'advertising'} to {e.address} ({_plain(e.reason)})"
    ),
    NoteBounce: lambda e: f"our message came back: {_plain(e.bounce)}",
}
# What came of it, where that says more than the wish.
_BECAME: Mapping[type[Event], Callable[[Any], str]] = {
    CustomerRegistered: lambda e: f"{e.email} is known from now on",
    OrderMoved: lambda e: "" if e.move is OrderMove.DELAY else f"order is {_plain(e.status)}",
    ShipmentMoved: lambda e: (
        f"parcel is {'in trouble' if e.status is ShipmentStatus.EXCEPTION else _plain(e.status)} ({e.what})"
    ),
}
_STYLE = {Disposition.HANDLED: "green", Disposition.HELD: "yellow", Disposition.DROPPED: "dim"}
_MARGIN: Mapping[type, str] = {TimerDue: "time ", Ingested: "data "}
_GIST = 100  # characters of a mail that goes out
_WORDS = 4  # lines of a mail that are shown


class Transcript:
    """Writes to a console as things happen."""

    def __init__(self, console: Console, zone: tzinfo) -> None:
        self._console = console
        self._zone = zone
        self._shown = 0

    def scene(self, now: datetime, title: str) -> None:
        """A new scene of the story."""
        day = now.astimezone(self._zone).strftime("%a %d %b, %H:%M")
        self._console.print()
        self._console.rule(
            Text.assemble((day, "bold cyan"), "   ", (title, "bold")), align="left", style="cyan"
        )

    def mail_in(self, sender: str, to: str, subject: str, text: str) -> None:
        line = Text.assemble(
            ("in   ", "bold blue"), (sender, "bold"), (" to ", "dim"), _short(to), (f"   {subject}", "italic")
        )
        self._console.print(line)
        words = [line for line in text.strip().splitlines() if line.strip()]
        shown = words[:_WORDS] + (["..."] if len(words) > _WORDS else [])
        for word in shown:
            self._console.print(Padding(Text(word, style="dim"), (0, 0, 0, 7)))

    def outcome(self, outcome: Outcome) -> None:
        """The decision about a mail or a timer, why, and what was done."""
        decision = outcome.decision
        match = decision.because[0] if decision.because else None
        if isinstance(outcome.stimulus, TimerDue) and not outcome.done:
            return
        head = Text.assemble(
            (_MARGIN.get(type(outcome.stimulus), "     "), "bold magenta"),
            (decision.disposition, f"bold {_STYLE[decision.disposition]}"),
            (f"  {match.rule}" if match else "", "bold"),
            (f"  ({match.where})" if match else "", "dim"),
        )
        self._console.print(head)
        tests = ", ".join(map(_seen, match.tests)) if match else ""
        if tests:
            self._console.print(Padding(Text(f"because {tests}"), (0, 0, 0, 7)))
        if decision.note:
            self._console.print(
                Padding(Text(decision.note, style=_STYLE[decision.disposition]), (0, 0, 0, 7))
            )
        for done in outcome.done:
            for words in _told(done):
                self._console.print(Padding(Text(f"- {words}"), (0, 0, 0, 7)))

    def mail_out(self, mail: SunkMail) -> None:
        message: EmailMessage = mail.message
        line = Text.assemble(
            ("out  ", "bold green"), (mail.forward_paths[0], "bold"), (f"   {message['Subject']}", "italic")
        )
        self._console.print(line)
        self._console.print(Padding(Text(_gist(words_of(mail)), style="dim"), (0, 0, 0, 7)))

    def note(self, words: str) -> None:
        self._console.print(Text(f"     {words}", style="dim"))


def _told(done: Done) -> Iterator[str]:
    if tells := _DONE.get(type(done.effect)):
        yield tells(done.effect)
    for event in done.events:
        if words := _BECAME.get(type(event), lambda _: "")(event):
            yield words


def _seen(test: Test) -> str:
    return f"{test.question}: {test.seen}{' (no)' if test.held is False else ''}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _gist(words: str) -> str:
    """The first paragraph after the greeting and what it announces, as far as it fits on a line."""
    unfolded = "\n".join(words.splitlines())
    paragraphs = [" ".join(each.split()) for each in unfolded.split("\n\n") if each.strip()]
    spoken = [each for each in paragraphs if not each.startswith(("Hello", "Dear"))]
    told = " ".join(spoken[:2]) if spoken and spoken[0].endswith(":") else next(iter(spoken), "")
    return told if len(told) <= _GIST else f"{told[:_GIST].rpartition(' ')[0]} ..."


def _short(address: str) -> str:
    """A token address without its token, which says nothing to a person."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}+...@{domain}" if "+" in local else address
