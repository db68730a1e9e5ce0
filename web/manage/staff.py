"""Staff: the list, an invitation, roles on nodes, skills, leaving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from chains.domain.entitlements import Limit
from tenants.catalogue.domain.warnings import warn_of_stores
from tenants.people.domain.employees import (
    change_employee,
    count_employees,
    create_employee,
    find_employees,
    read_employee,
    send_invitation,
)
from tenants.people.domain.grants import BRAND_ROLES, grants_of, may_give
from tenants.people.domain.rights import Action, Grant
from tenants.people.models import Employee, Role, Skill
from tenants.stores.models import Store
from web.manage.access import Office, in_office
from web.manage.forms import OfficeForm
from web.manage.frame import done, room_of, show, show_form

people = in_office(Action.MANAGE_PEOPLE)
ROLE_NAMES = {
    Role.OWNER: pgettext_lazy("role", "Owner"),
    Role.BRAND_MANAGER: pgettext_lazy("role", "Brand manager"),
    Role.STORE_MANAGER: pgettext_lazy("role", "Store manager"),
    Role.CLERK: pgettext_lazy("role", "Clerk"),
    Role.PRACTITIONER: pgettext_lazy("role", "Practitioner"),
    Role.CASHIER: pgettext_lazy("role", "Cashier"),
    Role.READ_ONLY: pgettext_lazy("role", "Read only"),
}
ROLE_ROWS = 3


def grant_key(grant: Grant) -> str:
    """A grant as a form's value: clerk@<store>, owner@ for the whole chain."""
    return f"{grant.role.value}@{grant.store_id or ''}"


def grant_words(grant: Grant, stores: dict[UUID, str]) -> str:
    """Clerk · North; Owner · whole brand."""
    place = _("whole brand") if grant.store_id is None else stores.get(grant.store_id, "")
    return f"{ROLE_NAMES[grant.role]} · {place}"


