"""Where the payment provider sends its events: POST /hooks/stripe on the platform's host."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing.domain.events import LARGEST_EVENT, SignatureWrong, take_event
from chains.refusals import Refusal, problem_document, problem_headers


@csrf_exempt
@require_POST
def stripe_events(request: HttpRequest) -> HttpResponse:
    """Store a signed event; 200 says that it is committed, and that nothing else was waited for.

    400 `signature_wrong` writes nothing. Its sender is proved by the signature, so no CSRF token is asked for.
    """
    try:
        if int(request.headers.get("Content-Length") or 0) > LARGEST_EVENT:
            raise SignatureWrong
        signature = request.headers.get("Stripe-Signature", "")
        stored = take_event(request.body, signature, now=timezone.now())
    except Refusal as refusal:
        return JsonResponse(
            problem_document(refusal),
            status=refusal.status,
            headers=problem_headers(refusal),
            content_type="application/problem+json",
        )
    return JsonResponse({"id": stored.id, "new": stored.is_new})
