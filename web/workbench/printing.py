"""The day sheet as it is asked for; `sheet.py` draws it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_GET

from web.workbench.access import Desk, at_desk
from web.workbench.asked import read_asked
from web.workbench.day import read_day


@require_GET
@at_desk
def show_sheet(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    """The sheet of the day asked for (`on`), of everybody or of one (`who`), filtered as the day is."""
    # what draws PDFs is read when the first is drawn: most processes never do
    from web.workbench.sheet import draw_sheet

    asked = read_asked(request, desk)
    page = read_day(desk, asked.on, filters=asked.filters)
    answer = HttpResponse(draw_sheet(page, desk), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="day-{asked.on.isoformat()}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer
