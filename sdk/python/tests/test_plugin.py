"""The plugin in runs of pytest of its own."""

import json
import os
import subprocess
import urllib.request

import pytest

xdist = pytest.importorskip("xdist")

CLIENT = '''
import json, time, urllib.error, urllib.request

def register(url, token, name, attempts=3):
    """Registers a machine. It waits as it is told after a 503."""
    body = json.dumps({"client_id": name, "hostname": name}).encode()
    for _ in range(attempts):
        try:
            return urllib.request.urlopen(urllib.request.Request(url + "/v1/clients", body, {"X-Auth-Token": token}), timeout=5).status
        except urllib.error.HTTPError as error:
            if error.code != 503:
                return error.code
            time.sleep(float(error.headers.get("Retry-After", 0)))
    return 503
'''


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest on a text of tests, in a process of its own."""
    pytester.makepyfile(client=CLIENT)
    monkeypatch.delenv("STANDIN_URL", raising=False)

    def run(tests, *args):
        pytester.makepyfile(test_it="import pytest\nfrom client import register\n" + tests)
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *args)

    return run


def test_each_test_has_its_own_state_and_faults(run):
    result = run(
        """
@pytest.mark.parametrize("n", range(50))
def test_own(standin, n):
    if n % 2:
        standin.arm("freezer.clients.create/753")
    assert register(standin.url, standin.token, "node7") == (753 if n % 2 else 201)
    assert len(standin.requests()) == 1
""",
        "-n4",
    )
    result.assert_outcomes(passed=50)


def test_one_server_for_all_workers(run, pytester):
    result = run(
        """
@pytest.mark.parametrize("n", range(8))
def test_url(standin_server, n):
    open("urls", "a").write(standin_server.url + "\\n")
""",
        "-n4",
        "--standin-coverage=coverage.json",
    )
    result.assert_outcomes(passed=8)
    assert len(set((pytester.path / "urls").read_text().split())) == 1
    assert json.loads((pytester.path / "coverage.json").read_text())["report"] == "coverage"
    url = (pytester.path / "urls").read_text().split()[0]
    with pytest.raises(OSError):  # it was stopped
        urllib.request.urlopen(url)


def test_marks(run):
    result = run(
        """
pytestmark = pytest.mark.standin(fixture="empty")

@pytest.mark.standin(scenario="fails-twice-then-works", retries="good")
def test_scenario(standin):
    assert register(standin.url, standin.token, "node7") == 201

@pytest.mark.standin(faults=["freezer.clients.create/409", {"where": {"operation": "freezer.*"}, "what": {"status": 403}}])
def test_faults(standin):
    assert [register(standin.url, standin.token, "node7") for _ in range(3)] == [409, 403, 201]

@pytest.mark.standin(fixture="default", seed=7)
def test_fixture(standin):
    assert len(standin.state("freezer")["freezer"]["clients"]) == 3

def test_module(standin):
    assert standin.state("freezer")["freezer"]["clients"] == []
"""
    )
    result.assert_outcomes(passed=4)


def test_environment(run, monkeypatch):
    monkeypatch.setenv("OS_CLOUD", "production")
    monkeypatch.setenv("https_proxy", "http://proxy")
    result = run(
        """
import os
def test_env(standin_env, standin):
    assert os.environ["OS_AUTH_URL"] == standin_env["OS_AUTH_URL"] == standin.url + "/identity/v3"
    assert "OS_CLOUD" not in os.environ and "https_proxy" not in os.environ
def test_after():
    assert os.environ["OS_CLOUD"] == "production" and "OS_AUTH_URL" not in os.environ
"""
    )
    result.assert_outcomes(passed=2)


def test_report_of_failures(run):
    result = run(
        """
def test_assertion(standin):
    standin.arm({"where": {"operation": "freezer.*"}, "what": {"status": 503, "retry_after": "30s"}})
    import client, time
    client.time.sleep = lambda _: None
    assert register(standin.url, standin.token, "node7") == 503

@pytest.mark.standin(faults=["freezer.clients.create/753"])
def test_nothing_failed(standin):
    pass

@pytest.mark.standin(retries="good")
def test_impatient(standin):
    standin.arm({"where": {"operation": "freezer.*"}, "what": {"status": 503, "retry_after": "30s"}})
    register(standin.url, standin.token, "node7")
"""
    )
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "*assert 201 == 503*",
            "*standin exchanges of sandbox test_it.py-test_assertion*",
            "*  503  POST   /v1/clients  *freezer.clients.create*  demo * fault=rule-1*",
            "*  201  POST   /v1/clients  *attempt=2*",
            "*standin retry rules that failed*",
            "ignores-retry-after failed: 1 was answered 503 and told to wait 30000 ms; 2 came after *",
            "*test_nothing_failed*",
            "the rule freezer.clients.create/753 fires: it never did: nothing failed",
            "*test_impatient*",
            "*ignores-retry-after*",
        ]
    )
    assert "pytest_plugin.py" not in result.stdout.str()


def test_no_binary(run, monkeypatch):
    monkeypatch.setenv("STANDIN_BINARY", "/nowhere/standin")
    for args in ([], ["-n2"]):
        result = run("def test_it(standin): pass\ndef test_other(): pass\n", *args)
        result.assert_outcomes(errors=1, passed=1)
        result.stdout.fnmatch_lines(["*cannot run /nowhere/standin: No such file or directory; set STANDIN_BINARY to the path of standin*"])


def test_server_dies_in_a_test(run):
    result = run(
        """
def test_it(standin, standin_server):
    standin_server._process.kill()
    standin_server._process.wait()
    register(standin.url, standin.token, "node7")
"""
    )
    result.stdout.fnmatch_lines(["*the emulator ended with exit code -9*"])
    assert result.ret == 1


def test_unused_plugin_starts_nothing(run, monkeypatch):
    monkeypatch.setenv("STANDIN_BINARY", "/nowhere/standin")
    for args in ([], ["-n2"], ["-p", "no:xdist"]):
        run("def test_other(): pass\n", *args).assert_outcomes(passed=1)


def test_existing_server(run, pytester):
    process = subprocess.Popen([os.environ["STANDIN_BINARY"], "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        url = process.stdout.readline().split()[-1]
        test = "def test_it(standin, standin_server):\n    register(standin.url, standin.token, 'x')\n    assert standin_server.url == %r\n" % url.rstrip("/")
        run(test, "--standin-url", url, "--standin-keep").assert_outcomes(passed=1)
        assert "test_it.py-test_it" in urllib.request.urlopen(url + "/_standin/sandboxes").read().decode()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
