"""HTML as plain text, the way a person would type it: quotations as `> ` lines, nothing hidden read aloud.

inscriptis lays the words out. Before that the tree is pruned: scripts, styles, comments, and elements that
no eye would see (bulk mail hides "preheaders", spam hides whole letters). Quotations are set apart by
`mail.quotation`, so that `mail.reply` reads HTML-only mail like any other.
"""

from html import unescape
from typing import Any, cast

from inscriptis.css_profiles import CSS_PROFILES  # pyright: ignore[reportMissingTypeStubs]
from inscriptis.html_engine import Inscriptis  # pyright: ignore[reportMissingTypeStubs]
from inscriptis.model.config import ParserConfig  # pyright: ignore[reportMissingTypeStubs]
from lxml import html as lxml_html  # pyright: ignore[reportMissingTypeStubs]

from gateway.mail import quotation
from gateway.mail.header import harmless_text
from gateway.mail.line import SIGNATURE
from gateway.mail.pattern import compile_pattern

READ = 2 * 1024 * 1024  # characters of HTML that are read (intake.md, 3.4)
LAID_OUT = 512 * 1024  # characters ...
TAGS = 20_000  # ... and tags; of more only the words are taken: laying out so many costs half a second

_DROPPED = (
    "script",
    "style",
    "head",
    "title",
    "template",
    "iframe",
    "object",
    "svg",
    "meta",
    "link",
)
_HIDDEN = compile_pattern(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden|(?:max-height|opacity)\s*:\s*0(?:px|pt|em|%)?\s*(?:;|!|$))",
    ignore_case=True,
)
_SKIPPED = frozenset(("script", "style", "head", "title", "template", "svg"))
_BLOCKS = frozenset(
    ("p", "div", "br", "tr", "li", "table", "h1", "h2", "h3", "h4", "hr", "blockquote", "ul", "ol")
)
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_RULE = "_" * 40
_LAYOUT = ParserConfig(css=CSS_PROFILES["strict"].copy(), display_links=False, display_images=False)
_BLANK_LINES = compile_pattern(r"\n{3,}")


def text_of(html: str) -> str:
    r"""The words of `html` as text with `\n` line ends; never raises, broken HTML gives what can be read."""
    html = _sized(html)
    try:
        return _laid_out(html) if _is_small(html) else words_of(html)
    except Exception:  # noqa: BLE001 - lxml and inscriptis raise many things, RecursionError among them
        return words_of(html)


def count_words(html: str) -> int:
    """How many words an eye would see, roughly and fast."""
    html = _sized(html)
    try:
        root = _tree(html) if _is_small(html) else None
        if root is None:
            return len(words_of(html).split())
        _prune(root)
        return sum(len(piece.split()) for piece in root.itertext())
    except Exception:  # noqa: BLE001 - see above
        return len(words_of(html).split())


def _is_small(html: str) -> bool:
    return len(html) <= LAID_OUT and html.count("<") <= TAGS


def _sized(html: str) -> str:
    """As much of the HTML as is read; pictures written into it do not count."""
    html = html[:READ]
    if len(html) <= LAID_OUT:
        return html
    first, *rest = html.split("base64,")
    return first + "".join(piece.lstrip(_BASE64) for piece in rest)


def _laid_out(html: str) -> str:
    root = _tree(html)
    if root is None:
        return ""
    _prune(root)
    _unframe(root)
    quotation.set_apart(root, _words)
    return _tidy(_words(root))


def _tree(html: str) -> Any:
    if not html.strip() or not html.strip("\0"):
        return None
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    octets = html.replace("\0", "").encode("utf-8", "replace")
    return cast("Any", lxml_html).document_fromstring(octets, parser=parser)


def _prune(root: Any) -> None:
    for element in list(root.iter()):
        if not isinstance(element.tag, str) or element.tag in _DROPPED or _is_hidden(element):
            _drop(element)
        elif element.tag == "hr":
            element.tag, element.text = "div", _RULE


def _unframe(root: Any) -> None:
    """Make blocks of tables with a single column: they are frames, not tables, and bulk mail nests dozens."""
    for table in list(root.iter("table")):
        sections = (table, *table.iterchildren("thead", "tbody", "tfoot"))
        rows = [row for section in sections for row in section.iterchildren("tr")]
        cells = [tuple(row.iterchildren("td", "th")) for row in rows]
        if all(len(of_row) <= 1 for of_row in cells):
            for element in (*sections, *rows, *(cell for of_row in cells for cell in of_row)):
                element.tag = "div"


def _is_hidden(element: Any) -> bool:
    style = element.get("style")
    return element.get("hidden") is not None or (style is not None and _HIDDEN.search(style) is not None)


def _drop(element: Any) -> None:
    """Take an element out of the tree, keeping the words after it."""
    if element.getparent() is not None:
        element.drop_tree()


def _words(tree: Any) -> str:
    return Inscriptis(tree, _LAYOUT).get_text()


def _tidy(text: str) -> str:
    """The words without what nobody sees; a control may have been hidden in a reference, `&#27;`."""
    text = harmless_text(text)
    lines = (line.replace("\u00a0", " ") for line in text.split("\n"))
    lines = (line if line == SIGNATURE else line.rstrip() for line in lines)
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


def words_of(html: str) -> str:
    """The words between the tags, when nothing better can be had or afforded."""
    first, *pieces = html.split("<")
    out, skipping = [first], ""
    for piece in pieces:
        tag, closed, text = piece.partition(">")
        name = tag[:20].lower().split(maxsplit=1)[0] if tag.strip() else ""
        if skipping == "!--":
            _, closed, text = piece.partition("-->")
            skipping = "" if closed else "!--"
        elif skipping:
            skipping = "" if name == f"/{skipping}" else skipping
        elif name.startswith("!--"):
            _, closed, text = piece.partition("-->")
            skipping = "" if closed else "!--"
        elif name in _SKIPPED:
            skipping = name
        elif not closed:
            text = f"<{piece}"  # a sign, not a tag
        if not skipping:
            breaks = name.strip("/") in _BLOCKS and (
                name[:2] == "br" or not out[-1].rstrip(" ").endswith("\n")
            )
            out.append(f"\n{text}" if breaks else text)
    return _tidy(unescape("".join(out)))
