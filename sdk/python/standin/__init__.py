"""Standin for Python: start an emulator or connect to one, and give each test a sandbox.

    with standin.start() as server:
        with server.sandbox(scenario="unavailable") as box:
            my_client.sync(box.url)
            box.verify()

The package needs the program ``standin``, and nothing else beyond the standard library.
"""

from ._errors import Refused, StandinError, StartError, Unreachable, VerificationError
from ._sandbox import Judgement, Retries, Sandbox
from ._server import Server, connect, start

__all__ = [
    "Judgement",
    "Refused",
    "Retries",
    "Sandbox",
    "Server",
    "StandinError",
    "StartError",
    "Unreachable",
    "VerificationError",
    "connect",
    "start",
]
