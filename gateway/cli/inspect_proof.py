"""What a file can show of who sent a mail, as sentences; it proves nothing, for no key is asked for.

Authentication-Results are shown as what they are, a claim. Anybody can write such a field, and the service
reads only that of a server which the shop named for the way by which the mail came (intake.md, 15).
"""

from collections.abc import Iterator

from gateway.commands.authority import Proof, standing
from gateway.mail import auth_results
from gateway.mail.address import domain_of, mailboxes
from gateway.mail.parsed import Parsed
from gateway.pipeline.gather import Facts, known_as


def sender(mail: Parsed) -> str:
    """Who the strict reading of From says it is, or why it says nobody."""
    if mail.identity:
        return f"{mail.identity}, and nobody else by any reading of From"
    fields = mail.headers.all("From")
    if len(fields) != 1:
        many = f"there are {len(fields)} From fields, and each reader may believe another one"
        return f"nobody: {many if fields else 'there is no From'}"
    people = mailboxes(fields[0])
    if len(people) > 1:
        return f"nobody: From names {len(people)} people"
    if "leading_blank_lines" in mail.defects:
        return "nobody: blank lines stand above From, so it is part of the text to some readers"
    if people and "@" in people[0].name and people[0].name != people[0].address:
        return f"nobody: the name in From shows an address other than {people[0].address}"
    return "nobody: From is no plain name and address, so readers may differ about it"


def proof(mail: Parsed) -> Iterator[str]:
    """The signatures it carries, the path it names and what it claims about itself."""
    author = domain_of(mail.identity or "")
    for value in mail.headers.all("DKIM-Signature"):
        yield _signature(_tags(value), author)
    if not mail.headers.all("DKIM-Signature"):
        yield "no DKIM signature"
    returned = mail.headers.get("Return-Path").strip("<> ")
    if returned:
        yield f"reverse-path {returned}; SPF needs the connection, which a file does not show"
    elif "Return-Path" in mail.headers:
        yield "the null reverse-path: a report, or a program that wants no answer"
    for value in mail.headers.all("Authentication-Results"):
        writer, results = auth_results.read(value)
        said = ", ".join(f"{one.method}={one.verdict}" for one in results) or "nothing"
        yield f"claimed by {writer or 'nobody'}: {said}; believed only from a server that your settings name"


def level(mail: Parsed, facts: Facts | None) -> Iterator[str]:
    """The level it has as a file, and the highest that the service could give it, and why."""
    if mail.identity is None:
        yield "L0 for ever: nobody is identified, so nothing can be proven about anybody"
        return
    if facts is None:
        yield "L0 as a file; as mail, L1 if its domain is proven and the address is one that the shop knows,"
        yield "and L2 if it also carries a token that the shop sent there (-f FOLDER knows both)"
        return
    tokened = facts.answered is not None and not facts.answered.third_person and not facts.answered.expired
    why = "its domain is proven"
    best = standing(Proof(registered=known_as(facts.sender), aligned=True, why=why, tokened=tokened))
    if best.level == 0:
        yield f"L0, whatever its signatures say: {best.why}"
    else:
        yield f"L0 as a file, L{best.level.value} if the service can prove its domain: {best.why}"


def _tags(value: str) -> dict[str, str]:
    """The tags of a DKIM signature (RFC 6376, 3.2)."""
    pairs = (tag.partition("=") for tag in value.split(";"))
    return {name.strip(): "".join(content.split()) for name, _, content in pairs}


def _signature(tags: dict[str, str], author: str) -> str:
    domain, algorithm = tags.get("d", "").lower(), tags.get("a", "").lower()
    who = f"a DKIM signature of {domain or 'nobody'}"
    if "l" in tags:
        return f"{who} counts for nothing: it covers only the beginning of the text (l=)"
    if algorithm == "rsa-sha1":
        return f"{who} counts for nothing: rsa-sha1 can be forged (RFC 8301)"
    if "from" not in tags.get("h", "").lower().split(":"):
        return f"{who} counts for nothing: it does not cover From"
    if not domain or not author:
        return f"{who} ({algorithm}), which says nothing about the author"
    if author == domain or author.endswith(f".{domain}") or domain.endswith(f".{author}"):
        return f"{who}, the author's domain ({algorithm}); the service asks for its key when the mail comes"
    return f"{who} ({algorithm}), which is not the author's domain {author}"
