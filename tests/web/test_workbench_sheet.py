"""The day sheet: a PDF that carries its own type."""

from __future__ import annotations

from pathlib import Path

import pytest

from chains.scope import chain_scope
from tenants.booking.models import Booking
from tests.ground.cast import Cast, local
from tests.web.workbench import TODAY, _noon, make_booking, sign_in, text_of, url
from web import typefaces
from web.workbench import sheet

__all__ = ["_noon", "sign_in"]  # fixtures


@pytest.fixture()
def written(monkeypatch) -> list[tuple[str, ...]]:
    """What is written into the sheet's tables, row by row, under each person's name."""
    rows: list[tuple[str, ...]] = []
    cells, write = sheet._cells, sheet._Sheet.write

    def kept_cells(*given):
        rows.append(cells(*given))
        return rows[-1]

    def kept_write(self, name, works, *given):
        rows.append((name, works))
        write(self, name, works, *given)

    monkeypatch.setattr(sheet, "_cells", kept_cells)
    monkeypatch.setattr(sheet._Sheet, "write", kept_write)
    return rows


def test_the_sheet_has_a_table_a_practitioner_with_guests_by_time(cast: Cast, sign_in, written) -> None:
    make_booking(cast, at=local(TODAY, 15), resource_id=cast.alpha.rooms["a"].id, note="warm towel")
    make_booking(cast, at=local(TODAY, 13), member="chen", party_size=2)
    answer = sign_in("clerk").get(url(cast, "sheet/?on=2026-11-21"))
    assert (answer["Content-Type"], answer.content[:5], answer.content[-6:]) == (
        "application/pdf",
        b"%PDF-",
        b"%%EOF\n",
    )
    assert answer["Content-Disposition"] == 'inline; filename="day-2026-11-21.pdf"'
    assert written == [
        ("Lin", "09:00–21:00"),
        ("Ya", "09:00–21:00"),
        ("13:00–14:00", "Chen Ke × 2\n138 **** 0002", "Deep hydration", "", "Confirmed", ""),
        ("15:00–16:00", "苏晴\n138 **** 0001", "Deep hydration", "Room A", "Confirmed", "warm towel"),
    ]


def test_one_practitioners_sheet_has_that_one_alone(cast: Cast, sign_in, written) -> None:
    make_booking(cast, at=local(TODAY, 15))
    make_booking(cast, at=local(TODAY, 13), member="chen", who="second")
    lin = cast.alpha.employees["second"].id
    sign_in("practitioner").get(url(cast, f"sheet/?on=2026-11-21&who={lin}"))
    assert [row[:2] for row in written] == [
        ("Lin", "09:00–21:00"),
        ("13:00–14:00", "Chen Ke\n138 **** 0002"),
    ]


def test_the_type_is_embedded_and_only_what_is_used_of_it(cast: Cast, sign_in, monkeypatch) -> None:
    make_booking(cast, at=local(TODAY, 15))
    made: list[sheet._Sheet] = []
    begin = sheet._Sheet.__init__

    def kept(self, *given):
        made.append(self)
        begin(self, *given)

    monkeypatch.setattr(sheet._Sheet, "__init__", kept)
    answer = sign_in("clerk").get(url(cast, "sheet/?on=2026-11-21"))
    used = {glyph.unicode for glyph, _place in made[0].fonts[sheet.FACE].subset.items() if glyph is not None}
    assert {sign for sign in "苏晴hydration" if (ord(sign),) in used or ord(sign) in used} == set(
        "苏晴hydration"
    )
    assert len(answer.content) < 120_000
    assert b"/FontFile" in answer.content


def test_two_hundred_bookings_take_several_pages_and_the_heads_stand_on_each(cast: Cast, sign_in) -> None:
    first = make_booking(cast, at=local(TODAY, 9, 15))
    with chain_scope(cast.alpha.info):
        values = {
            field.attname: getattr(first, field.attname)
            for field in Booking._meta.concrete_fields
            if field.name not in ("id", "code", "status", "member")
        }
        Booking.objects.bulk_create(
            Booking(**values, code=f"T{number:07}", status="no_show", member=first.member)
            for number in range(200)
        )
    content = sign_in("clerk").get(url(cast, "sheet/?on=2026-11-21")).content
    assert content.count(b"/Type /Page\n") > 5


def test_without_a_typeface_the_way_out_is_named_and_nothing_is_made(
    cast: Cast, sign_in, monkeypatch
) -> None:
    nowhere = typefaces.Typeface(Path("/nowhere/a.ttc"), Path("/nowhere/b.ttc"))
    monkeypatch.setattr(typefaces, "KNOWN", (nowhere,))
    typefaces._found.cache_clear()
    try:
        answer = sign_in("clerk").get(url(cast, "sheet/"))
    finally:
        typefaces._found.cache_clear()
    assert answer.status_code == 503
    assert "apt-get install fonts-noto-cjk" in text_of(answer)


def test_another_stores_sheet_is_not_there(cast: Cast, sign_in) -> None:
    assert sign_in("south_clerk").get(url(cast, "sheet/")).status_code == 404
