"""Money in minor units with its ISO 4217 currency; never a float."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import total_ordering

# ISO 4217 currencies whose minor unit is not the hundredth.
_WHOLE = frozenset(
    [
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    ]
)
_THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_SYMBOL = {"EUR": "€", "GBP": "£", "USD": "$"}
_CODE = re.compile(r"[A-Z]{3}")


@total_ordering
@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents) of one currency; different ones neither add up nor compare."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.currency):
            raise ValueError(f"{self.currency!r} is not an ISO 4217 code such as EUR")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __mul__(self, factor: int) -> "Money":
        return Money(self.minor * factor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other).minor

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not go together")
        return other

    @property
    def decimal(self) -> Decimal:
        """The amount in major units."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        amount = f"{abs(self.decimal):,.{exponent(self.currency)}f}"
        sign, symbol = "-" * (self.minor < 0), _SYMBOL.get(self.currency)
        return f"{sign}{symbol}{amount}" if symbol else f"{sign}{amount} {self.currency}"


def exponent(currency: str) -> int:
    """The number of decimal places of a currency's minor unit (ISO 4217)."""
    return 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2


def money(amount: str | int | Decimal, currency: str) -> Money:
    """Money from an amount in major units such as "12.50"; ValueError if it is no such thing."""
    try:
        scaled = Decimal(amount).scaleb(exponent(currency))
        minor = int(scaled.quantize(Decimal(1), ROUND_HALF_EVEN))
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"{amount!r} is not an amount such as 12.50") from error
    return Money(minor, currency)
