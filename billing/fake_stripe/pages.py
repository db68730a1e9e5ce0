"""The pages a browser walks through: checkout, the bank's question, the portal, an invoice. Plain HTML, no script."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from billing.fake_stripe.changes import amount_text, name_of, period_of
from billing.fake_stripe.checkout import discount_on
from billing.fake_stripe.store import Object
from billing.fake_stripe.words import TEXTS, said
from billing.fake_stripe.world import World

_SHOWN_CARDS = (
    ("4242 4242 4242 4242", "card_ok"),
    ("4000 0000 0000 0002", "card_declined"),
    ("4000 0000 0000 0341", "card_later"),
    ("4000 0027 6000 3184", "card_bank"),
)


def frame(title: str, body: str, language: str) -> str:
    """A whole page."""
    lang = "zh-Hans" if language.startswith("zh") else "en"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/style.css"></head>'
        f'<body><header><p class="test">{escape(said("test", language))}</p></header><main><h1>{escape(title)}</h1>'
        f"{body}</main></body></html>"
    )


def _day(at: int, language: str) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.year}年{when.month}月{when.day}日" if language.startswith("zh") else f"{when:%d %b %Y}"


def _form(action: str, inside: str) -> str:
    return f'<form method="post" action="{escape(action)}">{inside}</form>'


def _button(text: str, *, name: str = "", value: str = "", quiet: bool = False) -> str:
    what = f' name="{escape(name)}" value="{escape(value)}"' if name else ""
    kind = ' class="quiet"' if quiet else ""
    return f"<button{what}{kind}>{escape(text)}</button>"


def _input(name: str, label: str, value: str = "", *, extra: str = "") -> str:
    return (
        f'<label for="{name}">{escape(label)}</label>'
        f'<input type="text" id="{name}" name="{name}" value="{escape(value)}" autocomplete="off" {extra}>'
    )


def _cards(language: str) -> str:
    rows = "".join(
        f"<li><code>{number}</code> {escape(said(what, language))}</li>" for number, what in _SHOWN_CARDS
    )
    return f'<p class="soft">{escape(said("cards", language))}</p><ul class="soft">{rows}</ul>'


def _alert(problem: str | None, language: str) -> str:
    return f'<p class="bad" role="alert">{escape(said(problem, language))}</p>' if problem else ""


def closed_page(back: str | None, language: str) -> str:
    """A checkout that is over."""
    link = f'<p><a href="{escape(back)}">{escape(said("back", language))}</a></p>' if back else ""
    return frame(said("closed", language), f"<p>{escape(said('closed_why', language))}</p>{link}", language)


def checkout_page(
    world: World,
    session: Object,
    language: str,
    *,
    problem: str | None = None,
    card: str = "",
    code: str = "",
) -> str:
    """What is bought, a promotion code, a card."""
    rows, sum_, interval = "", 0, "month"
    for each in session["_items"]:
        price = world.need(each["price"], "price")
        amount = price["unit_amount"] * each["quantity"]
        sum_ += amount
        interval = price["recurring"]["interval"]
        name = escape(f"{each['quantity']} × {name_of(world, price)}")
        rows += f"<tr><td>{name}</td><td>{amount_text(amount, price['currency'])}</td></tr>"
    taken = discount_on(world, session, sum_)
    currency = session["currency"]
    if taken:
        rows += (
            f"<tr><td>{escape(said('discount', language))}</td><td>{amount_text(-taken, currency)}</td></tr>"
        )
    trial = session["_trial_end"]
    due = 0 if trial else sum_ - taken
    rows += f'<tr class="sum"><td>{escape(said("today", language))}</td><td>{amount_text(due, currency)}</td></tr>'
    rhythm = f"{amount_text(sum_ - taken, currency)} {said(interval, language)}"
    note = said("trial", language, day=_day(trial, language), amount=rhythm) if trial else rhythm
    action = f"/c/pay/{session['id']}"
    codes = ""
    if session["allow_promotion_codes"]:
        inside = _input("code", said("code", language), code) + _button(
            said("apply", language), name="do", value="code", quiet=True
        )
        codes = _form(action, inside)
    tax = _input("tax_id", said("tax_id", language)) if session["tax_id_collection"]["enabled"] else ""
    pay = _form(
        action,
        _input("card", said("card", language), card, extra='inputmode="numeric" required')
        + _input("holder", said("holder", language))
        + tax
        + _button(said("start_trial" if trial else "pay", language), name="do", value="pay"),
    )
    back = session["cancel_url"]
    link = f'<p><a href="{escape(back)}">{escape(said("back", language))}</a></p>' if back else ""
    body = (
        f"{_alert(problem, language)}<section><table>{rows}</table>"
        f'<p class="soft">{escape(note)}</p>{codes}</section><section>{pay}{_cards(language)}</section>{link}'
    )
    return frame(said("subscribe", language), body, language)


def bank_page(action: str, amount: str | None, language: str, **kept: str) -> str:
    """3-D Secure: the bank asks whether it is you. `amount` None: the card is only kept."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in kept.items()
    )
    why = said("bank_card", language) if amount is None else said("bank_why", language, amount=amount)
    buttons = _button(said("confirm", language), name="bank", value="yes") + _button(
        said("refuse", language), name="bank", value="no", quiet=True
    )
    body = (
        f"<section><p>{escape(why)}</p>{_form(action, hidden + f'<div class=row>{buttons}</div>')}</section>"
    )
    return frame(said("bank", language), body, language)


