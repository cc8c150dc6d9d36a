"""The package against a real emulator."""

import datetime
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

import standin

CREATE = "freezer.clients.create"


@pytest.fixture(scope="module")
def server():
    with standin.start() as server:
        yield server


@pytest.fixture
def box(server, request):
    with server.sandbox(request.node.nodeid, fixture="default") as box:
        yield box


def send(box, method, path, body=None):
    headers = {"X-Auth-Token": box.token, "Content-Type": "application/json"}
    request = urllib.request.Request(box.url + path, body and body.encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def register(box, name="node7"):
    return send(box, "POST", "/v1/clients", f'{{"client_id": "{name}", "hostname": "h"}}')


def test_names_are_made_from_any_text(server):
    with server.sandbox("tests/a b.py::test[ü-/1]") as first, server.sandbox("tests/a b.py::test[ü-/1]") as second:
        assert first.name != second.name and first.url.endswith("/~" + first.name)
        assert first.name in server.sandboxes()
    assert first.name not in server.sandboxes()
    first.delete()  # once more is no error


def test_environ(box):
    assert box.environ()["OS_AUTH_URL"] == box.url + "/identity/v3"
    box.environ().clear()
    assert box.environ()


def test_arm(box):
    assert box.arm(CREATE + "/753", times=2) == CREATE + "/753"
    assert [register(box) for _ in range(3)] == [753, 753, 201]
    name = box.arm({"where": {"operation": "freezer.*"}, "what": {"status": 503, "retry_after": "2s"}})
    assert [f["fired"] for f in box.faults()] == [2, 0]
    box.disarm(name)
    assert register(box, "node8") == 201


def test_lose_reply(box):
    box.lose_reply(CREATE)
    with pytest.raises(OSError):
        register(box)
    assert register(box) == 409
    first, second = box.requests(operation=CREATE)
    assert (first["ended"], second["attempt"]) == ("cut", 2)
    assert box.requests(operation=CREATE, status=409) == [second]
    assert box.lines(status="409").count("\n") == 1


def test_wait_for(box):
    threading.Timer(0.2, register, [box]).start()
    (found,) = box.wait_for(operation=CREATE)
    assert found["reply"]["status"] == 201
    with pytest.raises(TimeoutError, match=r"(?s)1 of 2 requests matched.*POST   /v1/clients"):
        box.wait_for(2, timeout=0.1, operation=CREATE)


def test_verify(box):
    register(box)
    box.verify({"operation": CREATE, "requests": 1}, {"no_unmatched": True})
    with pytest.raises(standin.VerificationError, match=r"(?s)freezer.clients.create: 2 requests: 1\nthe requests were:\n.*POST") as caught:
        box.verify({"operation": CREATE, "requests": 2})
    assert isinstance(caught.value, AssertionError) and caught.value.judgements[0]["met"] is False
    box.arm(CREATE + "/503")
    with pytest.raises(standin.VerificationError, match="the rule freezer.clients.create/503 fires"):
        box.verify()
    with pytest.raises(standin.Refused, match="did you mean freezer.clients.create"):
        box.verify({"operation": "freezer.clients.creat"})


def test_retries(box):
    assert str(box.retries()) == "no rule failed"
    box.arm({"where": {"operation": "freezer.clients.list"}, "what": {"status": 503, "retry_after": "30s"}})
    assert [send(box, "GET", "/v1/clients") for _ in range(2)] == [503, 200]
    (failed,) = box.retries(require="", **{"except": "no-pause"}).failed
    assert failed.rule == "ignores-retry-after" and "told to wait 30000 ms" in failed.why[0]
    assert str(box.retries()).startswith("ignores-retry-after failed: ")


def test_clock(box):
    box.freeze(datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc))
    for by in ("1h30m", 1800, 0.5, datetime.timedelta(days=1)):
        box.advance(by)
    register(box)
    assert box.requests()[0]["time"] == "2026-01-02T02:00:00.5Z"


