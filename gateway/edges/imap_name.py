"""Names as IMAP writes them: mailboxes in modified UTF-7, and quoted strings (RFC 3501, 5.1.3 and 4.3)."""

from base64 import b64encode


def quoted(text: str) -> str:
    """A quoted string; ValueError for what none can hold."""
    if any(character in "\0\r\n" for character in text):
        raise ValueError(f"{text!r} holds a control character")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def mailbox(name: str) -> str:
    """The name of a mailbox as an argument of a command: `Entwürfe` is `"Entw&APw-rfe"`."""
    return quoted(modified_utf7(name))


def modified_utf7(name: str) -> str:
    """Printable ASCII as it is, `&` as `&-`, everything else in runs of `&` base64 `-`."""
    written: list[str] = []
    run: list[str] = []
    for character in name:
        if " " <= character <= "~":
            written += [_shifted(run), "&-" if character == "&" else character]
            run = []
        else:
            run.append(character)
    return "".join([*written, _shifted(run)])


def _shifted(run: list[str]) -> str:
    if not run:
        return ""
    octets = "".join(run).encode("utf-16-be")
    return "&" + b64encode(octets).decode("ascii").rstrip("=").replace("/", ",") + "-"