class EmployeeForm(OfficeForm):
    """A person: name, address, roles on nodes, skills."""

    domain_names = {
        "roles": "role_1",
        "!email_invalid": "email",
        "!email_taken": "email",
        "!phone_invalid": "phone",
        "!role_not_yours": "role_1",
        "!last_owner": "role_1",
    }

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("The invitation goes there; it is valid for 7 days"),
    )
    phone = forms.CharField(label=gettext_lazy("Phone"), max_length=40, required=False)
    title = forms.CharField(label=gettext_lazy("Title members see"), max_length=80, required=False)
    skills = forms.MultipleChoiceField(label=gettext_lazy("Can do"), required=False)
    new_skill = forms.CharField(label=gettext_lazy("Another skill"), max_length=80, required=False)

    def __init__(
        self,
        *args: Any,
        office: Office,
        employee: Employee | None,
        stores: Sequence[Store],
        skills: Sequence[Skill],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        held = sorted(grants_of(employee), key=grant_key) if employee else []
        nodes: list[UUID | None] = [None, *(store.id for store in stores)]
        givable = [
            Grant(role, node)
            for node in nodes
            for role in Role
            if not (role in BRAND_ROLES and node is not None) and may_give(office.actor, Grant(role, node))
        ]
        self.by_key = {grant_key(grant): grant for grant in [*givable, *held]}
        names = {store.id: store.name for store in Store.objects.all()}
        options = [(key, grant_words(grant, names)) for key, grant in self.by_key.items()]
        self.rows = max(ROLE_ROWS, len(held) + 1)
        for row in range(1, self.rows + 1):
            label = gettext_lazy("Role") if row == 1 else gettext_lazy("One more role")
            blank = [("", "—")]
            self.fields[f"role_{row}"] = forms.ChoiceField(
                label=label, choices=[*blank, *options], required=row == 1
            )
            self.initial[f"role_{row}"] = grant_key(held[row - 1]) if row <= len(held) else ""
        self.fields["skills"].choices = [(str(one.id), one.name) for one in skills]  # type: ignore[attr-defined]
        if employee is not None:
            del self.fields["email"]
            self.initial.update(
                {name: getattr(employee, name) for name in ("name", "phone", "title", "version")}
            )
            self.initial["skills"] = [str(one.id) for one in employee.skills.all()]

    def roles(self) -> list[Grant]:
        """The chosen grants, each once."""
        keys = [self.cleaned_data[f"role_{row}"] for row in range(1, self.rows + 1)]
        return [self.by_key[key] for key in dict.fromkeys(filter(None, keys))]

    def role_fields(self) -> list[forms.BoundField]:
        """The selects, in order."""
        return [self[f"role_{row}"] for row in range(1, self.rows + 1)]

    def chosen_skills(self) -> list[str]:
        """Ids of known skills, and the name of a new one."""
        return [*self.cleaned_data["skills"], *filter(None, [self.cleaned_data["new_skill"].strip()])]

    def skill_options(self) -> list[dict[str, Any]]:
        """The skills there are, as ui/choices reads them."""
        chosen = self["skills"].value() or []
        choices = self.fields["skills"].choices  # type: ignore[attr-defined]
        return [{"value": key, "label": words, "checked": key in chosen} for key, words in choices]


@require_safe
@people
def show_staff(request: HttpRequest, office: Office) -> HttpResponse:
    """The people on the actor's nodes; those who left are at the end, on demand."""
    left = request.GET.get("state") == "left"
    text = request.GET.get("q", "").strip()
    found = find_employees(by=office.actor).filter(active=not left)
    if text:
        found = found.filter(name__icontains=text)
    names = {store.id: store.name for store in Store.objects.all()}
    rows = [
        {
            "employee": employee,
            "roles": [
                grant_words(Grant(Role(row.role), row.store_id), names) for row in employee.grants.all()
            ],
            "skills": [skill.name for skill in employee.skills.all()],
            # an unusable password begins with "!": the invitation waits
            "invited": employee.user.password.startswith("!") and employee.active,
        }
        for employee in found
    ]
    room = room_of(office, Limit.EMPLOYEES, used=count_employees)
    here = {store.id for store in office.stores(Action.MANAGE_PEOPLE)}
    context = {"page_title": _("Staff"), "rows": rows, "q": text, "left": left, **room}
    context["warnings"] = warn_of_stores(here, ("nobody_has_skills", "nobody_works"))
    return show(request, office, "manage/staff.html", context, current="staff")


def _form_of(
    request: HttpRequest, office: Office, employee: Employee | None, *, fresh: bool = False
) -> EmployeeForm:
    return EmployeeForm(
        None if fresh else request.POST or None,
        office=office,
        employee=employee,
        stores=office.stores(Action.MANAGE_PEOPLE),
        skills=list(Skill.objects.all()),
    )


def _show(
    request: HttpRequest, office: Office, form: EmployeeForm, employee: Employee | None
) -> HttpResponse:
    changeable = employee is None or all(may_give(office.actor, grant) for grant in grants_of(employee))
    context = {
        "form": form,
        "employee": employee,
        "changeable": changeable,
        "invited": employee is not None and employee.active and employee.user.password.startswith("!"),
    }
    return show_form(
        request,
        office,
        "manage/staff/_edit.html",
        context,
        title=employee.name if employee else _("Invite someone"),
        current="staff",
        back=reverse("manage:staff"),
        back_label=_("Staff"),
        save_label="" if not changeable else _("Save") if employee else _("Send the invitation"),
        url=reverse("manage:employee", args=[employee.id]) if employee else "",
        refused=request.method == "POST",
    )


@require_http_methods(["GET", "POST"])
@people
def new(request: HttpRequest, office: Office) -> HttpResponse:
    """Invite someone by e-mail."""
    form = _form_of(request, office, None)
    if request.method == "POST" and form.is_valid():
        told = {name: form.cleaned_data[name] for name in ("name", "email", "phone")}

        def keep() -> None:
            create_employee(
                **told,
                roles=form.roles(),
                skills=form.chosen_skills(),
                by=office.actor,
                chain=office.chain,
                now=office.now,
            )

        if form.takes(keep):
            said = _("%(name)s is invited") % {"name": told["name"]}
            return done(request, reverse("manage:staff"), said)
    return _show(request, office, form, None)


@require_http_methods(["GET", "POST"])
@people
def edit(request: HttpRequest, office: Office, employee_id: UUID) -> HttpResponse:
    """Name, roles, skills."""
    employee = read_employee(employee_id, by=office.actor)
    form = _form_of(request, office, employee)
    if request.method == "POST" and form.is_valid():

        def keep() -> None:
            change_employee(
                employee.id,
                name=form.cleaned_data["name"],
                phone=form.cleaned_data["phone"],
                title=form.cleaned_data["title"],
                roles=form.roles(),
                skills=form.chosen_skills(),
                version=form.cleaned_data["version"],
                by=office.actor,
                chain=office.chain,
                now=office.now,
            )

        if form.takes(keep):
            return done(request, reverse("manage:staff"), _("Saved"))
    return _show(request, office, form, employee)


@require_POST
@people
def invite_again(request: HttpRequest, office: Office, employee_id: UUID) -> HttpResponse:
    """Another invitation; the one before it ends."""
    send_invitation(employee_id, by=office.actor, chain=office.chain, now=office.now)
    return done(request, reverse("manage:staff"), _("The invitation is on its way"))


@require_POST
@people
def switch_active(request: HttpRequest, office: Office, employee_id: UUID) -> HttpResponse:
    """The person leaves, or comes back (by a new invitation)."""
    active = request.POST.get("active") == "yes"
    version = _form_of(request, office, None).opened_with()
    employee = read_employee(employee_id, by=office.actor)
    form = _form_of(request, office, employee, fresh=True)

    def keep() -> None:
        told: dict[str, Any] = {"by": office.actor, "chain": office.chain, "now": office.now}
        change_employee(employee_id, active=active, version=version, **told)
        if active:
            send_invitation(employee_id, **told)

    if not form.takes(keep):
        return _show(request, office, form, employee)
    said = _("%(name)s is back and gets an invitation") if active else _("%(name)s can no longer sign in")
    return done(request, reverse("manage:staff"), said % {"name": employee.name})
