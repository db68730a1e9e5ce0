"""The member's pages by request: what they show, refuse, and cost."""

from __future__ import annotations

import pytest


@pytest.fixture()
def shop(cast, client):
    from chains.models import Chain
    from chains.scope import platform_scope
    from django.utils import timezone

    with platform_scope():
        Chain.objects.filter(id=cast.alpha.info.id).update(opened_at=timezone.now())
    client.defaults["HTTP_HOST"] = "alpha.tessera.test"
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    yield client
    with platform_scope():
        Chain.objects.filter(id=cast.alpha.info.id).update(opened_at=None)


def test_smoke(shop, cast):
    answer = shop.get("/")
    open("/tmp/sf/home.html", "w").write(answer.content.decode())
    assert answer.status_code == 200
    service = cast.alpha.services["facial"].id
    store = cast.alpha.stores["north"].id
    answer = shop.get(f"/book/{service}/?store={store}")
    open("/tmp/sf/times.html", "w").write(answer.content.decode())
    assert answer.status_code == 200
    slots = __import__("re").findall(r'name="at" value="([^"]+)"', answer.content.decode())
    print(slots)
    answer = shop.post(f"/book/{service}/take/", {"store": store, "at": slots[-1], "with": ""})
    assert answer.status_code == 302, answer.content.decode()
    at = answer["Location"]
    answer = shop.get(at)
    open("/tmp/sf/confirm.html", "w").write(answer.content.decode())
    assert answer.status_code == 200
    answer = shop.post(at, {"phone": "13800000009", "send": "1"})
    assert answer.status_code == 200
    from chains.outgoing import sent_messages

    code = sent_messages()[0]["code"]
    answer = shop.post(at, {"phone": "13800000009", "code": "000000"})
    assert answer.status_code == 422
    answer = shop.post(at, {"phone": "13800000009", "code": code, "note": "hello"})
    assert answer.status_code == 302, answer.content.decode()
    answer = shop.get(answer["Location"])
    open("/tmp/sf/ticket.html", "w").write(answer.content.decode())
    assert answer.status_code == 200
    for path in ("/my/", "/my/profile/", "/"):
        assert shop.get(path).status_code == 200
