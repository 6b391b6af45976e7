"""HTML as plain text, the way a person would type it: quotations as `> ` lines, nothing hidden read aloud.

inscriptis lays the words out. Before that the tree is pruned: scripts, styles, comments, and elements that
no eye would see (bulk mail hides "preheaders", spam hides whole letters). Quotations are cut out of the tree
and laid out by themselves, innermost first, so that `mail.reply` reads HTML-only mail like any other.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, cast

from gateway.mail.pattern import compile_pattern

READ = 2 * 1024 * 1024  # characters of HTML that are read (intake.md, 3.4)
DEEPEST = 150  # elements inside elements; inscriptis walks the tree by recursion
QUOTES = 100  # quotations that are laid out by themselves

_DROPPED = (
    "script",
    "style",
    "head",
    "title",
    "template",
    "noscript",
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
_QUOTE_CLASS = compile_pattern(
    r"(?:^|\s)(?:gmail_quote|yahoo_quoted|moz-cite-prefix-quote|protonmail_quote|zmail_extra|tutanota_quote)(?:\s|$)"
)
_BLANK_LINES = compile_pattern(r"\n{3,}")


def text_of(html: str) -> str:
    r"""The words of `html` as text with `\n` line ends; never raises, broken HTML gives what can be read."""
    try:
        return _laid_out(html[:READ])
    except Exception:  # noqa: BLE001 - lxml and inscriptis raise many things, RecursionError among them
        return _stripped(html[:READ])


def count_words(html: str) -> int:
    """How many words an eye would see, roughly and fast."""
    try:
        root = _tree(html[:READ])
        if root is None:
            return 0
        _prune(root)
        return sum(len(piece.split()) for piece in root.itertext())
    except Exception:  # noqa: BLE001 - see above
        return len(_stripped(html[:READ]).split())


def _laid_out(html: str) -> str:
    root = _tree(html)
    if root is None:
        return ""
    _prune(root)
    for quote in _quotations(root):
        lines = _words(quote).strip("\n").split("\n")
        _replace(quote, "\n".join(f"> {line}".rstrip() for line in lines))
    return _tidy(_words(root))


def _tree(html: str) -> Any:
    from lxml import html as lxml_html  # pyright: ignore[reportMissingTypeStubs]

    if not html.strip() or not html.strip("\0"):
        return None
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    octets = html.replace("\0", "").encode("utf-8", "replace")
    return cast("Any", lxml_html).document_fromstring(octets, parser=parser)


def _prune(root: Any) -> None:
    for element in list(root.iter()):
        if not isinstance(element.tag, str) or element.tag.lower() in _DROPPED or _is_hidden(element):
            _drop(element)


def _is_hidden(element: Any) -> bool:
    style = element.get("style")
    return element.get("hidden") is not None or (style is not None and _HIDDEN.search(style) is not None)


def _drop(element: Any) -> None:
    """Take an element out of the tree, keeping the words after it."""
    if element.getparent() is not None:
        element.drop_tree()


def _quotations(root: Any) -> Iterator[Any]:
    """The elements that hold somebody else's words, innermost first."""
    found = [element for element in root.iter() if _is_quotation(element)]
    yield from reversed(found[:QUOTES])


def _is_quotation(element: Any) -> bool:
    if not isinstance(element.tag, str):
        return False
    return element.tag.lower() == "blockquote"


def _replace(quote: Any, text: str) -> None:
    """Put prepared lines in the place of a quotation, laid out exactly as they are."""
    for child in list(quote):
        quote.remove(child)
    quote.attrib.clear()
    quote.text = None
    quote.tag = "div"
    pre = quote.makeelement("pre")
    pre.text = text
    quote.append(pre)


def _words(tree: Any) -> str:
    from inscriptis.html_engine import Inscriptis  # pyright: ignore[reportMissingTypeStubs]

    return Inscriptis(tree, _settings()).get_text()


@lru_cache(maxsize=1)
def _settings() -> Any:
    from inscriptis.css_profiles import CSS_PROFILES  # pyright: ignore[reportMissingTypeStubs]
    from inscriptis.model.config import ParserConfig  # pyright: ignore[reportMissingTypeStubs]

    return ParserConfig(css=CSS_PROFILES["strict"].copy(), display_links=False, display_images=False)


def _tidy(text: str) -> str:
    lines = (line.replace("\u00a0", " ").rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


_TAG = compile_pattern(r"(?s)<(?:script|style|head)\b.*?</(?:script|style|head)\s*>|<[^>]*>")


def _stripped(html: str) -> str:
    """The words between the tags, when nothing better can be had."""
    from html import unescape

    return _tidy(unescape(_TAG.sub("\n", html)))
