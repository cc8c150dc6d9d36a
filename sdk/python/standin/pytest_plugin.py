"""Fixtures for pytest: an emulator for all tests, and a sandbox for each.

    @pytest.mark.standin(scenario="fails-twice-then-works", retries="good")
    def test_sync(standin):
        my_client.sync(standin.url)
"""

from __future__ import annotations

import os
import secrets
import threading
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple, cast

import pytest

from . import Sandbox, Server, StandinError, VerificationError, connect, start

_MARK = "standin(scenario=…, fixture=…, faults=[…], retries='good', profile=…, seed=…, clock=…): how the sandbox of the test starts, and what is expected"
_sandboxes: "pytest.StashKey[Sandbox]" = pytest.StashKey()
_host: "pytest.StashKey[_Host]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("standin")
    group.addoption("--standin-coverage", metavar="FILE", help="write to this file which documented answers were met, for `standin report coverage`")
    group.addoption("--standin-url", metavar="URL", help="use the emulator at this address; default: STANDIN_URL, or start one")
    group.addoption("--standin-keep", action="store_true", help="keep the sandboxes, to look at them after the tests; of use with --standin-url")


class _Host:
    """Starts the emulator when the first test needs it, once for all workers of xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._answer: Optional[Tuple[str, str]] = None  # "url" or "error", and its text
        self.server: Optional[Server] = None
        self._listener: Optional[Listener] = None
        self._key = secrets.token_bytes(16)

    def address(self) -> Tuple[str, int, str]:
        """Return where workers ask for the emulator."""
        if self._listener is None:
            self._listener = Listener(("127.0.0.1", 0), authkey=self._key)
            threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()
        host, port = cast(Tuple[str, int], self._listener.address)
        return host, port, self._key.hex()

    def _serve(self, listener: Listener) -> None:
        while True:
            try:
                with listener.accept() as worker:
                    worker.send(self.ask())
            except EOFError:
                continue
            except OSError:  # closed
                return

    def ask(self) -> Tuple[str, str]:
        """Return the URL of the emulator, or why there is none."""
        with self._lock:
            if self._answer is None:
                try:
                    url = self._config.getoption("--standin-url") or os.environ.get("STANDIN_URL")
                    self.server = connect(url) if url else start()
                    self._answer = "url", self.server.url
                except StandinError as error:
                    self._answer = "error", str(error)
            return self._answer

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        file = self._config.getoption("--standin-coverage")
        try:
            if file and self.server is not None:
                Path(file).write_text(self.server.coverage(), encoding="utf-8")
        finally:
            if self.server is not None:
                self.server.stop()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MARK)
    if not hasattr(config, "workerinput"):
        config.stash[_host] = _Host(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    host = config.stash.get(_host, None)
    if host is not None:
        host.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist where to ask for the emulator."""
    node.workerinput["standin"] = node.config.stash[_host].address()


@pytest.fixture(scope="session")
def standin_server(request: pytest.FixtureRequest) -> Server:
    """The emulator: the one at STANDIN_URL, or one that is started. All workers of xdist share it."""
    workerinput: Optional[Dict[str, Any]] = getattr(request.config, "workerinput", None)
    if workerinput is None:
        kind, text = request.config.stash[_host].ask()
    else:
        host, port, key = workerinput["standin"]
        with Client((host, port), authkey=bytes.fromhex(key)) as controller:
            kind, text = controller.recv()
    if kind == "error":
        pytest.fail(text, pytrace=False)
    return (workerinput is None and request.config.stash[_host].server) or connect(text)


@pytest.fixture
def standin(request: pytest.FixtureRequest, standin_server: Server) -> Iterator[Sandbox]:
    """A sandbox for the test, with its name. @pytest.mark.standin says how it starts."""
    wanted = _wanted(request.node)
    faults = wanted.pop("faults", [])
    wanted.pop("retries", None)
    box = standin_server.sandbox(request.node.nodeid, **wanted)
    request.node.stash[_sandboxes] = box
    try:
        for rule in [faults] if isinstance(faults, (str, dict)) else faults:
            box.arm(rule)
        yield box
    finally:
        if not (request.config.getoption("--standin-keep") or os.environ.get("STANDIN_TEST_KEEP")):
            box.delete()


@pytest.fixture
def standin_env(standin: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Dict[str, str]:
    """The environment variables of the sandbox, which are set during the test. Those of other clouds and proxies are removed."""
    for name in list(os.environ):
        if name.startswith(("OS_", "PRIVX_")) or name.lower() in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name)
    for name, value in standin.environ().items():
        monkeypatch.setenv(name, value)
    return standin.environ()


def _wanted(item: pytest.Item) -> Dict[str, Any]:
    """Return the keywords of the marks of a test. Those of the test itself win over those of its class and module."""
    wanted: Dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers("standin"))):
        wanted.update(mark.kwargs)
    return wanted


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """After a test that passed, judge the expectations of its scenario, its rules and its retries."""
    box = item.stash.get(_sandboxes, None)
    if box is None:
        return
    box.verify()
    retries = _wanted(item).get("retries")
    if retries:
        box.verify({"retries": retries})


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> Iterator[None]:
    """Show the exchanges of a test that failed, and the retry rules that failed."""
    outcome: Any = yield
    report = outcome.get_result()
    box = item.stash.get(_sandboxes, None)
    if box is None or report.when != "call" or not report.failed:
        return
    sections: List[Tuple[str, str]] = []
    try:
        if call.excinfo is not None and call.excinfo.errisinstance(VerificationError):
            report.longrepr = str(call.excinfo.value)  # has the exchanges; the trace would show the plugin only
        else:
            sections.append((f"standin exchanges of sandbox {box.name}", box.lines() or "none"))
        retries = box.retries()
        if retries.failed:
            sections.append(("standin retry rules that failed", str(retries)))
    except StandinError as error:
        sections.append(("standin", str(error)))
    report.sections.extend(sections)
