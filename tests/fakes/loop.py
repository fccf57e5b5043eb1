"""One event loop on a thread of its own for all fakes of a process. Everything in here is called from other threads."""
import asyncio
import contextlib
import threading

_talks = {}  # of each server: the tasks of its connections
_loop = asyncio.new_event_loop()
threading.Thread(target=_loop.run_forever, daemon=True).start()


def call(function, *arguments):
    """The result of the coroutine `function(*arguments)`, run on the loop."""
    return asyncio.run_coroutine_threadsafe(function(*arguments), _loop).result()


async def serve(talk, port=0):
    """A server on loopback that runs `talk(reader, writer)` for each connection, until the peer goes away."""
    talks = set()

    async def one(reader, writer):
        talks.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(reader, writer)
        talks.discard(asyncio.current_task())
        writer.close()
    server = await asyncio.start_server(one, "127.0.0.1", port)
    _talks[server] = talks
    return server


async def end(server):
    server.close()
    for task in list(_talks.pop(server)):
        task.cancel()
    await asyncio.sleep(0)
