"""scratch"""
import time
import pytest
async def test_x(world, shop):
    t=time.time()
    await shop.receives("2 x MUG-01", sender="Ana Lopez <ana@customers.example>", to="orders@boutique.example")
    mails = await world.dovecot.mails_once("ana@customers.example", 1, world.postfix.place)
    print(mails[0].octets.decode())
    print(time.time()-t)
    t=time.time()
    await shop.receives("2 x MUG-01", sender="Nobody <nobody@customers.example>", to="orders@boutique.example")
    import asyncio
    for _ in range(30):
        await asyncio.sleep(.1)
        if await shop.rows("suppression"): break
    print(time.time()-t)
    await shop.gateway.settle()
    for r in await shop.rows("journal"): print(dict(r))
    for r in await shop.rows("suppression"): print(dict(r))
    for r in await shop.rows("attempt"): print(dict(r))
    for r in await shop.rows("outbound_message"): print(dict(r))
    print(world.postfix.place.tail(100))
    print(world.dovecot.place.tail(100))
    for m in world.dovecot.mails("priya@owner.example"): print(m.octets.decode())
