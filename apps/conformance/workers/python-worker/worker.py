"""Offers functions on the official Python SDK: they answer, call back, fail, and read and write channels."""

import sys
import threading
import zlib

from iii import InitOptions, TriggerAction, register_worker
from iii_helpers.observability import ReconnectionConfig

worker = register_worker(
    sys.argv[1],
    InitOptions(
        worker_name="python-worker",
        otel={"enabled": False},
        reconnection_config=ReconnectionConfig(initial_delay_ms=50, max_delay_ms=200),
    ),
)


def echo(payload):
    return {"got": payload}


async def relay(payload):
    return await worker.trigger_async({"function_id": payload["to"], "payload": payload["with"]})


async def queue(payload):
    return await worker.trigger_async(
        {
            "function_id": payload["to"],
            "payload": payload["with"],
            "action": TriggerAction.Enqueue(queue=payload["queue"]),
        }
    )


def fail(payload):
    raise RuntimeError("boom")


async def drain(payload):
    size, checksum, largest = 0, 0, 0
    async for chunk in payload["input"]:
        checksum = zlib.crc32(chunk, checksum)
        size += len(chunk)
        largest = max(largest, len(chunk))
    return {"bytes": size, "crc32": checksum, "largest": largest}


async def fill(payload):
    size, checksum = 0, 0
    while size < payload["bytes"]:
        chunk = bytes((size + i) % 251 for i in range(min(200_000, payload["bytes"] - size)))
        checksum = zlib.crc32(chunk, checksum)
        size += len(chunk)
        await payload["output"].write(chunk)
    await payload["output"].send_message_async("done")
    await payload["output"].close_async()
    return {"bytes": size, "crc32": checksum}


worker.register_function("guest::echo", echo)
worker.register_function("guest::relay", relay)
worker.register_function("guest::queue", queue)
worker.register_function("guest::fail", fail)
worker.register_function("guest::drain", drain)
worker.register_function("guest::fill", fill)
worker.register_trigger({"type": "guest-type", "function_id": "guest::echo", "config": {"n": 1}})
print("ready", flush=True)
threading.Event().wait()
