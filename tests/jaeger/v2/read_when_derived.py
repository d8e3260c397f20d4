"""A proxy before the server that Jaeger reads from: it holds requests back until all windows are derived.

usage: read_when_derived.py PORT READER METRICS...  (READER is host:port of gRPC, METRICS of each server's HTTP port)

The windows must be short. What is on the connection is passed on as it is; nothing tells one request from another.
"""

import asyncio
import re
import sys
import time
from urllib.request import urlopen

# A window of 1 s with its grace of 1 s, the time between two rounds of the job, and as much for a round. After that, and
# within it, manifests grow old enough to be read by everybody, with --settle 1s.
QUIET_SECONDS = 5
BETWEEN_LOOKS = 0.1
METRICS = "spans_committed_total|windows_derived_total|oldest_window_not_done_seconds"
SAMPLE = re.compile(rf"^jaeger_dynamodb_({METRICS}) (\S+)$", re.M)


def look(servers):
    """What must not change for a while, and whether each server knows of no closed window that is not done."""
    counters, all_done = [], True
    for server in servers:
        samples = dict(SAMPLE.findall(urlopen(f"http://{server}/metrics").read().decode()))
        all_done &= samples.pop("oldest_window_not_done_seconds", None) == "0"
        counters.append(samples)
    return counters, all_done


class Gate:
    def __init__(self):
        self.open = asyncio.Event()

    async def watch(self, servers):
        seen, changed = None, 0
        while True:
            try:
                counters, all_done = await asyncio.to_thread(look, servers)
            except OSError:
                return  # A server has stopped: there is nothing to read any more.
            if counters != seen:
                seen, changed = counters, time.monotonic()
            if all_done and time.monotonic() - changed > QUIET_SECONDS:
                self.open.set()
            else:
                self.open.clear()
            await asyncio.sleep(BETWEEN_LOOKS)


async def pass_on(source, target, gate=None):
    while data := await source.read(65536):
        if gate:
            # What was written just before this came is to be seen first.
            await asyncio.sleep(2 * BETWEEN_LOOKS)
            await gate.open.wait()
        target.write(data)
        await target.drain()
    target.close()


async def main(port, reader, *servers):
    gate = Gate()

    async def connected(from_jaeger, to_jaeger):
        from_server, to_server = await asyncio.open_connection(*reader.split(":"))
        await asyncio.gather(pass_on(from_jaeger, to_server, gate), pass_on(from_server, to_jaeger))

    async with await asyncio.start_server(connected, "127.0.0.1", int(port)):
        await gate.watch(servers)


asyncio.run(main(*sys.argv[1:]))
