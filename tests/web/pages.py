"""What a browser would send: the fields of a page's form, as they stand when it is opened."""

from __future__ import annotations

from html.parser import HTMLParser

from django.http import HttpResponse

VOID_TYPES = {"submit", "button", "reset", "file"}


class _Fields(HTMLParser):
    """The named fields inside the first form for which `field` is one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self.select: tuple[str, list[tuple[str, bool]]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        name, value = told.get("name"), told.get("value") or ""
        if tag == "form":
            self.forms.append({})
        elif tag == "option" and self.select is not None:
            self.select[1].append((value, "selected" in told))
        elif not name or not self.forms:
            return
        elif tag == "select":
            self.select = (name, [])
        elif tag == "input" and told.get("type") in ("checkbox", "radio"):
            if "checked" in told:
                self.forms[-1].setdefault(name, []).append(told.get("value") or "on")
        elif tag == "input" and told.get("type") not in VOID_TYPES:
            self.forms[-1].setdefault(name, []).append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self.select is not None:
            name, options = self.select
            chosen = [value for value, selected in options if selected] or [options[0][0]] if options else []
            self.forms[-1].setdefault(name, []).extend(chosen)
            self.select = None


def form_of(answer: HttpResponse, field: str) -> dict[str, list[str]]:
    """The values of the page's form that has the field. Raises StopIteration where none has."""
    reader = _Fields()
    reader.feed(answer.content.decode())
    return dict(next(form for form in reader.forms if field in form))
