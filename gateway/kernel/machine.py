"""State machines as tables: a pair that is missing cannot happen.

(The idea of h11: the table is the documentation, and the diagram is drawn from it.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from gateway.kernel.errors import MailFlowError

S = TypeVar("S", bound=StrEnum)
M = TypeVar("M", bound=StrEnum)


class IllegalTransition(MailFlowError):
    """A move that the table does not have."""


@dataclass(frozen=True)
class Machine(Generic[S, M]):
    """A name, the first status, and which move leads from which status to which."""

    name: str
    initial: S
    table: Mapping[tuple[S, M], S]

    def after(self, status: S, move: M) -> S:
        """The status after `move`; IllegalTransition names what would have been allowed."""
        try:
            return self.table[status, move]
        except KeyError:
            allowed = ", ".join(sorted(self.accepts(status))) or "nothing"
            raise IllegalTransition(
                f"{self.name} is {status}: cannot {move} (possible here: {allowed})"
            ) from None

    def accepts(self, status: S) -> frozenset[M]:
        """The moves that are possible from `status`."""
        return frozenset(move for source, move in self.table if source == status)

    @property
    def statuses(self) -> frozenset[S]:
        return frozenset((self.initial, *(source for source, _ in self.table), *self.table.values()))

    @property
    def terminal(self) -> frozenset[S]:
        """The statuses that nothing leads out of."""
        return frozenset(status for status in self.statuses if not self.accepts(status))

    def to_dot(self) -> str:
        """The diagram in Graphviz' language; final statuses have a double border."""
        finals = "".join(f'  "{status}" [peripheries=2];\n' for status in sorted(self.terminal))
        arrows = "".join(
            f'  "{source}" -> "{target}" [label="{move}"];\n'
            for (source, move), target in sorted(self.table.items())
        )
        lines = f'  rankdir=LR;\n  "" [shape=point];\n  "" -> "{self.initial}";\n{finals}{arrows}'
        return f'digraph "{self.name}" {{\n{lines}}}\n'
