"""DKIM: our signature over the octets that go on the wire, and whose signatures hold on those that came.

RFC 6376 with RFC 8301 (no SHA-1, 2,048 bits for us, 1,024 for others) and RFC 8463 (Ed25519). Signing is
relaxed/relaxed, never with `l=`, by our own canonicaliser and `cryptography`, for dkimpy's RSA is `pow` in
Python; dkimpy is the verifier, and the reference that the tests compare with. Fields that a stranger might
add are signed once more than they occur, so that adding one breaks the signature.
"""

from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from gateway.kernel.errors import InputError, MailFlowError
from gateway.mail.field import field

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

RSA, ED25519 = "rsa-sha256", "ed25519-sha256"
BITS = 2048  # of our RSA keys (RFC 8301 3.2)
SIGNED = (
    "from to cc subject date message-id reply-to in-reply-to references mime-version content-type "
    "content-transfer-encoding list-unsubscribe list-unsubscribe-post list-id x-mailflow-id"
)
OVERSIGNED = "from to cc subject date message-id reply-to content-type list-unsubscribe list-unsubscribe-post"

# What a stranger may make us work on: dkimpy takes quadratic time over the signature field and the lines of
# any field, and `pow` any time over a public key. 1,200 octets hold one of 4,096 bits (RFC 8301 3.2).
_MOST_SIGNATURES = 5
_LONGEST_SIGNATURE = 4096
_LONGEST_RECORD = 1200
_LONGEST_HEADER = 256 * 1024  # as the guard has it, which does not look into attached mails

_BLANKS = " \t\r\n"  # around a tag's name and value; within a domain there are none (RFC 6376 3.2, 3.5)
_HOSTNAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A private key with the place of its public half in DNS."""

    domain: str
    selector: str
    algorithm: str  # RSA or ED25519
    private: "RSAPrivateKey | Ed25519PrivateKey"


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A signature field that lacks only its signature; `seal` may run in a thread, it releases the GIL."""

    start: bytes  # up to and with `b=`
    digest: bytes  # SHA-256 of what is signed
    key: DkimKey

    def seal(self) -> bytes:
        """The finished field."""
        signature = b64encode(_signature(self.key, self.digest))
        lines = [signature[at : at + 72] for at in range(0, len(signature), 72)]
        return self.start + b"\r\n ".join(lines) + b"\r\n"


def sign(wire: bytes, keys: Sequence[DkimKey], now: datetime) -> bytes:
    """The mail with a DKIM-Signature of each key before it, RSA topmost; with no keys the mail as it is."""
    return b"".join((*(each.seal() for each in unsealed(wire, keys, now)), wire))


def unsealed(wire: bytes, keys: Sequence[DkimKey], now: datetime) -> tuple[Unsealed, ...]:
    """The signature fields before the private keys are used, which is the dear part."""
    if not keys:
        return ()
    block, _, body = wire.partition(b"\r\n\r\n")
    fields = [relaxed_field(line) for line in _unfolded(block)]
    body_hash = b64encode(sha256(relaxed_body(body)).digest()).decode("ascii")
    names = _names(fields)
    signed = b"".join(_chosen(fields, names))
    ordered = sorted(keys, key=lambda key: key.algorithm != RSA)
    return tuple(_unsealed(key, names, signed, body_hash, now) for key in ordered)