def portal_page(world: World, session: Object, language: str, *, problem: str | None = None) -> str:
    """Subscription, payment method, invoices, tax ids."""
    customer = world.need(session["customer"], "customer")
    action = f"/p/session/{session['id']}"
    parts = [_alert(problem, language)]
    parts += [
        _subscription_part(world, each, action, language)
        for each in reversed(world.store.all("subscription", customer=customer["id"]))
        if each["status"] not in ("incomplete_expired",)
    ][:3]
    parts.append(_method_part(world, customer, action, language))
    parts.append(_invoices_part(world, customer, action, language))
    ids = "".join(
        f"<li>{escape(each['value'])}</li>" for each in world.store.all("tax_id", customer=customer["id"])
    )
    tax = _form(
        action,
        _input("tax_id", said("tax_id", language))
        + _button(said("add", language), name="do", value="tax", quiet=True),
    )
    parts.append(f"<section><h2>{escape(said('tax_ids', language))}</h2><ul>{ids}</ul>{tax}</section>")
    if session["return_url"]:
        parts.append(f'<p><a href="{escape(session["return_url"])}">{escape(said("back", language))}</a></p>')
    return frame(said("portal", language), "".join(parts), language)


def _subscription_part(world: World, subscription: Object, action: str, language: str) -> str:
    items = "".join(
        f"<tr><td>{escape(name_of(world, each['price']))}</td><td>× {each['quantity']}</td></tr>"
        for each in subscription["items"]["data"]
    )
    status = subscription["status"]
    end = _day(period_of(subscription)[1], language)
    ending = subscription["cancel_at_period_end"]
    note, button = "", ""
    if status in ("active", "trialing", "past_due", "unpaid"):
        note = said("ends" if ending else "renews", language, day=end)
        button = _form(
            action,
            f'<input type="hidden" name="subscription" value="{subscription["id"]}">'
            + _button(
                said("resume" if ending else "cancel", language),
                name="do",
                value="resume" if ending else "cancel",
                quiet=True,
            ),
        )
    return (
        f"<section><h2>{escape(said('plan', language))}: {escape(said(status, language))}</h2>"
        f'<table>{items}</table><p class="soft">{escape(note)}</p>{button}</section>'
    )


def _method_part(world: World, customer: Object, action: str, language: str) -> str:
    key = customer["invoice_settings"]["default_payment_method"]
    if key is None:
        keys = [
            each["default_payment_method"]
            for each in world.store.all("subscription", customer=customer["id"])
            if each["default_payment_method"]
        ]
        key = keys[-1] if keys else None
    method = world.store.get(key, "payment_method") if key else None
    shown = f"Visa •••• {method['card']['last4']}" if method else said("no_method", language)
    form = _form(
        action,
        _input("card", said("card", language), extra='inputmode="numeric" required')
        + _button(said("change_card", language), name="do", value="card"),
    )
    return (
        f"<section><h2>{escape(said('method', language))}</h2><p>{escape(shown)}</p>{form}"
        f"{_cards(language)}</section>"
    )


