"""What a supplier's words say about a purchase order: values, never acted upon here."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.mail.pattern import Pattern, compile_pattern
from gateway.rules.extract import find_date, find_part_of_whole, find_quantity


class Says(StrEnum):
    """The main thing that a supplier's answer says."""

    CONFIRMS = "confirms"
    PART = "part"
    DELAYS = "delays"
    SHIPPED = "shipped"
    REFUSES = "refuses"
    NOTHING = "none"


@dataclass(frozen=True, slots=True)
class SupplierAnswer:
    """`part` of `whole` units, or None if it names none; `day` is when they ship or arrive."""

    says: Says
    part: int | None = None
    whole: int | None = None
    day: date | None = None


_NEAR = (
    "ship",
    "dispatch",
    "deliver",
    "send",
    "leave",
    "ready",
    "arrive",
    "eta",
    "expected",
    "versand",
    "versenden",
    "liefer",
    "livr",
    "expédi",
    "envi",
    "entrega",
    "consegn",
    "spedi",
    "verzend",
    "lever",
    "new date",
    "termin",
)
_LATER = (
    "until",
    "new",
    "now",
    "to",
    "instead",
    "bis",
    "neu",
    "neuer",
    "jusqu",
    "nouvelle",
    "hasta",
    "nueva",
    "nuova",
)
_UNITS = (
    "units",
    "unit",
    "pcs",
    "pieces",
    "pc",
    "stk",
    "stück",
    "pièces",
    "unidades",
    "pezzi",
    "stuks",
    "mugs",
)


def _any(*phrases: str) -> Pattern:
    return compile_pattern(rf"\b(?:{'|'.join(phrases)})", ignore_case=True)


_REFUSES = _any(
    r"(?:cannot|can't|unable to) (?:supply|deliver|fulfil)",
    r"discontinued|out of production|declined?\b",
    r"no longer (?:available|produce|make|stock)",
    r"nicht (?:mehr )?(?:lieferbar|verfügbar)",
    r"plus disponible|ya no está|non (?:è )?più disponibile|niet meer leverbaar",
)
_DELAYS = _any(
    r"delay\w*|late\b|later than|postpone\w*|back-?order\w*",
    r"verzöger\w*|verspät\w*|retard\w*|retras\w*|ritard\w*|vertrag\w*",
)
_SHIPPED = _any(
    r"(?:has|have|was|were|been) (?:now )?(?:shipped|dispatched|sent)",
    r"shipped today|on its way|versandt|verschickt",
    r"a été expédié|ha sido enviado|è stato spedito|is verzonden",
)
_NOT_YET = _any(r"not (?:yet )?(?:shipped|dispatched|sent)", r"shipped yet", r"noch nicht")
_CONFIRMS = _any(
    r"confirm\w*|will (?:ship|dispatch|deliver|send)|ships?\b|shipping on|in stock",
    r"thank you for your order|order (?:received|accepted)",
    r"bestätig\w*|wird geliefert|bevestig\w*|confermiamo|confermat\w*",
)


def supplier_answer(words: str, today: date, *, day_first: bool = True) -> SupplierAnswer:
    """What the new words of an answer say; our own quoted order must not be in `words`."""
    part = find_part_of_whole(words)
    units = part.part if part else find_quantity(words, unit=_UNITS)
    day = find_date(words, today=today, near=_NEAR, day_first=day_first)
    whole = part.whole if part else None
    if _REFUSES.search(words):
        says = Says.REFUSES
    elif _SHIPPED.search(words) and not _NOT_YET.search(words):
        says = Says.SHIPPED
    elif part:
        says = Says.PART
    elif _DELAYS.search(words):
        later = find_date(words, today=today, near=_LATER, day_first=day_first)
        says, day = Says.DELAYS, later or day or find_date(words, today=today, day_first=day_first)
    elif _CONFIRMS.search(words) or units is not None:
        says = Says.CONFIRMS
    else:
        says = Says.NOTHING
    return SupplierAnswer(says, units, whole, day)
