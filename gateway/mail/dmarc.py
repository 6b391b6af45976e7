"""Whether what was authenticated belongs to the author's domain (DMARC, RFC 9989), over a `resolve`.

The organizational domain is found by walking up the tree of DNS (4.10): at most eight questions, from the
whole name to the right; `psd=n` marks the domain itself, `psd=y` the one above it, else the record nearest to
the root counts. No list of public suffixes is needed. We follow no `p=reject`: lists and forwarders break
alignment (intake.md, 15); the policy is kept for whoever reads the trace.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.mail.envelope import Verdict
from gateway.mail.resolve import DnsTrouble, Record, Resolve, is_name

QUESTIONS = 8  # of one walk (4.10)
POLICIES = ("none", "quarantine", "reject")


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """One policy record, as far as it concerns us; tags that are unknown or broken are ignored (4.7)."""

    domain: str  # where it stands, without `_dmarc.`
    p: str = "none"
    sp: str = ""  # for subdomains; "" means as `p`
    np: str = ""  # for subdomains that do not exist; "" means as `sp`
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"


@dataclass(frozen=True, slots=True)
class Authenticated:
    """What SPF and DKIM found: domains that passed, and those about which DNS would not say."""

    dkim: tuple[str, ...] = ()
    spf: str = ""
    doubtful: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dmarc:
    """The result: the policy that the author's domain asks for, and how or why not it aligns."""

    verdict: Verdict = Verdict.NONE
    policy: str = ""  # "" if there is no record
    why: str = ""


def check(author: str, found: Authenticated, resolve: Resolve) -> Dmarc:
    """The result for the domain of the author (RFC 9989, 5.3); DNS trouble is `temperror`.

    `none` means that the domain publishes nothing; whether it signed is then another question.
    """
    if not is_name(author) or "." not in author:
        return Dmarc(Verdict.NONE, "", "the author has no domain that could vouch for the mail")
    try:
        walk = list(walked(author, resolve))
        record = _applicable(author, walk)
        if record is None:
            return _without_record(author, found)
        policy = _policy(record, author, resolve)
        organization = _organization(author, walk)
        if how := _aligned(author, organization, record, found, resolve):
            return Dmarc(Verdict.PASS, policy, how)
        if _could_align(organization, found.doubtful):
            raise DnsTrouble(f"the DKIM key or SPF record of {', '.join(found.doubtful)} was not to be had")
    except DnsTrouble as trouble:
        return Dmarc(Verdict.TEMPERROR, "", str(trouble))
    return Dmarc(Verdict.FAIL, policy, f"neither DKIM nor SPF passed for {author} ({_says(found)})")


def organizational_domain(domain: str, resolve: Resolve) -> str:
    """The organizational domain of a name (4.10.2)."""
    return _organization(domain, list(walked(domain, resolve)))


def read(text: str, domain: str) -> DmarcRecord | None:
    """The record that a TXT of `_dmarc.domain` is, or None if it is no usable one (4.7)."""
    tags = _tags(text)
    if next(iter(tags), "") != "v" or tags["v"] != "DMARC1":
        return None
    record = DmarcRecord(
        domain=domain,
        p=tags.get("p", "").lower(),
        sp=_one_of(tags.get("sp", ""), POLICIES),
        np=_one_of(tags.get("np", ""), POLICIES),
        strict_dkim=tags.get("adkim", "r").lower() == "s",
        strict_spf=tags.get("aspf", "r").lower() == "s",
        psd=_one_of(tags.get("psd", ""), ("y", "n")) or "u",
    )
    if record.p in POLICIES:
        return record
    return replace(record, p="none") if "mailto:" in tags.get("rua", "").lower() else None


def walked(domain: str, resolve: Resolve) -> Iterator[DmarcRecord]:
    """The records that a walk from `domain` meets, the longest name first (4.10)."""
    for name in _names(domain):
        found = [read(text, name) for text in resolve(f"_dmarc.{name}", Record.TXT)]
        usable = [record for record in found if record is not None]
        if len(usable) == 1:
            yield usable[0]
            if usable[0].psd != "u":
                return


def _names(domain: str) -> Iterator[str]:
    """The whole name, then its last seven labels, six, and so on."""
    labels = domain.lower().removesuffix(".").split(".")
    yield ".".join(labels)
    for count in range(min(len(labels) - 1, QUESTIONS - 1), 0, -1):
        yield ".".join(labels[-count:])


def _organization(domain: str, walk: Sequence[DmarcRecord]) -> str:
    domain = domain.lower().removesuffix(".")
    for record in walk:
        if record.psd == "n":
            return record.domain
        if record.psd == "y" and record.domain != domain:
            labels = domain.split(".")
            return ".".join(labels[-record.domain.count(".") - 2 :])
    return walk[-1].domain if walk else domain


def _applicable(author: str, walk: Sequence[DmarcRecord]) -> DmarcRecord | None:
    """The record of the author's domain, of its organization, or of the public suffix (4.10.1)."""
    organization = _organization(author, walk)
    by_domain = {record.domain: record for record in walk}
    suffix = next((record for record in walk if record.psd == "y"), None)
    return by_domain.get(author.lower()) or by_domain.get(organization) or suffix


def _policy(record: DmarcRecord, author: str, resolve: Resolve) -> str:
    if record.domain == author.lower():
        return record.p
    below = record.sp or record.p
    if record.np and record.np != below and not _exists(author, resolve):
        return record.np
    return below


def _exists(domain: str, resolve: Resolve) -> bool:
    """Whether a domain has any address or mail server (RFC 9989, 3.2.13)."""
    return any(resolve(domain, of) for of in (Record.A, Record.AAAA, Record.MX))


def _aligned(
    author: str, organization: str, record: DmarcRecord, found: Authenticated, resolve: Resolve
) -> str:
    """How the author's domain is authenticated, or "" (4.4)."""
    claims = [("DKIM", domain, record.strict_dkim) for domain in found.dkim]
    claims += [("SPF", found.spf, record.strict_spf)] if found.spf else []
    for method, domain, strict in claims:
        if domain.lower() == author.lower():
            return f"{method} passed for {domain}"
        if strict or not _could_align(organization, (domain,)):
            continue
        if organizational_domain(domain, resolve) == organization:
            return f"{method} passed for {domain}, of the same organization"
    return ""


def _could_align(organization: str, domains: Sequence[str]) -> bool:
    """Whether any of these may be of the organization: it is one of them, or above one of them.

    No other is asked about. Trouble with a stranger's own DNS must not keep the author's word from counting.
    """
    return any(f".{domain.lower()}".endswith(f".{organization}") for domain in domains)


def _without_record(author: str, found: Authenticated) -> Dmarc:
    if author.lower() in found.dkim:
        return Dmarc(Verdict.NONE, "", f"{author} has no DMARC record, but signed it")
    if author.lower() in found.doubtful:
        raise DnsTrouble(f"the DKIM key of {author} was not to be had")
    return Dmarc(Verdict.NONE, "", f"{author} has no DMARC record, and did not sign it ({_says(found)})")


def _says(found: Authenticated) -> str:
    dkim = ", ".join(found.dkim) or "nobody"
    return f"signed by {dkim}; SPF {'passed for ' + found.spf if found.spf else 'did not pass'}"


def _tags(text: str) -> Mapping[str, str]:
    pairs = (each.partition("=") for each in text.split(";"))
    tags: dict[str, str] = {}
    for name, equals, value in pairs:
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


def _one_of(value: str, known: Sequence[str]) -> str:
    return value.lower() if value.lower() in known else ""