def _invoices_part(world: World, customer: Object, action: str, language: str) -> str:
    rows = ""
    for each in reversed(world.store.all("invoice", customer=customer["id"])):
        if each["status"] == "draft":
            continue
        state = escape(said(each["status"], language) if each["status"] in TEXTS else each["status"])
        link = f'<a href="/i/{each["id"]}">{escape(each["number"] or each["id"])}</a>'
        button = ""
        if each["status"] == "open":
            button = _form(
                action,
                f'<input type="hidden" name="invoice" value="{each["id"]}">'
                + _button(said("pay_now", language), name="do", value="pay"),
            )
        amount = amount_text(each["total"], each["currency"])
        rows += f"<tr><td>{link}<br><span class=soft>{_day(each['created'], language)} · {state}</span></td><td>{amount}{button}</td></tr>"
    return f"<section><h2>{escape(said('invoices', language))}</h2><table>{rows}</table></section>"


def invoice_page(world: World, invoice: Object, language: str, *, problem: str | None = None) -> str:
    """An invoice, and a way to pay it."""
    rows = "".join(
        f"<tr><td>{escape(line['description'])}</td><td>{amount_text(line['amount'], invoice['currency'])}</td></tr>"
        for line in invoice["lines"]["data"]
    )
    currency = invoice["currency"]
    for each in invoice["total_discount_amounts"]:
        rows += f"<tr><td>{escape(said('discount', language))}</td><td>{amount_text(-each['amount'], currency)}</td></tr>"
    rows += f'<tr class="sum"><td>{escape(said("total", language))}</td><td>{amount_text(invoice["total"], currency)}</td></tr>'
    used = invoice["total"] - invoice["amount_due"]
    if used > 0:
        rows += f"<tr><td>{escape(said('credit', language))}</td><td>{amount_text(-used, currency)}</td></tr>"
    rows += f'<tr class="sum"><td>{escape(said("due", language))}</td><td>{amount_text(invoice["amount_remaining"], currency)}</td></tr>'
    pay = ""
    if invoice["status"] == "open":
        pay = "<section>" + _form(
            f"/i/{invoice['id']}",
            _input("card", said("card", language), extra='inputmode="numeric" required')
            + _button(said("pay_now", language), name="do", value="pay"),
        )
        pay += _cards(language) + "</section>"
    title = f"{said('invoice', language)} {invoice['number'] or ''} · {said(invoice['status'], language)}"
    billed = "".join(f"<p>{escape(words)}</p>" for words in _billed_to(invoice, language))
    link = f'<p><a href="/i/{invoice["id"]}.pdf">{escape(said("pdf", language))}</a></p>'
    return frame(
        title,
        f"{_alert(problem, language)}<section>{billed}<table>{rows}</table>{link}</section>{pay}",
        language,
    )


def _billed_to(invoice: Object, language: str) -> list[str]:
    """Who is billed, under which tax ids, and, as a receipt, when it was paid."""
    lines = [invoice["customer_name"] or ""]
    lines += [f"{said('tax_number', language)} {each['value']}" for each in invoice["customer_tax_ids"] or ()]
    paid_at = invoice["status_transitions"]["paid_at"]
    if paid_at is not None:
        lines.append(said("paid_on", language, day=_day(paid_at, language)))
    return lines


def invoice_pdf(world: World, invoice: Object) -> bytes:
    """The invoice as a PDF of one page, in English; names may be Chinese."""
    lines = [f"Invoice {invoice['number']}", *_billed_to(invoice, "en"), ""]
    lines += [
        f"{amount_text(line['amount'], invoice['currency']):>18}  {line['description']}"
        for line in invoice["lines"]["data"]
    ]
    lines += ["", f"{amount_text(invoice['total'], invoice['currency']):>18}  Total ({invoice['status']})"]
    return _pdf(lines)


def _pdf(lines: list[str]) -> bytes:
    shown = "".join(_pdf_line(line) for line in lines)
    stream = f"BT /F1 10 Tf 14 TL 50 780 Td\n{shown}ET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
        # a font that every reader has for Chinese, not embedded
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UTF16-H"
        b" /DescendantFonts [7 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor 8 0 R /DW 1000 >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880]"
        b" /ItalicAngle 0 /Ascent 752 /Descent -271 /CapHeight 737 /StemV 58 >>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(body))
    )


def _pdf_line(line: str) -> str:
    text = line.replace("×", "x")
    if all(ord(sign) < 256 for sign in text):
        return f"({_quoted(text)}) Tj T*\n"
    return f"/F2 10 Tf <{text.encode('utf-16-be').hex()}> Tj T* /F1 10 Tf\n"


def _quoted(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
