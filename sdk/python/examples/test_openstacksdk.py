"""openstacksdk, as Debian has it."""

import pytest

openstack = pytest.importorskip("openstack")


@pytest.fixture
def cloud(standin_env):
    return openstack.connect(load_yaml_config=False)


def test_secrets(standin, cloud):
    made = cloud.key_manager.create_secret(name="disk", payload="p", payload_content_type="text/plain")

    assert made.secret_ref.startswith(standin.url)
    assert "disk" in [s["name"] for s in standin.state("barbican")["barbican"]["secrets"]]


@pytest.mark.standin(faults=[{"where": {"operation": "barbican.secrets.list"}, "when": {"times": 2}, "what": {"status": 503, "retry_after": "1s"}}])
def test_retries(standin, cloud):
    cloud.key_manager.retriable_status_codes = [503]
    cloud.key_manager.status_code_retries = 3

    assert len(list(cloud.key_manager.secrets())) == 4
    standin.verify({"operation": "barbican.secrets.list", "requests": 3})
