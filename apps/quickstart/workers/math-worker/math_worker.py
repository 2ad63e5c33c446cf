"""Offers math::add, on the official Python SDK, and counts in the state what it has added up."""

import os
import signal
import threading

from iii import InitOptions, register_worker

worker = register_worker(
    os.environ.get("III_URL", "ws://127.0.0.1:49134"),
    InitOptions(worker_name="math-worker", worker_description="Adds numbers", otel={"enabled": False}),
)


def add(payload: dict) -> dict:
    c = payload["a"] + payload["b"]
    counted = worker.trigger(
        {
            "function_id": "state::update",
            "payload": {
                "scope": "math",
                "key": "running_total",
                "ops": [{"type": "increment", "path": "", "by": c}],
            },
        }
    )
    return {"c": c, "running_total": counted["new_value"]}


worker.register_function("math::add", add, description="Adds whole numbers a and b")
print("math-worker is ready", flush=True)

stopping = threading.Event()
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: stopping.set())
stopping.wait()
worker.shutdown()
