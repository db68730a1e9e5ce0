"""The view of the overhead benchmark: three queries over one chain's tables."""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from tenants.stores.models import Region, Store


def stores(request: HttpRequest) -> JsonResponse:
    """Twenty stores, a count and a region that is not there."""
    names = [store.name for store in Store.objects.all()[:20]]
    return JsonResponse({"names": names, "count": Store.objects.count(), "regions": Region.objects.exists()})


urlpatterns = [path("stores", stores)]
