"""python-barbicanclient with keystoneauth1, as Debian has them."""

import pytest

barbican_client = pytest.importorskip("barbicanclient.client")
keystoneauth1 = pytest.importorskip("keystoneauth1")

from keystoneauth1 import loading, session  # noqa: E402


@pytest.fixture
def barbican(standin_env):
    names = {"auth_url": "OS_AUTH_URL", "username": "OS_USERNAME", "password": "OS_PASSWORD", "project_name": "OS_PROJECT_NAME"}
    auth = loading.get_plugin_loader("v3password").load_from_options(
        user_domain_name="Default", project_domain_name="Default", **{k: standin_env[v] for k, v in names.items()}
    )
    return barbican_client.Client(session=session.Session(auth=auth))


def test_consumers(standin, barbican):
    container = barbican.containers.create(name="tls")
    container.store()
    barbican.containers.register_consumer(container.container_ref, "web", "https://web")

    (found,) = [c for c in standin.state("barbican")["barbican"]["containers"] if c["name"] == "tls"]
    assert [c["name"] for c in found["consumers"]] == ["web"]


def test_a_lost_reply_does_not_double_a_consumer(standin, barbican):
    container = barbican.containers.create(name="tls")
    container.store()
    standin.lose_reply("barbican.consumers.create")
    with pytest.raises(Exception):  # noqa: B017
        barbican.containers.register_consumer(container.container_ref, "web", "https://web")

    barbican.containers.register_consumer(container.container_ref, "web", "https://web")

    standin.verify({"state": {"barbican.containers": {"where": {"/name": "tls", "/consumers/1": {"exists": False}}, "count": 1}}})