def relaxed_body(body: bytes) -> bytes:
    """The body with single blanks, none at line ends, and no empty lines at its end (RFC 6376 3.4.4)."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    body = body.replace(b" \r\n", b"\r\n")
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n" if end else b""


def relaxed_field(line: bytes) -> bytes:
    """One field, folded or not, as `name:value` on one line with single blanks (RFC 6376 3.4.2)."""
    name, _, value = line.partition(b":")
    value = value.replace(b"\r\n", b"").replace(b"\t", b" ")
    while b"  " in value:
        value = value.replace(b"  ", b" ")
    return name.rstrip(b" \t").lower() + b":" + value.strip(b" ") + b"\r\n"


def verify(octets: bytes, dnsfunc: Callable[[str], bytes | None]) -> tuple[str, ...]:
    """The domains whose signature holds over the From field and the whole body of a mail with CRLF line ends.

    `dnsfunc` gives the TXT record of a name, or None; a MailFlowError that it raises goes through, so that
    trouble in DNS is not taken for a bad signature (intake.md, 15).
    """
    block, body = _header_and_body(octets)
    held = (_domain_held(block, body, number, tags, dnsfunc) for number, tags in _signatures(block))
    return tuple(dict.fromkeys(domain for domain in held if domain))


def key_names(octets: bytes) -> tuple[str, ...]:
    """The names of the TXT records that `verify` will ask for."""
    block, _ = _header_and_body(octets)
    return tuple(dict.fromkeys(_record_name(tags["s"], tags["d"]) for _, tags in _signatures(block)))


REMEDY = "restore it from a copy; `mailflow init` makes keys for a new shop"


def load_key(pem: bytes, selector: str, domain: str, where: str = "the DKIM key") -> DkimKey:
    """The key of a PEM file; InputError says what is wrong with the file `where`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not selector or not domain or not _HOSTNAME.issuperset((selector + domain).lower()):
        raise InputError(
            where, f"{selector!r} at {domain!r} is no name in DNS", "write it as mailflow1 and example.com"
        )
    try:
        private = load_pem_private_key(pem, None)
    except TypeError:
        raise InputError(
            where, "is locked with a password", "store it without; the file's mode protects it"
        ) from None
    except Exception:  # noqa: BLE001 - ValueError and cryptography's own; all mean the same here
        raise InputError(where, "is no private key in PEM", REMEDY) from None
    if isinstance(private, Ed25519PrivateKey):
        return DkimKey(domain.lower(), selector.lower(), ED25519, private)
    if not isinstance(private, RSAPrivateKey):
        raise InputError(where, "is neither RSA nor Ed25519", "DKIM knows no other kind (RFC 8463)")
    if private.key_size < BITS:
        raise InputError(where, f"has {private.key_size} bits", f"receivers want {BITS} (RFC 8301 3.2)")
    return DkimKey(domain.lower(), selector.lower(), RSA, private)


def generate_rsa() -> bytes:
    """A new RSA key of 2,048 bits as PEM, without password."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return _pem(generate_private_key(public_exponent=65537, key_size=BITS))


def generate_ed25519() -> bytes:
    """A new Ed25519 key as PEM, without password."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return _pem(Ed25519PrivateKey.generate())


def dns_record(key: DkimKey) -> tuple[str, str]:
    """The name and the value of the TXT record that makes the key known (RFC 6376 3.6.1, RFC 8463 4)."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.private.public_key()
    if key.algorithm == ED25519:
        octets, kind = public.public_bytes(Encoding.Raw, PublicFormat.Raw), "ed25519"
    else:
        octets, kind = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), "rsa"
    return _record_name(key.selector, key.domain), f"v=DKIM1; k={kind}; p={b64encode(octets).decode('ascii')}"


def _unsealed(key: DkimKey, names: Sequence[str], signed: bytes, body_hash: str, now: datetime) -> Unsealed:
    listed = [f"{name}:" for name in names[:-1]] + [f"{names[-1]};"]
    listed[0] = f"h={listed[0]}"
    start = field(
        "DKIM-Signature",
        "v=1;",
        f"a={key.algorithm};",
        "c=relaxed/relaxed;",
        f"d={key.domain};",
        f"s={key.selector};",
        f"t={int(now.timestamp())};",
        *listed,
        f"bh={body_hash};",
    )
    start = start.removesuffix(b"\r\n") + b"\r\n b="
    digest = sha256(signed + relaxed_field(start).removesuffix(b"\r\n")).digest()
    return Unsealed(start, digest, key)


def _signature(key: DkimKey, digest: bytes) -> bytes:
    """RFC 6376 3.3.3 with PKCS #1 v1.5; Ed25519 signs the digest as if it were the message (RFC 8463 3)."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from cryptography.hazmat.primitives.hashes import SHA256

    if isinstance(key.private, RSAPrivateKey):
        return key.private.sign(digest, PKCS1v15(), Prehashed(SHA256()))
    return key.private.sign(digest)


def _names(fields: Sequence[bytes]) -> list[str]:
    """What `h=` lists: each field as often as it occurs, and the oversigned ones once more."""
    occurring = Counter(line.partition(b":")[0].decode("ascii") for line in fields)
    return [name for name in SIGNED.split() for _ in range(occurring[name] + (name in OVERSIGNED.split()))]


