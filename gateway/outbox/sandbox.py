"""The sandbox in which the words of mails meet their values: Jinja with most of it taken away.

Values are data: they are cleaned of controls, escaped in HTML and never read as a template. A template calls
nothing, multiplies only numbers and writes at most 1 MiB, because Jinja's own sandbox does not stop
`"a" * 10**9`. What is missing or empty is an error with file and line unless the template says `default`: a
mail to "Dear None" is worse than one that waits for the owner.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any, cast

from jinja2 import FunctionLoader, StrictUndefined, TemplateSyntaxError, Undefined, filters, meta, nodes
from jinja2 import Template as Compiled
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.runtime import BlockReference, Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from gateway.kernel.money import Money
from gateway.mail.header import harmless_text
from gateway.outbox.template import Passage, TemplateError, at

LONGEST = 1 << 20  # characters of one rendered text

_MONTHS = "January February March April May June July August September October November December"
# Without `safe`, which lets a value be markup, and those that make much out of little.
_FILTERS = """
    abs batch capitalize count e escape first float groupby int join last length list lower map max min reject
    rejectattr replace reverse round select selectattr sort string striptags sum title trim truncate unique
    upper urlencode wordcount"""
_CALLS_NOTHING = "a template calls nothing and reads no inner parts: use a filter such as | upper"
_NUMBERS = (int, float, Decimal, Money)


@dataclass(frozen=True, slots=True)
class Words:
    """A passage, compiled; `original` finds the line to blame where the passage was made from another."""

    file: str
    compiled: Compiled
    original: Compiled | None = None

    def fill(self, context: Mapping[str, Any]) -> str:
        """The words with their values; TemplateError names the line."""
        try:
            return harmless_text(self._capped(self.compiled.generate(context)))
        except TemplateError:
            raise
        except Exception as error:  # noqa: BLE001 - a filter may raise anything; whoever wrote the words is told
            raise self._explained(error, context) from None

    def _capped(self, pieces: Iterator[str]) -> str:
        written, size = list[str](), 0
        for piece in pieces:
            size += len(piece)
            if size > LONGEST:
                raise TemplateError(self.file, "writes more than 1 MiB", "look for a list without end")
            written.append(piece)
        return "".join(written)

    def _explained(self, error: Exception, context: Mapping[str, Any]) -> TemplateError:
        if self.original is not None:
            try:
                self._capped(self.original.generate(context))
            except Exception as again:  # noqa: BLE001 - the same error, now with a line that the writer knows
                error = again
        problem, _, remedy = str(error).partition("; ")
        if isinstance(error, SecurityError):
            remedy = _CALLS_NOTHING
        elif not remedy and isinstance(error, UndefinedError):
            remedy = f"the mail offers: {', '.join(sorted(context))}"
        return TemplateError(_blamed(error) or self.file, problem, remedy)


class Sandbox:
    """Compiles passages; `source_of` gives the text of a file that a template includes."""

    def __init__(self, source_of: Callable[[str], str | None]) -> None:
        self._source_of = source_of
        self._plain = _Environment(source_of, escape=False)
        self._html = _Environment(source_of, escape=True)

    def words(self, passage: Passage, uses: frozenset[str]) -> Words:
        """The passage as text; TemplateError if it is no template or speaks of more than `uses`."""
        self._check(passage, uses)
        return Words(passage.file, self._compiled(self._plain, _numbered(passage), passage.file))

    def markup(self, html: str, originals: Sequence[Passage], uses: frozenset[str]) -> Words:
        """The HTML that was made of `originals`, of which the first is the file that is blamed."""
        for passage in originals:
            self._check(passage, uses)
        [file, *_] = (passage.file for passage in originals)
        original = self._compiled(self._html, _numbered(originals[0]), file)
        return Words(file, self._compiled(self._html, html, "HTML"), original)

    def _compiled(self, environment: "_Environment", source: str, file: str) -> Compiled:
        try:
            code = environment.compile(source, file, file)
        except TemplateSyntaxError as error:
            raise TemplateError(f"{file}:{error.lineno}", str(error.message)) from None
        return Compiled.from_code(environment, code, {})

    def _check(self, passage: Passage, uses: frozenset[str], seen: frozenset[str] = frozenset()) -> None:
        """Refuse what a compiled template would only tell when a customer waits."""
        try:
            tree = self._plain.parse(_numbered(passage), passage.file, passage.file)
            undeclared = meta.find_undeclared_variables(tree) - uses
            included = list(meta.find_referenced_templates(tree))
        except TemplateSyntaxError as error:
            raise TemplateError(f"{passage.file}:{error.lineno}", str(error.message)) from None
        for name in tree.find_all(nodes.Name):
            if name.name in undeclared:
                offer = f"the mail offers: {', '.join(sorted(uses))} (its Uses: line says so)"
                raise TemplateError(f"{passage.file}:{name.lineno}", f"no value {name.name!r}", offer)
        for scope in tree.find_all(nodes.ScopedEvalContextModifier):
            raise TemplateError(
                f"{passage.file}:{scope.lineno}", "values are always escaped", "remove autoescape"
            )
        for file in included:
            source = self._source_of(file) if file else None
            if file is None or source is None:
                raise TemplateError(
                    at(passage), f"includes {file or 'a computed name'}", "there is no such file"
                )
            if file not in seen:
                self._check(Passage(source, file), uses, seen | {file})


class _Missing(StrictUndefined):
    """A value that is not there, which says what would have been."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        if self._undefined_obj is missing:
            return f"no value {self._undefined_name!r}"
        has = ", ".join(_parts(self._undefined_obj)) or "no parts at all"
        return f"no value {self._undefined_name!r} there; it has: {has}"


