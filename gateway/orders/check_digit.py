"""Check digits of parcel numbers, by the arithmetic that carriers and standards bodies have published.

Every function takes the whole number, its check digit included, in digits and capitals that its form in
`config/carriers.toml` has let through.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType


def _none(_: str) -> bool:
    """No check digit is known."""
    return True


def _ups(number: str) -> bool:
    """Letters count as A=2, B=3 ... modulo 10, every second character twice; "1Z" does not count."""
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in number.removeprefix("1Z")]
    total = sum(value * (1 + position % 2) for position, value in enumerate(values[:-1]))
    return -total % 10 == values[-1]


def _fedex12(number: str) -> bool:
    """Weights 3, 1, 7 from the left, modulo 11; 10 is written 0."""
    total = sum(int(digit) * (3, 1, 7)[position % 3] for position, digit in enumerate(number[:-1]))
    return total % 11 % 10 == int(number[-1])


def _gs1(number: str) -> bool:
    """Weights 3, 1 from the right, modulo 10 (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3, 1)[position % 2] for position, digit in enumerate(reversed(number[:-1])))
    return -total % 10 == int(number[-1])


def _s10(number: str) -> bool:
    """UPU S10: weights 8 6 4 2 3 5 9 7, modulo 11; 10 is written 0 and 11 is written 5."""
    digits = [int(digit) for digit in number[2:11]]
    check = (
        11 - sum(digit * weight for digit, weight in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=False)) % 11
    )
    return {10: 0, 11: 5}.get(check, check) == digits[8]


def _mod7(number: str) -> bool:
    """The air waybill: the number without its last digit, modulo 7 (IATA Resolution 600a)."""
    return int(number[:-1]) % 7 == int(number[-1])


def _identcode(number: str) -> bool:
    """Weights 4, 9 from the left, modulo 10 (Deutsche Post Identcode)."""
    total = sum(int(digit) * (4, 9)[position % 2] for position, digit in enumerate(number[:-1]))
    return -total % 10 == int(number[-1])


def _mod37_36(number: str) -> bool:
    """ISO/IEC 7064 MOD 37,36, over digits and letters."""
    product = 36
    for character in number[:-1]:
        product = (product + int(character, 36)) % 36 or 36
        product = product * 2 % 37
    return (product + int(number[-1], 36)) % 36 == 1


CHECKS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "none": _none,
        "ups": _ups,
        "fedex12": _fedex12,
        "gs1": _gs1,
        "gs1_last15": lambda number: _gs1(number[-15:]),
        "s10": _s10,
        "mod7": _mod7,
        "identcode": _identcode,
        "mod37_36": _mod37_36,
    }
)
