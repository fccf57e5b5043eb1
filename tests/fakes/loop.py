"""One event loop on a thread of its own for all fakes of a process. Everything in here is called from other threads."""
import asyncio
import contextlib
import threading

_loop = asyncio.new_event_loop()
threading.Thread(target=_loop.run_forever, daemon=True).start()


def call(function, *arguments):
    """The result of the coroutine `function(*arguments)`, run on the loop."""
    return asyncio.run_coroutine_threadsafe(function(*arguments), _loop).result()


async def serve(talk, port=0):
    """A server on loopback that runs `talk(reader, writer)` for each connection, until the peer goes away."""
    async def one(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.close()
    return await asyncio.start_server(one, "127.0.0.1", port)


async def end(server):
    server.close()
