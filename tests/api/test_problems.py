"""What went wrong goes out as application/problem+json, and leaves nothing behind."""

from __future__ import annotations

import pytest

from chains.scope import chain_scope
from tenants.stores.models import Region
from tests.api.conftest import Program

pytestmark = pytest.mark.usefixtures("framework")


@pytest.fixture()
def nobody(two_chains):
    return Program(two_chains.a)


def regions(nobody):
    with chain_scope(nobody.chain):
        return sorted(Region.objects.values_list("name", flat=True))


def test_a_refusal_is_a_problem_document_and_undoes_the_write(nobody):
    answer = nobody.post("regions", {"name": "x", "then": "refuse"})
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "https://tessera.example/problems/too_full",
        "title": "too_full",
        "status": 409,
        "code": "too_full",
        "detail": "Full.",
        "fix": "Take another.",
        "alternatives": [1, 2],
    }
    assert regions(nobody) == []


def test_a_fault_undoes_the_write_and_tells_nothing(nobody):
    answer = nobody.post("regions", {"name": "x", "then": "break"})
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    assert "our fault" not in answer.content.decode()
    assert regions(nobody) == []


def test_wrong_fields_are_named_with_their_path(nobody):
    answer = nobody.post("regions", {"name": "x" * 21, "price": {"amount": 1.5, "currency": "yuan"}})
    assert answer.status_code == 400
    found = answer.json()
    assert found["code"] == "malformed"
    assert [(row["field"], row["code"]) for row in found["errors"]] == [
        ("name", "max_length"),
        ("price.amount", "invalid"),
        ("price.currency", "invalid"),
    ]


def test_what_is_wrong_is_told_in_the_language_of_each_request(nobody):
    def told(language: str) -> str:
        answer = nobody.post("regions", {"name": "x" * 21}, **{"Accept-Language": language})
        return answer.json()["errors"][0]["detail"]

    english, chinese = told("en"), told("zh-Hans")
    assert english == "Ensure this field has no more than 20 characters."
    assert chinese == "最多 20 个字符。"
    assert (told("en"), told("zh-Hans")) == (english, chinese)


def test_an_unknown_field_is_refused_by_name(nobody):
    answer = nobody.post(
        "regions", {"name": "x", "id": "mine", "price": {"amount": 1, "currency": "CNY", "x": 1}}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "unknown_field")
    assert [(row["field"], row["code"]) for row in answer.json()["errors"]] == [("id", "unknown_field")]
    assert regions(nobody) == []


def test_a_time_without_offset_has_its_own_code(nobody):
    answer = nobody.post("regions", {"name": "x", "at": "2026-05-01T09:00:00"})
    assert (answer.status_code, answer.json()["code"]) == (400, "offset_missing")
    assert answer.json()["errors"][0]["field"] == "at"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"name": NaN}',
        b'{"name": "a", "name": "b"}',
        b"[" * 100_000,
        b'{"name": 1' + b"0" * 5000,
    ],
)
def test_what_is_not_json_is_refused(nobody, body):
    answer = nobody.post("regions", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null"])
def test_json_that_is_no_object_is_malformed(nobody, body):
    answer = nobody.post("regions", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("name", ["a\x00b", "\ud800"])
def test_text_that_cannot_be_kept_is_malformed(nobody, name):
    answer = nobody.post("regions", {"name": name})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_an_oversize_body_is_refused(nobody):
    answer = nobody.post("regions", {"name": "x" * 2**20})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_other_methods_and_media_are_refused(nobody):
    answer = nobody.patch("regions", {})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, POST, HEAD"
    answer = nobody.client.post("/api/v1/regions", {"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    answer = nobody.get("regions", Accept="text/html")
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    answer = nobody.get("nowhere")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_lists_are_read_page_by_page(nobody):
    with chain_scope(nobody.chain):
        Region.objects.bulk_create(Region(name=f"r{n // 2}") for n in range(7))
    seen, path = [], "regions?limit=3"
    while path:
        page = nobody.get(path).json()
        seen += [row["name"] for row in page["results"]]
        path = page["next"] and page["next"].removeprefix("http://alpha.tessera.test/api/v1/")
    assert seen == ["r0", "r0", "r1", "r1", "r2", "r2", "r3"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "limit=²", "cursor=x", "cursor=WyJhIl0", "cursor=%00"]
)
def test_wrong_paging_is_malformed(nobody, query):
    assert nobody.get(f"regions?{query}").status_code == 400
