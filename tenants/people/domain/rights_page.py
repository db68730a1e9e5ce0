"""docs/rights.md, drawn from the table of rights."""

from __future__ import annotations

from collections.abc import Iterator

from tenants.people.domain.rights import CHAIN_WIDE, RIGHTS, Action
from tenants.people.models import Role

# What each action lets a person do, for the page; an action without a sentence fails its test.
MEANING = {
    Action.MANAGE_CHAIN: "Open the chain for bookings, change its name and look",
    Action.READ_OPERATOR_ACTS: "Read what the platform's operators did to the chain",
    Action.MANAGE_BILLING: "Read and change the plan, pay, cancel",
    Action.CREATE_STORE: "Add a store",
    Action.MANAGE_STORE: "Change a store, its hours, closures and rooms",
    Action.MANAGE_CATALOGUE: "Add and change services, prices, where they are offered",
    Action.MANAGE_PEOPLE: "Invite and change people, give roles up to one's own",
    Action.MANAGE_SHIFTS: "Plan shifts and leave",
    Action.PLAN_SESSIONS: "Plan sessions and pickup windows, move a session, call it off",
    Action.ADJUST_STOCK: "Correct how many units of a product are there (noted)",
    Action.READ_DAY: "See the store's day",
    Action.CREATE_BOOKING: "Book for a member",
    Action.CHANGE_BOOKING: "Move and cancel bookings",
    Action.REDEEM_BOOKING: "Redeem a booking's code",
    Action.COMPLETE_BOOKING: "Close a visit, note a no-show",
    Action.WAIVE_NOTICE: "Cancel or move after the notice has passed",
    Action.OVERBOOK: "Book over another booking, or put a session outside hours and shifts, with a reason (noted)",
    Action.WAIVE_PENALTY: "Let a member off a late fee, a no-show or a deposit, with a reason (noted)",
    Action.TAKE_PAYMENT: "Take a deposit at the desk, and give it back there",
    Action.READ_MEMBERS: "Find members, phones masked",
    Action.REVEAL_PHONE: "See a member's whole phone number (noted)",
    Action.MANAGE_MEMBERS: "Change a member's name, language and note",
    Action.READ_FIGURES: "Read figures and reports",
}


def rights_page() -> str:
    """The page in Markdown, ending with a line break."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    roles = list(Role)
    yield "# Who may do what"
    yield ""
    yield "Made by `manage.py write_rights` from `tenants/people/domain/rights.py`; a test holds the two together."
    yield ""
    yield (
        "A role is held at one store or in the whole chain. A right at a store comes from a role held there"
        " or chain-wide. Actions marked *chain* need a chain-wide role. Owner and brand manager are always"
        " chain-wide."
    )
    yield ""
    yield "| | action | " + " | ".join(role.value.replace("_", " ") for role in roles) + " |"
    yield "|---|---|" + ":-:|" * len(roles)
    for action in Action:
        marks = ["●" if action in RIGHTS[role] else "" for role in roles]
        node = " *chain*" if action in CHAIN_WIDE else ""
        yield f"| {MEANING[action]}{node} | `{action.value}` | " + " | ".join(marks) + " |"
    yield ""
    yield "## Giving roles"
    yield ""
    yield (
        "Whoever manages people gives and takes roles on the nodes where they do, never above their own:"
        " owner, brand manager, store manager, then all others alike. A chain always keeps one owner who can"
        " sign in. Changes of roles are noted and the notes are never changed."
    )
    yield ""
    yield "## What a refusal says"
    yield ""
    yield (
        "What the caller may not see at all is answered 404 as if it were not there; what is seen but not"
        " allowed, 403 with the code `forbidden`; without a valid token, 401."
    )
