"""A client of PrivX that uses requests and urllib3's Retry."""

import pytest

requests = pytest.importorskip("requests")
adapters = pytest.importorskip("requests.adapters")
retry = pytest.importorskip("urllib3.util.retry")

CLIENTS = "/local-user-store/api/v1/api-clients"


@pytest.fixture
def privx(standin):
    session = requests.Session()
    session.headers["Authorization"] = "Bearer " + standin.token
    session.mount("http://", adapters.HTTPAdapter(max_retries=retry.Retry(3, status_forcelist=[503], backoff_factor=0.1)))
    session.base = standin.url
    return session


@pytest.mark.standin(faults=[{"where": {"operation": "privx.api-clients.list"}, "what": {"status": 503, "retry_after": "1s"}}], retries="good")
def test_it_waits_as_told(standin, privx):
    assert privx.get(privx.base + CLIENTS).status_code == 200


def test_a_post_is_not_doubled(standin, privx):
    standin.lose_reply("privx.api-clients.create")

    with pytest.raises(requests.ConnectionError):
        privx.post(privx.base + CLIENTS, json={"name": "robot", "oauth_client_id": "", "roles": []})

    standin.verify({"operation": "privx.api-clients.create", "requests": 1})
