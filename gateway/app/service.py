"""The service: an open shop that works until it is told to stop, and tells systemd how it goes."""

import asyncio
import signal

import structlog

from gateway.app.config import Config
from gateway.app.control import controllable
from gateway.app.memory import give_back
from gateway.app.notify import Notifier
from gateway.app.wiring import Gateway, build
from gateway.db.migrate import bring_up
from gateway.edges.probe import refuses_relay
from gateway.kernel.clock import Clock
from gateway.kernel.errors import MailFlowError

log = structlog.get_logger()


class OpenRelay(MailFlowError):
    """The listener would take mail for everybody; it does not start."""


async def serve(config: Config) -> None:
    """Run the shop until SIGTERM or SIGINT; what was promised is finished before it returns."""
    give_back()
    await bring_up(config.store.address(), lock=config.lock)
    async with build(config) as gateway, controllable(gateway):
        stop = asyncio.Event()
        for each in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        await keep_open(gateway, stop, Notifier())


async def keep_open(gateway: Gateway, stop: asyncio.Event, notifier: Notifier) -> None:
    """Let the shop work until `stop`, or until its work fails; OpenRelay before it has begun."""
    await _check_listener(gateway)
    working = asyncio.create_task(gateway.run(), name="work")
    watching = asyncio.create_task(_watchdog(notifier, gateway.clock), name="watchdog")
    stopped = asyncio.create_task(stop.wait(), name="stop")
    port = gateway.listener.port if gateway.listener else 0
    notifier.ready(f"listening on port {port}")
    log.info("service.ready", port=port)
    await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    notifier.stopping("finishing what was begun")
    log.info("service.stopping")
    await gateway.stop_listening()
    for task in (watching, stopped, working):
        task.cancel()
    for result in await asyncio.gather(working, watching, stopped, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


async def _check_listener(gateway: Gateway) -> None:
    """Ask our own listener to relay for a stranger; it must refuse (intake.md, 3.3)."""
    listener = gateway.listener
    if listener and listener.port and not await refuses_relay(listener.config.host, listener.port):
        raise OpenRelay("the listener takes mail for example.com: somebody else answers on this port")


async def _watchdog(notifier: Notifier, clock: Clock) -> None:
    """Tell systemd in time that the loop still turns."""
    interval = notifier.watchdog
    while interval:
        notifier.alive()
        await clock.sleep_until(clock.now() + interval)
