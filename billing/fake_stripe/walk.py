"""What the pages' forms do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from billing.fake_stripe import pages
from billing.fake_stripe.changes import amount_text
from billing.fake_stripe.checkout import bank_asks, complete, enter_code, new_card
from billing.fake_stripe.customers import attach, create_card, create_tax_id
from billing.fake_stripe.errors import ApiError
from billing.fake_stripe.invoices import collect
from billing.fake_stripe.store import Object
from billing.fake_stripe.subscriptions import follow_payment, update_subscription
from billing.fake_stripe.world import World

Form = Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """A page to show, or another address to go to."""

    html: str = ""
    location: str = ""
    status: int = 200


def _problem(error: ApiError) -> str:
    return "number_wrong" if error.body.get("code") == "incorrect_number" else "declined"


def checkout(world: World, key: str, form: Form | None, language: str) -> Page:
    """The checkout page, shown (no form) or acted on."""
    session = world.need(key, "checkout.session")
    language = session["locale"] or language
    if session["status"] != "open":
        if session["status"] == "complete" and form is not None:
            return Page(location=session["success_url"], status=303)  # the second click of a double one
        return Page(pages.closed_page(session["cancel_url"], language), status=410)
    if form is None:
        return Page(pages.checkout_page(world, session, language))
    if form.get("do") == "code":
        code = form.get("code", "")
        holds = enter_code(world, session, code)
        problem = None if holds or not code.strip() else "code_wrong"
        return Page(pages.checkout_page(world, session, language, problem=problem, code=code))
    return _pay(world, session, form, language)


def _pay(world: World, session: Object, form: Form, language: str) -> Page:
    card, bank = form.get("card", ""), form.get("bank")
    try:
        if bank is None and bank_asks(world, card):
            due = session["amount_total"]
            amount = amount_text(due, session["currency"]) if due else None
            kept = {name: form.get(name, "") for name in ("card", "holder", "tax_id")}
            return Page(pages.bank_page(f"/c/pay/{session['id']}", amount, language, **kept))
        if bank == "no":
            return Page(pages.checkout_page(world, session, language, problem="not_confirmed", card=card))
        _keep_tax_id(world, form, session["customer"])
        with world.store.transaction():
            complete(world, session, card=card, holder=form.get("holder", ""), confirmed=bank == "yes")
    except ApiError as error:
        session = world.need(session["id"], "checkout.session")
        return Page(pages.checkout_page(world, session, language, problem=_problem(error), card=card))
    return Page(location=session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]), status=303)


def _keep_tax_id(world: World, form: Form, customer: str) -> None:
    """The id of a form, once: a page sent again after a decline does not add it again."""
    value = form.get("tax_id", "").strip()
    known = {each["value"] for each in world.store.all("tax_id", customer=customer)}
    if value and value not in known:
        create_tax_id(world, {"type": "eu_vat", "value": value}, customer)


def portal(world: World, key: str, form: Form | None, language: str) -> Page:
    """The portal, shown or acted on."""
    session = world.need(key, "billing_portal.session")
    language = session["locale"] or language
    here = f"/p/session/{key}"
    if form is None:
        return Page(pages.portal_page(world, session, language))
    try:
        with world.store.transaction():
            asked = _act(world, session, form, language)
    except ApiError as error:
        return Page(pages.portal_page(world, session, language, problem=_problem(error)))
    return asked or Page(location=here, status=303)


def _act(world: World, session: Object, form: Form, language: str) -> Page | None:
    customer = session["customer"]
    match form.get("do") or ("card" if "bank" in form else ""):
        case "cancel" | "resume" as wanted:
            subscription = world.need(form.get("subscription", ""), "subscription")
            if subscription["customer"] == customer:
                asked = {"cancel_at_period_end": "true" if wanted == "cancel" else "false"}
                update_subscription(world, asked, subscription["id"])
        case "card":
            if form.get("bank") == "no":
                return Page(pages.portal_page(world, session, language, problem="not_confirmed"))
            card = form.get("card", "")
            confirmed = form.get("bank") == "yes"
            if new_card(world, customer, card=card, holder="", confirmed=confirmed) == "holder":
                here = f"/p/session/{session['id']}"
                return Page(pages.bank_page(here, None, language, card=card))
        case "pay":
            invoice = world.need(form.get("invoice", ""), "invoice")
            if invoice["customer"] == customer and pay_by_person(world, invoice) != "ok":
                return Page(pages.portal_page(world, session, language, problem="declined"))
        case "tax":
            _keep_tax_id(world, form, customer)
        case _:
            pass
    return None


def pay_by_person(world: World, invoice: Object, *, method: Object | None = None) -> str:
    """Pay an open invoice with its holder there to confirm; how it ended. A failure is kept as an attempt."""
    outcome = collect(world, invoice, method=method, present=True, confirmed=True)
    follow_payment(world, invoice, outcome)
    return outcome


def invoice(world: World, key: str, form: Form | None, language: str) -> Page:
    """An invoice's page, shown or paid on."""
    found = world.need(key, "invoice")
    if form is None or found["status"] != "open":
        return Page(pages.invoice_page(world, found, language))
    try:
        with world.store.transaction():
            method = create_card(world, form.get("card", ""))
            attach(world, method["id"], found["customer"])
            outcome = pay_by_person(world, found, method=method)
    except ApiError as error:
        return Page(pages.invoice_page(world, found, language, problem=_problem(error)))
    problem = None if outcome == "ok" else "declined"
    return Page(pages.invoice_page(world, found, language, problem=problem))
