"""To whom a case may be escalated (R26, D15): a field that somebody of the staff is a specialist of. Pure."""

from collections.abc import Collection, Mapping


def refusal(
    ref: str, state: str, field: str, fields: Collection[str], people: Mapping[str, int], *, is_open: bool
) -> tuple[str, str] | None:
    """Why the case cannot be escalated to `field`, as (name of what is wrong, sentence); None where it can.

    `fields` are the product's own, `people` says how many specialists each field has at this moment. An escalation that
    brings nobody in would be a false word in the case's history.
    """
    known = sorted({*fields, *people})
    if not field:
        return "field", f"To which field? This product has {_listed(known)}."
    if field not in known:
        return "field", f'There is no field "{field[:40]}" here; this product has {_listed(known)}.'
    if not is_open:
        return "state", f"{ref} is {state}; reopen it before you call specialists in."
    if not people.get(field):
        return (
            "field",
            f'Nobody is a specialist for "{field}"; make somebody one, or escalate to {_listed(_staffed(people))}.',
        )
    return None


def _staffed(people: Mapping[str, int]) -> list[str]:
    return sorted(field for field, count in people.items() if count)


def _listed(fields: Collection[str]) -> str:
    return ", ".join(fields) or "none"
