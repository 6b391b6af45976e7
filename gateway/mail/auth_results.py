"""Authentication-Results (RFC 8601): read where its writer is trusted, written for what we found ourselves.

Anybody can write such a field. What counts is the topmost one, and only if it carries the authserv-id of a
server that is configured for the way the mail came; a field that claims *our* name is never read at all.

Even that server writes what strangers gave it: a domain that goes on as a comment (`d=shop.example(.evil`),
a quoted local part that looks like one more result. A value is read whole, and is a domain or nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.mail import header
from gateway.mail.address import domain_of
from gateway.mail.envelope import AuthResults, Verdict
from gateway.mail.pattern import compile_pattern
from gateway.mail.resolve import is_name

_NAME = "authentication-results"
_LONGEST = 16384  # characters of one field that are read
_METHODS = 30  # results of one field
_QUOTED = compile_pattern(r'"(?:[^"\\]|\\.)*"')
_ID = compile_pattern(r"^\s*(?P<id>[^\s;=]+)(?:\s+\d+)?\s*(?:;|$)")
_RESULT = compile_pattern(
    r"^\s*(?P<method>[a-z0-9-]+)(?:\s*/\s*\d+)?\s*=\s*(?P<result>[a-z]+)(?P<rest>.*)$", ignore_case=True
)
_PROPERTY = compile_pattern(
    r"(?P<name>[a-z0-9-]+(?:\s*\.\s*[a-z0-9._-]+)?)\s*=\s*(?P<value>(?:\"(?:[^\"\\]|\\.)*\"|[^\s;\"])+)",
    ignore_case=True,
)


@dataclass(frozen=True, slots=True)
class Result:
    """One method's result; `properties` as `header.from`, in lower case."""

    method: str
    verdict: Verdict
    properties: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The domain that a property names, in lower case, or ""."""
        value = next((value for key, value in self.properties if key == name), "").strip("<>\"'")
        domain = (domain_of(value) if "@" in value else value).lower().rstrip(".")
        return domain if is_name(domain) else ""

    @property
    def signer(self) -> str:
        """The domain that signed, of a result about DKIM: `header.i` counts only without a `header.d`."""
        return self.get("header.d" if any(key == "header.d" for key, _ in self.properties) else "header.i")


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the topmost field of a trusted server says."""

    authserv_id: str
    results: tuple[Result, ...]

    @property
    def dkim(self) -> tuple[str, ...]:
        """The domains whose signature the server saw hold."""
        passed = (each for each in self.results if each.method == "dkim" and each.verdict is Verdict.PASS)
        domains = (each.signer for each in passed)
        return tuple(dict.fromkeys(domain for domain in domains if domain))

    @property
    def spf(self) -> Result | None:
        return next((each for each in self.results if each.method == "spf"), None)

    def dmarc(self, author: str) -> Verdict:
        """The server's result for the domain `author`; `none` if it says nothing about it."""
        for each in self.results:
            if each.method == "dmarc" and each.get("header.from") == author.lower():
                return each.verdict
        return Verdict.NONE


def trusted(fields: Sequence[header.Field], authserv_id: str) -> Trusted | None:
    """What the topmost Authentication-Results says if `authserv_id` wrote it, else None."""
    topmost = next((field for field in fields if field.key == _NAME), None)
    if topmost is None or not authserv_id:
        return None
    writer, results = read(header.text_of(topmost.raw))
    if writer.lower() != authserv_id.lower():
        return None
    return Trusted(authserv_id, results)


def read(value: str) -> tuple[str, tuple[Result, ...]]:
    """The authserv-id and the results of one field; what cannot be read is left out.

    A field in which a comment or a quoted string does not end says nothing: what else did it swallow?
    """
    text = _without_comments(header.harmless_line(value[:_LONGEST]))
    match = _ID.search(text) if text is not None else None
    if text is None or match is None:
        return "", ()
    parts = _split(text[match.end() :])
    return match.group("id") or "", tuple(result for part in parts if (result := _result(part)))


def written(auth: AuthResults, authserv_id: str) -> str:
    """The value of the field that says what `auth` found."""
    said = [f"spf={auth.spf} smtp.mailfrom={_word(auth.spf_domain)}"] if auth.spf_domain else []
    said += [f"dkim=pass header.d={_word(domain)}" for domain in auth.dkim] or ["dkim=none"]
    said += [f"dmarc={auth.dmarc} header.from={_word(auth.author)}"] if auth.author else []
    return "; ".join((authserv_id, *said))


def _word(domain: str) -> str:
    """A domain that can stand in the field: as A-labels, and nothing but letters, digits, dots, hyphens."""
    return (
        "".join(each for each in domain if each.isascii() and (each.isalnum() or each in "-._")) or "unknown"
    )


def _without_comments(text: str) -> str | None:
    """The text with a blank for each comment; they nest, but not in quoted strings (RFC 5322, 3.2.2).

    A comment that is glued to a word leaves its parenthesis there. None if something does not end.
    """
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in text:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == '"' and not depth:
            quoted = not quoted
        elif character == "(" and not quoted:
            if not depth and kept and not kept[-1].isspace():
                kept.append("(")
            depth += 1
            continue
        elif character == ")" and depth and not quoted:
            depth -= 1
            kept.append(" ")
            continue
        if not depth:
            kept.append(character)
    return None if depth or quoted else "".join(kept)


def _split(text: str) -> Iterator[str]:
    """The parts between semicolons that stand in no quoted string."""
    hidden = _QUOTED.sub(lambda match: (match.group() or "").replace(";", " "), text)
    yield from hidden.split(";")[:_METHODS]


def _result(part: str) -> Result | None:
    match = _RESULT.search(part)
    if match is None:
        return None
    word = (match.group("result") or "").lower()
    verdict = Verdict(word) if word in frozenset(Verdict) else Verdict.NONE
    properties = tuple(
        ("".join((each.group("name") or "").lower().split()), each.group("value") or "")
        for each in _PROPERTY.finditer(match.group("rest") or "")
    )
    return Result((match.group("method") or "").lower(), verdict, properties)