def _chosen(fields: Sequence[bytes], names: Sequence[str]) -> list[bytes]:
    """The fields that `names` mean, the last of a name first (RFC 6376 5.4.2); absent ones are nothing."""
    stacks: dict[bytes, list[bytes]] = {}
    for line in fields:
        stacks.setdefault(line.partition(b":")[0], []).append(line)
    found = (stacks.get(name.encode("ascii"), []) for name in names)
    return [stack.pop() for stack in found if stack]


def _domain_held(
    block: bytes, body: bytes, number: int, tags: Mapping[str, str], dnsfunc: Callable[[str], bytes | None]
) -> str:
    """The domain of one signature if it holds, else nothing.

    The key is asked for under the name that was read here, whatever dkimpy makes of the field.
    """
    from dkim import DKIM  # pyright: ignore[reportMissingTypeStubs] - it has none; `Any` stands for them

    def record(_: bytes, timeout: int = 5) -> bytes | None:
        found = dnsfunc(_record_name(tags["s"], tags["d"]))
        return found if found and len(found) <= _LONGEST_RECORD else None

    message = cast("Any", DKIM)(block + b"\r\n\r\n", minkey=1024)
    relaxed = tags.get("c", "").partition("/")[2] == "relaxed"
    message.body = relaxed_body(body) if relaxed else body  # dkimpy's expressions are quadratic in blanks
    try:
        return tags["d"].lower() if message.verify(number, record) else ""
    except MailFlowError:
        raise
    except Exception:  # noqa: BLE001 - dkimpy raises whatever a stranger's octets lead it to
        return ""


def _header_and_body(octets: bytes) -> tuple[bytes, bytes]:
    """The header without lines that are no fields to both dkimpy and us, and the body.

    At a line without a name dkimpy gives up; a bare LF ends a line for it: what is one field here would be
    several there, and a signature that was looked at not the one that is verified.
    """
    block, _, body = octets.partition(b"\r\n\r\n")
    if len(block) > _LONGEST_HEADER:
        return b"", body
    return b"\r\n".join(line for line in _unfolded(block) if _is_field(line)), body


def _is_field(line: bytes) -> bool:
    name, colon, _ = line.partition(b":")
    whole = b"\n" not in line.replace(b"\r\n", b"")
    return bool(colon and name) and whole and all(32 < octet < 127 for octet in name)


def _unfolded(block: bytes) -> list[bytes]:
    """The lines of a header block, each with those that continue it."""
    lines: list[bytes] = []
    for line in block.split(b"\r\n"):
        if lines and line[:1] in (b" ", b"\t"):
            lines[-1] += b"\r\n" + line
        else:
            lines.append(line)
    return lines


def _signatures(block: bytes) -> list[tuple[int, dict[str, str]]]:
    """The signatures that deserve a look, with their number among all, and their tags (RFC 6376 3.5)."""
    fields = [line for line in _unfolded(block) if line[:15].lower() == b"dkim-signature:"]
    numbered = enumerate(fields[:_MOST_SIGNATURES])
    read = ((number, _tags(line)) for number, line in numbered if len(line) <= _LONGEST_SIGNATURE)
    return [(number, tags) for number, tags in read if _deserves_a_look(tags)]


def _tags(line: bytes) -> dict[str, str]:
    text = line.decode("ascii", "replace").partition(":")[2]
    pairs = (each.partition("=") for each in text.split(";"))
    return {name.strip(_BLANKS): value.strip(_BLANKS) for name, _, value in pairs}


def _deserves_a_look(tags: Mapping[str, str]) -> bool:
    """No SHA-1 (RFC 8301 3.1), no part of a body (`l=`, RFC 6376 8.2), and From is signed (5.4)."""
    names = [name.strip(_BLANKS) for name in tags.get("h", "").lower().split(":")]
    named = all(_HOSTNAME.issuperset(tags.get(tag, "?").lower()) for tag in "sd")
    return tags.get("a") in (RSA, ED25519) and "l" not in tags and "from" in names and named


def _record_name(selector: str, domain: str) -> str:
    return f"{selector}._domainkey.{domain}".lower()


def _pem(private: "RSAPrivateKey | Ed25519PrivateKey") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
