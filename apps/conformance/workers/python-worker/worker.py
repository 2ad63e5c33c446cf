"""Offers functions on the official Python SDK: one that answers, one that calls back, one that fails."""

import sys
import threading

from iii import InitOptions, register_worker
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


def fail(payload):
    raise RuntimeError("boom")


worker.register_function("guest::echo", echo)
worker.register_function("guest::relay", relay)
worker.register_function("guest::fail", fail)
worker.register_trigger({"type": "guest-type", "function_id": "guest::echo", "config": {"n": 1}})
print("ready", flush=True)
threading.Event().wait()
