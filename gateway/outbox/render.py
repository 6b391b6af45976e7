"""The words of a mail: a template and its values become subject, text and HTML.

`templates/mail/orders/shipped.txt` holds header lines and the text; beside it `shipped.mjml` holds the HTML
form, if there is one. Preview, test and real mail are this one function. A template is read once and kept; a
broken one is told to the owner by `check` and harms no other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.kernel.errors import InputError
from gateway.mail.draft import Purpose
from gateway.outbox.message import OnDoubt
from gateway.outbox.template import Passage, Template, TemplateError, read_template, suggestion

if TYPE_CHECKING:
    from gateway.outbox.sandbox import Sandbox, Words

__all__ = ["Rendered", "TemplateError", "Templates"]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail in words; `html` is empty where the template is text only."""

    subject: str
    text: str
    html: str
    purpose: Purpose
    expires_in: timedelta | None
    doubt: OnDoubt | None
    once_per: timedelta | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    template: Template
    subject: "Words"
    text: "Words"
    html: "Words | None"


class Templates:
    """The templates of a shop's folder; `defaults` supply those that the folder has not."""

    def __init__(self, folder: Path, *defaults: Path) -> None:
        self._folders = tuple(each / "mail" for each in (folder, *defaults))
        self._compiled: dict[str, _Compiled] = {}

    def names(self) -> tuple[str, ...]:
        """All templates, such as `orders/shipped`."""
        files = (path.relative_to(each) for each in self._folders for path in each.glob("*/*.txt"))
        return tuple(
            sorted({file.with_suffix("").as_posix() for file in files if not file.name.startswith("_")})
        )

    def template(self, name: str) -> Template:
        """What is decided about the mail of that name, whatever its values."""
        return self._of(name).template

    def render(self, name: str, context: Mapping[str, Any]) -> Rendered:
        """The mail of that name with these values; TemplateError says file, line and remedy."""
        compiled = self._of(name)
        template = compiled.template
        values = {key: value for key, value in context.items() if key in template.uses}
        return Rendered(
            subject=" ".join(compiled.subject.fill(values).split()),
            text=_tidy(compiled.text.fill(values)),
            html=compiled.html.fill(values) if compiled.html else "",
            purpose=template.purpose,
            expires_in=template.expires_in,
            doubt=template.doubt,
            once_per=template.once_per,
        )

    def check(self) -> list[InputError]:
        """What is wrong with the templates, one error for each that cannot be used."""
        problems: list[InputError] = []
        for name in self.names():
            try:
                self._of(name)
            except TemplateError as error:
                problems.append(error)
        return problems

    @cached_property
    def _sandbox(self) -> "Sandbox":
        from gateway.outbox.sandbox import Sandbox

        return Sandbox(self._shared)

    def _of(self, name: str) -> _Compiled:
        if name not in self._compiled:
            self._compiled[name] = self._compile(name)
        return self._compiled[name]

    def _compile(self, name: str) -> _Compiled:
        if name not in self.names():
            raise TemplateError(name, "no such template", suggestion(name, list(self.names())))
        path = next(path for each in self._folders if (path := each / f"{name}.txt").is_file())
        template = read_template(_read(path, f"{name}.txt"), f"{name}.txt")
        return _Compiled(
            template,
            self._sandbox.words(template.subject, template.uses),
            self._sandbox.words(template.text, template.uses),
            self._html(path.with_suffix(".mjml"), f"{name}.mjml", template.uses),
        )

    def _html(self, path: Path, file: str, uses: frozenset[str]) -> "Words | None":
        """The twin of a text; from the same folder, so that nobody's HTML belies her text."""
        from gateway.outbox.markup import html_of

        if not path.is_file():
            return None
        html, passages = html_of(Passage(_read(path, file), file), self._shared)
        return self._sandbox.markup(html, passages, uses)

    def _shared(self, name: str) -> str | None:
        """The text of a file that templates include; their names start with `_`."""
        if not name.startswith("_") or "/" in name:
            return None
        return next((_read(path, name) for each in self._folders if (path := each / name).is_file()), None)


def _read(path: Path, file: str) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateError(file, f"cannot be read ({error})", "save it as UTF-8") from None


def _tidy(text: str) -> str:
    """Without blanks at line ends and never two empty lines together, which conditions leave behind."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    return "\n".join(line for before, line in pairwise(("", *lines)) if before or line) + "\n"
