"""Numbers of things, as a sentence says them."""


def counted(number: int, noun: str) -> str:
    """`1 mail`, `2 mails`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