class _Environment(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, source_of: Callable[[str], str | None], *, escape: bool) -> None:
        super().__init__(
            undefined=_Missing,
            finalize=_finished,
            loader=FunctionLoader(lambda name: _loaded(name, source_of(name))),
            autoescape=escape,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,  # so that an included file ends its last line
        )
        known = cast("Mapping[str, Callable[..., Any]]", vars(filters)["FILTERS"])
        kept = {name: known[name] for name in _FILTERS.split()}
        self.__dict__.update(globals={}, filters={**kept, **_OWN_FILTERS})  # untyped in Jinja

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Prefers a key to a method, so that a value may be called `items`."""
        if isinstance(obj, Mapping):
            return self.getitem(obj, attribute)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            table = cast("Mapping[Any, Any]", obj)
            return table[argument] if argument in table else self.undefined(obj=obj, name=argument)
        return super().getitem(obj, argument)

    def is_safe_callable(self, obj: Any) -> bool:
        owner = getattr(obj, "__self__", obj)
        return isinstance(owner, Macro | LoopContext | BlockReference)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, _NUMBERS) and isinstance(right, _NUMBERS)
        if operator == "**" or not numbers:
            raise SecurityError(
                f"{operator} is for two numbers" if operator != "**" else "** is not available"
            )
        return super().call_binop(context, operator, left, right)


def _loaded(name: str, source: str | None) -> tuple[str, str, Callable[[], bool]] | None:
    return None if source is None else (source, name, lambda: True)


def _finished(value: Any) -> Any:
    """What is printed for a value; nothing is never printed."""
    if value is None:
        raise UndefinedError("a value printed here is empty; say what to write then: | default('...')")
    return day(value) if isinstance(value, date) else value


def day(value: date) -> str:
    """A day as people write it, 12 December 2026; a moment counts in the zone it carries."""
    return f"{value.day} {_MONTHS.split()[value.month - 1]} {value.year}"


def _default(value: Any, fallback: Any = "") -> Any:
    absent = isinstance(value, Undefined) or value is None or (isinstance(value, str) and not value.strip())
    return fallback if absent else value


def _money(value: Money) -> str:
    return str(value)


def _link(value: str) -> str:
    """The address if it is one that a link in a mail may have, else nothing: no `javascript:`."""
    return value if value.lower().startswith(("https://", "http://", "mailto:")) else ""


def _one_line(value: str) -> str:
    return ", ".join(line.strip(" ,") for line in value.splitlines() if line.strip(" ,"))


_OWN_FILTERS: Mapping[str, Callable[..., Any]] = {
    "day": day,
    "default": _default,
    "link": _link,
    "money": _money,
    "one_line": _one_line,
}


def _parts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return sorted(map(str, cast("Mapping[Any, Any]", value)))
    return sorted(each.name for each in fields(value)) if is_dataclass(value) else []


def _numbered(passage: Passage) -> str:
    """The words after as many lines as stand before them in the file, so that line numbers are right."""
    return "\n" * (passage.line - 1) + passage.words


def _blamed(error: BaseException) -> str:
    """The innermost line of a template that the error passed through."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.endswith((".txt", ".mjml")):
            place = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
