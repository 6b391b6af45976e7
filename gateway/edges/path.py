"""The paths of MAIL and RCPT lines, by a grammar of our own (RFC 5321, section 4.1.2; RFC 6531, 3.3).

The library reads them with the parser for header fields, which is slow and takes comments, source routes and
trailing words; what is not plainly an address is refused here. Lenient in two places where real senders are:
a local part may be longer than 64 octets (reverse-paths that name their message are), and its dots may stand
anywhere (mail operators have sold such addresses). No expressions: each path is looked at once, in 2 us.
"""

import string

NULL = "<>"  # the library's word for the null reverse-path
MAX_PATH = 512  # characters; twice what RFC 5321, section 4.5.3.1.3 asks of everybody
MAX_DOMAIN = 255
MAX_LABEL = 63

_DIGITS_AND_LETTERS = frozenset(string.ascii_letters + string.digits)
_ATEXT = _DIGITS_AND_LETTERS | set("!#$%&'*+-/=?^_`{|}~.")  # RFC 5322, section 3.2.3, and the dot
_DOMAIN = _DIGITS_AND_LETTERS | set("-._")
_LITERAL = _DIGITS_AND_LETTERS | set(":.-")


def path_and_parameters(argument: str) -> tuple[str, str] | None:
    """What stands in `<...>`, and what follows it; None if that is no path.

    The path is an address with its domain in lower case, a bare local part such as `postmaster`, or NULL.
    """
    before, opening, rest = argument.partition("<")
    inside, closing, parameters = rest.partition(">")
    if before.strip() or not opening or not closing or (parameters and not parameters[0].isspace()):
        return None
    if not inside:
        return NULL, parameters.strip()
    path = _address(inside) if "@" in inside else inside if inside.isascii() and inside.isalnum() else None
    return None if path is None else (path, parameters.strip())


def _address(text: str) -> str | None:
    local, _, domain = text.rpartition("@")
    if len(text) > MAX_PATH or not text.isprintable() or not _is_local_part(local) or not _is_domain(domain):
        return None
    return f"{local}@{domain.lower()}"


def _is_local_part(text: str) -> bool:
    if text[:1] == text[-1:] == '"':
        bare = text[1:-1].replace("\\\\", "").replace('\\"', "")
        return len(text) > 2 and '"' not in bare and not bare.endswith("\\")
    return bool(text) and _consists_of(text, _ATEXT)


def _is_domain(text: str) -> bool:
    if text[:1] == "[":
        return text[-1:] == "]" and _LITERAL.issuperset(text[1:-1]) and len(text) > 3
    return len(text) <= MAX_DOMAIN and _consists_of(text, _DOMAIN) and all(map(_is_label, text.split(".")))


def _is_label(text: str) -> bool:
    return 0 < len(text) <= MAX_LABEL and text[0] != "-" and text[-1] != "-"


def _consists_of(text: str, allowed: frozenset[str]) -> bool:
    """Whether all of it is allowed or beyond ASCII; what is unprintable there has been refused already."""
    if text.isascii():
        return allowed.issuperset(text)
    return all(character in allowed or character >= "\xa0" for character in text)
