"""The committed description is the one the routes give."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client


def test_the_committed_schema_is_current():
    call_command("write_schema", "--check")


@pytest.mark.parametrize("host", ["alpha.tessera.test", "tessera.test"])
def test_schema_and_docs_are_served_on_both_hosts(two_chains, host):
    client = Client(HTTP_HOST=host)
    schema = client.get("/api/v1/schema?format=json").json()
    assert schema["openapi"] == "3.1.0"
    assert client.get("/api/v1/schema").content.startswith(b"openapi: 3.1.0")
    page = client.get("/api/v1/docs")
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"<style" not in page.content
    script = client.get("/api/v1/docs?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert b"/api/v1/schema" in script.content
