"""The console's few forms."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from chains.domain.lifecycle import REASON_LENGTH


class SignInForm(forms.Form):
    """E-mail, password, and the code of those who have set one up."""

    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(
            attrs={"type": "email", "autocomplete": "username", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "password", "autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=_("Code from your app (leave empty if you have not set one up)"),
        max_length=12,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class FactorForm(forms.Form):
    """The code that shows that the app has the key."""

    code = forms.CharField(
        label=_("Code from your app"),
        max_length=12,
        widget=UnfoldAdminTextInputWidget(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


class LogReasonForm(forms.Form):
    """Why a chain is reopened; it stands in the log that the chain can read."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("It stands in the operators' log, which the chain can read."),
        max_length=REASON_LENGTH,
        required=False,  # the domain refuses an empty one, with its sentence
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
    )


class ReasonForm(forms.Form):
    """Why a chain is suspended; its employees read it."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The chain's employees read this sentence after they sign in; its members do not."),
        max_length=REASON_LENGTH,
        required=False,  # the domain refuses an empty one, with its sentence
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3, "autofocus": True}),
    )
