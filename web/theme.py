"""A chain's look on its pages: where its logo is, and its accent as a stylesheet, since a strict CSP allows no inline custom properties.

A page links `/theme.css?v=<hash of the chain's colour>`; the view answers with `theme_css(tokens)` and a long
cache time. It stands in the layer `theme`, after the tokens, and overrides the chain's colours alone.
"""

from __future__ import annotations

import hashlib

from chains.domain.accent import Accent, AccentTokens
from tenants.people.domain.logo import logo_name


def theme_css(tokens: AccentTokens) -> str:
    """Stylesheet that sets the chain's fill, what stands on it, text and wash in both themes."""
    pairs = {
        "chain": (tokens.light.fill, tokens.dark.fill),
        "chain-on": (tokens.light.on, tokens.dark.on),
        "chain-text": (tokens.light.text, tokens.dark.text),
        "chain-wash": (tokens.light.wash, tokens.dark.wash),
    }
    lines = "".join(f"    --{name}: light-dark({light}, {dark});\n" for name, (light, dark) in pairs.items())
    return f"@layer theme {{\n  :root {{\n{lines}  }}\n}}\n"


def theme_version(tokens: AccentTokens) -> str:
    """Short hash for the stylesheet's address, so that a changed colour is a new address."""
    return hashlib.sha256(theme_css(tokens).encode()).hexdigest()[:12]


def tokens_of(stored: dict[str, dict[str, str]]) -> AccentTokens:
    """The tokens as the chain's row stores them: {"light": {…}, "dark": {…}}."""
    return AccentTokens(light=Accent(**stored["light"]), dark=Accent(**stored["dark"]))


def logo_url() -> str:
    """Where the active chain's logo is shown, another address for every picture; '' without one."""
    name = logo_name()
    return f"/media/{name}" if name else ""
