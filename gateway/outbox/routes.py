"""The next hops and how they are: paused by the owner, suspended by themselves, or open.

State only: limits and TLS stand in the settings, for two truths about them is one too many. A suspended route
touches no row of the outbox; half a million messages wait behind one column (relay.md 9).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import insert_new
from gateway.db.tables.mail import route
from gateway.outbox.handover import Route

DEFAULT = "default"  # the key of the route that [relay] describes


_DEFAULT = select(route.c.id).where(route.c.kind == "smarthost", route.c.key == DEFAULT)
_ALL = select(route).order_by(route.c.id)
_ONE = select(route).where(route.c.id == bindparam("this"))


@dataclass(frozen=True, slots=True)
class RouteState:
    """One next hop and how it is."""

    route: Route
    site: str  # host and port, as the settings said last
    paused_at: datetime | None
    paused_why: str
    suspended_until: datetime | None
    suspended_why: str
    failures: int  # in a row
    last_ok_at: datetime | None
    last_failure_at: datetime | None
    last_reply: str

    def opens_at(self, now: datetime) -> datetime | None:
        """When messages may be handed over again; `now` if they may, None while the owner has paused it."""
        if self.paused_at is not None:
            return None
        return max(self.suspended_until or now, now)


async def default_route(tx: AsyncConnection) -> Route:
    """The smarthost's route, made when it is first asked for."""
    found = await tx.scalar(_DEFAULT)
    if found is None:
        await tx.execute(insert_new(route, {"kind": "smarthost", "key": DEFAULT}))
        found = (await tx.execute(_DEFAULT)).scalar_one()
    return Route(int(found), "smarthost", DEFAULT)


async def point_to(tx: AsyncConnection, at: Route, site: str) -> None:
    """Remember where a route leads; a new place starts without the old one's troubles."""
    moved = update(route).where(route.c.id == at.id, route.c.site.is_distinct_from(site))
    await tx.execute(moved.values(site=site, suspended_until=None, suspended_why=None, failures=0))


async def all_routes(tx: AsyncConnection) -> list[RouteState]:
    """Every route, oldest first."""
    return [_state(row) for row in await tx.execute(_ALL)]


async def route_state(tx: AsyncConnection, route_id: int) -> RouteState | None:
    """One route; None if there is none of this number."""
    row = (await tx.execute(_ONE, {"this": route_id})).first()
    return None if row is None else _state(row)


async def note_ok(tx: AsyncConnection, route_id: int, now: datetime) -> None:
    """A message was accepted: earlier troubles are over."""
    well = {"failures": 0, "suspended_until": None, "suspended_why": None, "last_ok_at": now}
    await tx.execute(update(route).where(route.c.id == route_id).values(well))


async def note_trouble(
    tx: AsyncConnection, route_id: int, failures: int, until: datetime | None, why: str, now: datetime
) -> bool:
    """Whether this is the `failures`-th trouble in a row, and not one that another connection has told.

    The route is suspended until then, unless that is None.
    """
    ill: dict[str, Any] = {"failures": failures, "last_failure_at": now, "last_reply": why[:512]}
    if until is not None:
        ill |= {"suspended_until": until, "suspended_why": why[:512]}
    noted = update(route).where(route.c.id == route_id, route.c.failures == failures - 1)
    return (await tx.execute(noted.values(ill))).rowcount == 1


async def pause(tx: AsyncConnection, route_id: int, why: str, now: datetime) -> None:
    """Hand nothing over to this route until `resume`; what waits stays as it is."""
    await tx.execute(update(route).where(route.c.id == route_id).values(paused_at=now, paused_why=why))


async def resume(tx: AsyncConnection, route_id: int) -> None:
    """Open a route again, whatever had closed it."""
    opened = {"paused_at": None, "paused_why": None, "suspended_until": None, "suspended_why": None}
    await tx.execute(update(route).where(route.c.id == route_id).values(opened))


def _state(row: Row[Any]) -> RouteState:
    return RouteState(
        route=Route(row.id, row.kind, row.key),
        site=row.site or "",
        paused_at=row.paused_at,
        paused_why=row.paused_why or "",
        suspended_until=row.suspended_until,
        suspended_why=row.suspended_why or "",
        failures=row.failures,
        last_ok_at=row.last_ok_at,
        last_failure_at=row.last_failure_at,
        last_reply=row.last_reply or "",
    )
