"""MJML becomes the HTML of a mail; what the compiler would pass over in silence is refused first.

The compiler drops unknown tags and any words that stand between its own, so a misspelt button or a condition
around a section would vanish from every mail. Jinja's marks go through it untouched. It is imported with the
first template that needs it.
"""

from collections.abc import Callable, Iterator
from html.parser import HTMLParser

from gateway.outbox.template import Passage, TemplateError, suggestion

# https://documentation.mjml.io; those that hold words and HTML, and those that hold other tags only.
_WITH_WORDS = """
    mj-accordion-text mj-accordion-title mj-button mj-navbar-link mj-preview mj-raw mj-social-element mj-style
    mj-table mj-text mj-title"""
_WITH_TAGS = """
    mjml mj-accordion mj-accordion-element mj-all mj-attributes mj-body mj-breakpoint mj-carousel
    mj-carousel-image mj-class mj-column mj-divider mj-font mj-group mj-head mj-hero mj-html-attribute
    mj-html-attributes mj-image mj-include mj-navbar mj-section mj-selector mj-social mj-spacer mj-wrapper"""
_HOLD_WORDS = frozenset(_WITH_WORDS.split())
_KNOWN = _HOLD_WORDS | frozenset(_WITH_TAGS.split())
_LINKS = frozenset({"href", "src"})
_VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})


def html_of(passage: Passage, source_of: Callable[[str], str | None]) -> tuple[str, tuple[Passage, ...]]:
    """The HTML of an MJML file, and the passages it is made of; TemplateError says what is wrong with it."""
    from mjml import mjml2html

    passages = {each.file: each for each in _linted(passage, source_of, ())}
    try:
        html = mjml2html(passage.words, fonts={}, include_loader=lambda path: passages[path].words)
    except ValueError as error:
        raise TemplateError(
            _place(passage, str(error)), f"is no MJML ({error})", "is every tag closed?"
        ) from None
    return html, tuple(passages.values())


def _linted(
    passage: Passage, source_of: Callable[[str], str | None], above: tuple[str, ...]
) -> Iterator[Passage]:
    """The passage and all that it includes, each looked through."""
    yield passage
    linter = _Linter(passage.file)
    linter.feed(passage.words)
    linter.close()
    for path, line in linter.includes:
        source = source_of(path)
        if source is None or path in above:
            problem = "there is no such file" if source is None else "which includes it again"
            raise TemplateError(f"{passage.file}:{line}", f"includes {path!r}", problem)
        yield from _linted(Passage(source, path), source_of, (*above, path))


def _place(passage: Passage, error: str) -> str:
    """The file, with the line if the compiler tells a position in it (`... at position 39:49`)."""
    position = error.partition(" root template at position ")[2].partition(":")[0]
    return (
        f"{passage.file}:{passage.words.count(chr(10), 0, int(position)) + 1}" if position else passage.file
    )


class _Linter(HTMLParser):
    """Walks the tags and stops at the first that the compiler would lose."""

    def __init__(self, file: str) -> None:
        super().__init__(convert_charrefs=True)
        self.includes: list[tuple[str, int]] = []
        self._file = file
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag.startswith("mj") and tag not in _KNOWN:
            raise self._problem(f"no tag <{tag}>", suggestion(tag, sorted(_KNOWN)))
        if not tag.startswith("mj") and not self._in_words():
            raise self._problem(f"<{tag}> would be lost here", "put it into <mj-text> or <mj-raw>")
        if tag == "mj-include":
            self.includes.append((dict(attrs).get("path") or "", self.getpos()[0]))
        for name, value in attrs:
            if name in _LINKS and value and "{{" in value and "| link" not in value:
                raise self._problem(f"{name} prints a value unchecked", "write it as {{ ... | link }}")

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self._open or self._open.pop() != tag:
            raise self._problem(f"</{tag}> closes nothing", "look for a tag that is not closed before it")

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._in_words():
            raise self._problem(
                f"{data.strip()[:40]!r} would be lost here", "put it into <mj-text> or <mj-raw>"
            )

    def _in_words(self) -> bool:
        return any(tag in _HOLD_WORDS for tag in self._open)

    def _problem(self, problem: str, remedy: str) -> TemplateError:
        return TemplateError(f"{self._file}:{self.getpos()[0]}", problem, remedy)
