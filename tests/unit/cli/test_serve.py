"""The quick start that `serve` prints."""

import pytest

from emulator.cli.serve import trusting_option


@pytest.mark.parametrize(
    ("address", "option"),
    [
        ("http://127.0.0.1:8787", ""),
        ("https://127.0.0.1:8787", "--cacert '/a b/ca.pem' "),
        ("https://live.example.com", ""),  # A proxy has a certificate of its own.
    ],
)
def test_serve_quick_start_accepts_the_built_in_certificate(address: str, option: str) -> None:
    assert trusting_option({"http": address, "ca": "/a b/ca.pem"}) == option
