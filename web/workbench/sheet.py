"""The day sheet: a store's day on paper, one table a practitioner, in black and white."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from uuid import UUID

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, WrapMode
from fpdf.fonts import FontFace

from tenants.booking.domain.attention import Presence
from tenants.stores.models import Resource
from web.formats import format_clock, format_clocks, format_day, format_list, format_moment, mask_phone
from web.templatetags.formats import status_looks
from web.typefaces import require_typeface
from web.workbench.access import Desk
from web.workbench.day import Day, Row

FACE = "day"
WIDTHS = (20, 40, 46, 26, 20, 38)
MARGIN = 12.0


def draw_sheet(page: Day, desk: Desk) -> bytes:
    """The PDF of a day already read (one query for rooms); only the glyphs it uses are inside. Raises NoTypeface."""
    sheet = _Sheet(page.on, desk)
    rooms = dict(Resource.objects.filter(store=desk.store).values_list("id", "name"))
    of: dict[UUID | None, list[Row]] = defaultdict(list)
    for row in page.rows:
        of[row.booking.practitioner_id].append(row)
    people = [person for person in page.people.values() if page.who in (None, person.id)]
    for person in sorted(people, key=lambda one: one.name):
        if of[person.id] or person.shifts:
            sheet.write(person.name, _works(person, desk), of[person.id], rooms)
    if of[None]:
        sheet.write(_("Nobody yet"), "", of[None], rooms)
    if not page.rows and not people:
        sheet.say(_("Nothing is booked on this day."))
    return bytes(sheet.output())


def _works(person: Presence, desk: Desk) -> str:
    language = get_language() or "en"
    spans = [
        format_clocks(shift.start.astimezone(desk.zone), shift.end.astimezone(desk.zone), language=language)
        for shift in person.shifts
    ]
    return " · ".join([*spans, *([_("On leave")] if person.leave else [])])


class _Sheet(FPDF):
    """A4, black on white, the head and the page's number on every page."""

    def __init__(self, on: date, desk: Desk) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        face, language = require_typeface(), get_language() or "en"
        self.add_font(FACE, "", face.regular, collection_font_number=face.number)
        self.add_font(FACE, "B", face.bold, collection_font_number=face.number)
        self.on = format_day(on, language=language, today=desk.today, relative=False)
        self.store = desk.store.name
        local = desk.now.astimezone(desk.zone)
        printed = format_moment(local, language=language, today=desk.today, relative=False)
        self.printed = _("Printed %(when)s") % {"when": printed}
        self.set_title(f"{self.store} · {self.on}")
        self.set_lang(language)
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=16)
        self.alias_nb_pages("{pages}")
        self.add_page()

    def header(self) -> None:
        """Store and date."""
        self.set_font(FACE, "B", 15)
        self.cell(0, 8, f"{self.on} · {self.store}", new_x="LMARGIN", new_y="NEXT")
        self.ln(2)

    def footer(self) -> None:
        """When it was printed, and which page it is."""
        self.set_y(-12)
        self.set_font(FACE, "", 8)
        self.cell(0, 5, self.printed)
        self.set_x(MARGIN)
        self.cell(0, 5, f"{self.page_no()} / {{pages}}", align="R")

    def say(self, words: str) -> None:
        """A sentence alone."""
        self.set_font(FACE, "", 10)
        self.cell(0, 6, words, new_x="LMARGIN", new_y="NEXT")

    def write(self, name: str, works: str, rows: list[Row], rooms: dict[UUID, str]) -> None:  # type: ignore[override]
        """One person's table; a head that would stand alone at the foot of a page goes to the next."""
        if self.will_page_break(30):
            self.add_page()
        self.set_font(FACE, "B", 11)
        self.cell(0, 7, " · ".join(word for word in (name, works) if word), new_x="LMARGIN", new_y="NEXT")
        if not rows:
            self.say(_("No bookings"))
            self.ln(3)
            return
        self.set_font(FACE, "", 9)
        heads = (_("Time"), _("Guest"), _("Service"), _("Where"), _("Status"), _("Note"))
        with self.table(
            col_widths=WIDTHS,
            line_height=5,
            padding=1,
            text_align="LEFT",
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            headings_style=FontFace(emphasis="BOLD"),
            wrapmode=WrapMode.CHAR,
        ) as table:
            table.row(heads)
            for row in rows:
                table.row(_cells(row, rooms))
        self.ln(4)


def _cells(row: Row, rooms: dict[UUID, str]) -> tuple[str, ...]:
    booking = row.booking
    phone = mask_phone(booking.member.phone) if booking.member is not None and booking.member.phone else ""
    guest = f"{row.name} × {booking.party_size}" if booking.party_size > 1 else row.name
    if phone and phone != row.name:
        guest = f"{guest}\n{phone}"
    return (
        f"{format_clock(row.starts)}–{format_clock(row.ends)}",
        guest,
        booking.service.name,
        format_list([rooms[key] for key in row.rooms if key in rooms], language=get_language() or "en"),
        str(status_looks[row.shown].word),
        booking.note,
    )
