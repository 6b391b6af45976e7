"""Text that flows: soft line breaks joined, quotation depth by quotation depth (RFC 3676, section 4)."""

_SIGNATURE = "-- "


def unflowed(text: str, delete_space: bool = False) -> str:
    """The text as its author typed it; quoted paragraphs are joined within their depth only.

    `delete_space` is the parameter DelSp: the blank before the break belongs to the encoding, not the words.
    """
    out: list[list[str]] = []  # the pieces of each line: joined once, for a paragraph may have a million
    flowing: int | None = None  # the depth of the paragraph that goes on
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")  # stuffed (4.4)
        signature = content == _SIGNATURE
        soft = content.endswith(" ") and not signature
        if flowing == depth and not signature:
            out[-1].append(content)
        else:
            out.append([">" * depth + (" " if depth else ""), content])
        if soft and delete_space:
            out[-1][-1] = out[-1][-1][:-1]
        flowing = depth if soft else None
    return "\n".join(map("".join, out))
