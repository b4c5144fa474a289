"""Testcontainers for Python: `pip install testcontainers`, `docker build -t live-emulator .`"""

import json
import urllib.request
from collections.abc import Iterator

import pytest
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HealthcheckWaitStrategy


@pytest.fixture(scope="session")
def platform() -> Iterator[str]:
    container = DockerContainer("live-emulator").with_exposed_ports(8787, 1935)
    # The image has its own health check.
    with container.waiting_for(HealthcheckWaitStrategy()) as emulator:
        host = emulator.get_container_host_ip()
        yield f"http://{host}:{emulator.get_exposed_port(8787)}"


def test_a_stream_begins_offline(platform: str) -> None:
    request = urllib.request.Request(
        f"{platform}/api/v1/streams/",
        data=json.dumps({"title": "My First Stream"}).encode(),
        headers={"Authorization": "Bearer ak_demo", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["status"] == "offline"
