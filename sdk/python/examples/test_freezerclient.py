"""python-freezerclient, as Debian has it."""

import pytest

client = pytest.importorskip("freezerclient.v1.client")


@pytest.fixture
def freezer(standin_env):
    names = {"auth_url": "OS_AUTH_URL", "username": "OS_USERNAME", "password": "OS_PASSWORD", "project_name": "OS_PROJECT_NAME"}
    return client.Client(user_domain_name="Default", project_domain_name="Default", **{k: standin_env[v] for k, v in names.items()})


def test_register(standin, freezer):
    freezer.clients.create({"client_id": "node7", "hostname": "node7"})

    assert "node7" in [c["client"]["client_id"] for c in standin.state("freezer")["freezer"]["clients"]]
    standin.verify({"operation": "freezer.clients.create", "status": 201, "requests": 1})


@pytest.mark.standin(faults=["freezer.clients.create/753"])
def test_syntax_error_is_reported(freezer):
    with pytest.raises(Exception, match="753"):
        freezer.clients.create({"client_id": "node7", "hostname": "node7"})
