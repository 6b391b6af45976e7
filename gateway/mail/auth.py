"""Who sent it: SPF, DKIM and DMARC put together, as pure functions over octets and a `resolve`.

What a provider found counts beside what we find: it saw the mail first, and may have changed the body since.
So its `dkim=pass` outweighs our failing check, never the reverse (intake.md, 15). SPF is asked only where the
sender itself is connected: by SMTP, and not through a server in front.
"""

from collections.abc import Sequence

from gateway.mail import dkim, dmarc, spf
from gateway.mail.address import canonical as canonical_address
from gateway.mail.address import identity, mailboxes, wire_domain_of
from gateway.mail.auth_results import Trusted, trusted
from gateway.mail.dmarc import Authenticated, Dmarc
from gateway.mail.envelope import AuthResults, Envelope, Verdict
from gateway.mail.header import Field, canonical, split, text_of
from gateway.mail.resolve import DnsTrouble, Record, Resolve
from gateway.mail.spf import Spf


def check(
    envelope: Envelope, octets: bytes, resolve: Resolve, *, spf_too: bool, claims: str = ""
) -> AuthResults:
    """Everything that can be known about who sent a mail, in one go.

    `claims` is the domain that DMARC is asked about; "" is the author's.
    """
    fields = header_of(octets)
    says = trusted(fields, envelope.auth.trusts)
    return concluded(
        envelope.auth,
        claims or author_domain(fields),
        sender(envelope, resolve) if spf_too else None,
        signatures(octets, resolve),
        says,
        resolve,
    )


def header_of(octets: bytes) -> tuple[Field, ...]:
    """The fields of a mail as it came."""
    return split(canonical(octets))[0]


def from_lines(octets: bytes) -> bytes:
    """The From fields of a mail with CRLF line ends, in lower case; a quick look, before any reading."""
    end = octets.find(b"\r\n\r\n")
    head = b"\r\n" + (octets if end < 0 else octets[:end]).lower() + b"\r\n"
    found: list[bytes] = []
    at = head.find(b"\r\nfrom")
    while at >= 0:
        end = head.find(b"\r\n", at + 2)
        while head[end + 2 : end + 3] in (b" ", b"\t"):
            end = head.find(b"\r\n", end + 2)
        found.append(head[at + 2 : end])
        at = head.find(b"\r\nfrom", end)
    return b"\n".join(found)


def authors(fields: Sequence[Field]) -> tuple[str, ...]:
    """Every address that any From field names, as it is looked up; to ask whom a mail claims to be from."""
    values = [text_of(field.raw) for field in fields if field.key == "from"]
    return tuple(
        dict.fromkeys(canonical_address(box.address) for value in values for box in mailboxes(value))
    )


def author_domain(fields: Sequence[Field]) -> str:
    """The domain of the one author as DNS knows it, by the strict reading, else of the first of From."""
    values = [text_of(field.raw) for field in fields if field.key == "from"]
    strict = identity(*values)
    return wire_domain_of(strict or next(iter(authors(fields)), ""))


def sender(envelope: Envelope, resolve: Resolve) -> Spf | None:
    """What SPF says about the connection; None where nobody connected."""
    if envelope.peer is None:
        return None
    return spf.check(envelope.peer.ip, envelope.peer.helo, envelope.reverse_path, resolve)


def signatures(octets: bytes, resolve: Resolve) -> Authenticated:
    """The domains whose DKIM signature holds, and those whose key DNS would not give.

    The dear part (milliseconds, more for a large body): in a service it runs in a thread, with the records of
    `dkim.key_names` at hand.
    """
    doubtful: list[str] = []

    def key(name: str) -> bytes | None:
        try:
            found = resolve(name, Record.TXT)
        except DnsTrouble:
            doubtful.append(name.partition("._domainkey.")[2])
            return None
        return found[0].encode("latin-1", "replace") if found else None

    held = dkim.verify(octets, key)
    return Authenticated(dkim=held, doubtful=tuple(dict.fromkeys(doubtful)))


def concluded(
    known: AuthResults,
    author: str,
    connection: Spf | None,
    signed: Authenticated,
    says: Trusted | None,
    resolve: Resolve,
) -> AuthResults:
    """What all of it comes to for the domain `author`."""
    spf_verdict, spf_domain = _sender(connection, says)
    found = Authenticated(
        dkim=tuple(dict.fromkeys((*signed.dkim, *(says.dkim if says else ())))),
        spf=spf_domain if spf_verdict is Verdict.PASS else "",
        doubtful=(*signed.doubtful, *((spf_domain,) if spf_verdict is Verdict.TEMPERROR else ())),
    )
    result = dmarc.check(author, found, resolve) if author else Dmarc(why="it has no author")
    if says and says.dmarc(author) is Verdict.PASS:
        result = Dmarc(Verdict.PASS, result.policy, f"{says.authserv_id} says that DMARC passed for {author}")
    return AuthResults(
        spf=spf_verdict,
        dkim=found.dkim,
        dmarc=result.verdict,
        spf_domain=spf_domain,
        author=author,
        policy=result.policy,
        why=result.why,
        trusts=known.trusts,
        checked=True,
    )


def _sender(connection: Spf | None, says: Trusted | None) -> tuple[Verdict, str]:
    if connection is not None:
        return connection.verdict, connection.domain
    if says is None or says.spf is None:
        return Verdict.NONE, ""
    return says.spf.verdict, says.spf.get("smtp.mailfrom") or says.spf.get("smtp.helo")
