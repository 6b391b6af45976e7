"""Attachments as they are listed: safe name, sniffed type, size, hash. They are never opened or unpacked."""

from hashlib import sha256

from gateway.mail.parsed import Attachment

_MAGIC = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF8", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"\x78\x9f\x3e\x22", "application/ms-tnef"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
)
_PROGRAMS = frozenset(("application/x-msdownload", "application/x-executable"))
# Programs, scripts, disk images, and documents that carry macros.
_REFUSED = frozenset(
    (
        *("ade", "adp", "apk", "app", "bat", "chm", "cmd", "com", "cpl", "dll", "dmg", "docm", "dotm", "exe"),
        *("hta", "img", "ins", "iso", "jar", "js", "jse", "lnk", "mde", "msc", "msi", "msp", "mst", "pif"),
        *(
            "potm",
            "ppam",
            "ppsm",
            "pptm",
            "ps1",
            "psm1",
            "reg",
            "scr",
            "sct",
            "sh",
            "svg",
            "sys",
            "vb",
            "vbe",
        ),
        *("vbs", "vhd", "wsc", "wsf", "wsh", "xlam", "xlsm", "xltm"),
    )
)
_VAGUE = frozenset(("application/octet-stream", "application/x-unknown", "application/binary", ""))


def listed(filename: str, media_type: str, content: bytes) -> tuple[Attachment, tuple[str, ...]]:
    """The entry of one attachment, and what the owner should know of it.

    What the octets say outweighs a vague type, and any type that hides a program.
    """
    sniffed = next((found for magic, found in _MAGIC if content.startswith(magic)), "")
    shown = sniffed if sniffed in _PROGRAMS or (sniffed and media_type in _VAGUE) else media_type
    entry = Attachment(filename, shown, len(content), sha256(content).hexdigest())
    extension = filename.lower().rpartition(".")[2] if "." in filename else ""
    if shown in _PROGRAMS or extension in _REFUSED:
        return entry, (f"refused_type: {filename or shown}",)
    if shown in {"application/ms-tnef", "application/vnd.ms-tnef"}:
        return entry, ("tnef",)
    return entry, ()