def test_state(box):
    demo = box.state("freezer")["freezer"]["clients"][0]["user_id"]
    box.load({"freezer": {"clients": [{"user_id": demo, "client": {"client_id": "only", "hostname": "h"}}]}})
    box.snapshot("one")
    register(box)
    assert len(box.state("freezer")["freezer"]["clients"]) == 2
    box.reset("world", to="one")
    assert [c["client"]["client_id"] for c in box.state()["freezer"]["clients"]] == ["only"]
    assert len(box.requests()) == 1
    box.reset()
    assert len(box.state("freezer")["freezer"]["clients"]) == 3 and box.requests() == []
    with pytest.raises(standin.Refused, match=r"\(request body\):1:\d+: unknown key \"clientes\""):
        box.load({"freezer": {"clientes": []}})
    box.load("freezer: {clients: []}")


def test_start_with_options():
    with standin.start(scenario="unavailable", fixture=["default"], auth="off", control_token="sesame") as server:
        assert send(server.default, "GET", "/v1/clients") == 503
        with pytest.raises(standin.Refused, match="needs its token"):
            standin.connect(server.url).sandboxes()
        assert standin.connect(server.url, token="sesame").sandboxes() == ["default"]
        assert '"503"' in server.coverage()


def test_connect_by_variable(server, monkeypatch):
    monkeypatch.setenv("STANDIN_URL", server.url + "/")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert standin.connect().health()["status"] == "ok"


class TestBadUse:
    def test_no_binary(self, monkeypatch):
        monkeypatch.delenv("STANDIN_BINARY", raising=False)
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(standin.StartError, match="go install ./cmd/standin"):
            standin.start()
        with pytest.raises(standin.StartError, match="cannot run /nowhere/standin: No such file or directory; set STANDIN_BINARY"):
            standin.start(binary="/nowhere/standin")

    def test_another_program(self):
        with pytest.raises(standin.StartError, match="ended with exit code"):
            standin.start(binary=sys.executable)

    def test_not_ready(self, tmp_path):
        slow = tmp_path / "slow"
        slow.write_text("#!/bin/sh\nexec sleep 60\n")
        slow.chmod(0o755)
        with pytest.raises(standin.StartError, match="was not ready after 0.3 s"):
            standin.start(binary=str(slow), timeout=0.3)

    def test_unknown_option(self):
        with pytest.raises(standin.StartError, match="unknown flag --fixtrue, did you mean"):
            standin.start(fixtrue="default")

    def test_port_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(standin.StartError, match="address already in use"):
                standin.start(listen="127.0.0.1:%d" % taken.getsockname()[1])

    def test_another_version(self, monkeypatch):
        monkeypatch.setattr("standin._server.metadata.version", lambda _: "1.4.2")
        monkeypatch.setattr("standin._server.Server.health", lambda _: {"version": "2.1.0"})
        with pytest.raises(standin.StartError, match=r"is standin 2.1.0, and this package is for 1.4.2: install the package standin==2.1"):
            standin.start()
        monkeypatch.setattr("standin._server.Server.health", lambda _: {"version": "v1.4.9"})
        standin.start().stop()

    def test_server_dies(self):
        server = standin.start()
        box = server.sandbox("x")
        server._process.kill()
        server._process.wait()
        with pytest.raises(standin.Unreachable, match="the emulator ended with exit code -9"):
            box.requests()
        server.stop()

    def test_nothing_runs(self):
        with pytest.raises(standin.Unreachable, match="no emulator answers at http://127.0.0.1:1; start one with: standin"):
            standin.connect("http://127.0.0.1:1")

    def test_no_emulator(self):
        other = subprocess.Popen([sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        try:
            port = other.stdout.readline().split("port ")[1].split()[0]
            with pytest.raises(standin.Unreachable, match="answers, but it is no emulator"):
                standin.connect("http://127.0.0.1:" + port)
        finally:
            other.kill()
            other.wait()
            other.stdout.close()

    def test_sandbox_is_gone(self, server):
        box = server.sandbox("gone")
        box.delete()
        with pytest.raises(standin.Refused, match="no sandbox \"gone\"") as caught:
            box.requests()
        assert caught.value.status == 404
