"""Whether the parts of a product agree: every name that is used exists, every table is without holes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from roomdesk.product.fields import ClockName
from roomdesk.product.problems import Problem, listed, nearest
from roomdesk.product.schema import Product
from roomdesk.product.text_checks import check_texts
from roomdesk.product.word_checks import check_own_words
from roomdesk.rules.macro import KNOWN

# What the code of the desk itself speaks of; a product may add kinds and answers to these.
KINDS = [
    "incident",
    "alert",
    "question",
    "subscription",
    "feature_request",
    "backup_restore",
    "security",
    "module",
    "billing_document",
    "legal",
    "other",
]
ANSWERS = [
    "billing_document",
    "legal",
    "security",
    *(f"out_of_scope:{reason}" for reason in ("accounting", "custom_development", "training", "third_party")),
]
CONSENTS = [
    "data_change",
    "restore_over_current",
    "security_disable",
    "two_factor_reset",
    "policy_change",
    "integration",
]
# What triage may find; the case takes the product's next lower one where it lacks it (D3).
FOUND_SEVERITIES = ["critical", "high", "normal", "feature"]
STATES = ["trial", "active", "suspended", "cancelled"]


NOUNS = {"kinds": "kind", "severities": "severity", "answers": "answer", "items": "item"}


def check_product(product: Product) -> list[Problem]:
    """Everything that does not fit together, file by file."""
    checks = (
        _identity,
        _channels,
        _oncall,
        _severities,
        _targets,
        _holes,
        _cover,
        _consent,
        _requests,
        _triage,
        check_texts,
    )
    return [problem for check in checks for problem in check(product)]


def _unknown(file: str, key: str, noun: str, name: str | None, known: Collection[str]) -> Iterator[Problem]:
    """A problem if `name` is given and no `noun` is called so."""
    if name is not None and name not in known:
        others = f", only {listed(known)}" if known else ""
        yield Problem(file, key, f'There is no {noun} "{name}"{others}.{nearest(name, known)}')


def _twice(file: str, key: str, names: Iterable[str]) -> Iterator[Problem]:
    for name, times in Counter(names).items():
        if times > 1:
            yield Problem(file, key, f'"{name}" stands here {times} times; it may stand once.')


def _absent(file: str, key: str, names: Iterable[str], wanted: Iterable[str]) -> Iterator[Problem]:
    missing = [name for name in wanted if name not in set(names)]
    if missing:
        yield Problem(file, key, f"Every product needs {listed(missing)} here.")


def _identity(product: Product) -> Iterator[Problem]:
    file = "product.toml"
    yield from _unknown(file, "default_locale", "locale", product.default_locale, product.locales)
    yield from _twice(file, "locales", product.locales)
    yield from _twice(file, "tiers", (row.slug for row in product.tier_rows))
    yield from _twice(file, "addons", (row.slug for row in product.addon_rows))
    yield from _twice(file, "apps", (row.slug for row in product.apps))
    yield from _twice(file, "backup", (row.slug for row in product.backup))
    yield from _twice(file, "states", (row.slug for row in product.state_rows))
    yield from _absent(file, "states", product.states, STATES)
    for n, addon in enumerate(product.addon_rows, 1):
        for tier in addon.tiers:
            yield from _unknown(file, f"addons[{n}].tiers", "tier", tier, product.tiers)
    yield from _prices(product)


def _prices(product: Product) -> Iterator[Problem]:
    file, items = "product.toml", [price.item for price in product.plans.prices]
    for n, item in enumerate(items, 1):
        yield from _unknown(file, f"plans.prices[{n}].item", "tier or add-on", item, [*product.tiers, *product.addons])
    yield from _twice(file, "plans.prices", items)
    for name in (*product.tiers, *product.addons):
        if name not in items:
            yield Problem(file, "plans.prices", f'"{name}" has no price; write 0 if it is free.')


def _channels(product: Product) -> Iterator[Problem]:
    file = "product.toml"
    if product.room and product.chat_url is None:
        yield Problem(file, "chat_url", "A product with rooms needs the address of the chat.")
    for n, tier in enumerate(product.tier_rows, 1):
        if product.room != ("matrix" in tier.channels):
            reason = "has rooms, so every tier has" if product.room else "has no rooms, so no tier has"
            yield Problem(file, f"tiers[{n}].channels", f'The product {reason} the channel "matrix".')
    yield from _backup(product)


def _backup(product: Product) -> Iterator[Problem]:
    for n, row in enumerate(product.backup, 1):
        key = f"backup[{n}].tiers"
        for name in row.tiers or product.tiers:
            yield from _unknown("product.toml", key, "tier", name, product.tiers)
            tier = product.tiers.get(name)
            if tier and row.channel not in tier.channels:
                yield Problem("product.toml", key, f'The tier "{name}" does not have the channel "{row.channel}".')


def _oncall(product: Product) -> Iterator[Problem]:
    if product.oncall.source == "pagerduty" and product.oncall.escalation_policy is None:
        reason = 'The rota is PagerDuty\'s (source = "pagerduty"), so the number of its escalation policy is needed.'
        yield Problem("policy.toml", "oncall.escalation_policy", reason)


def _severities(product: Product) -> Iterator[Problem]:
    file, slugs = "policy.toml", product.severity_slugs
    yield from _twice(file, "severities", slugs)
    yield from _unknown(file, "default_severity", "severity", product.default_severity, slugs)
    for n, severity in enumerate(product.severities, 1):
        yield from _unknown(file, f"severities[{n}].kind", "kind", severity.kind, product.kinds)
        if severity.kind and severity.slug == product.default_severity:
            yield Problem(file, "default_severity", f'"{severity.slug}" is tied to a kind and cannot be the default.')


def _targets(product: Product) -> Iterator[Problem]:
    file = "policy.toml"
    for n, row in enumerate(product.targets, 1):
        key = f"targets[{n}]"
        yield from _unknown(file, f"{key}.tier", "tier", row.tier, product.tiers)
        yield from _unknown(file, f"{key}.severity", "severity", row.severity, product.severity_slugs)
        yield from _unknown(file, f"{key}.kind", "kind", row.kind, product.kinds)
        yield from _unknown(file, f"{key}.addon", "add-on", row.addon, product.addons)
        yield from _unknown(file, f"{key}.calendar", "calendar", row.calendar, product.calendars)
        if row.severity and row.kind:
            yield Problem(file, key, "A target is for a severity or for a kind, not for both.")
    yield from _twice(file, "targets", (row.label for row in product.targets))


def _holes(product: Product) -> Iterator[Problem]:
    """First responses are promised, or put in a queue, for every tier and severity."""
    for tier in product.tiers:
        for severity in product.severity_slugs:
            if not _has_target(product, "first_response", tier, severity):
                reason = f'There is no first_response for the severity "{severity}" in the tier "{tier}".'
                yield Problem("policy.toml", "targets", reason)


def _has_target(product: Product, clock: ClockName, tier: str, severity: str) -> bool:
    return any(
        row.clock == clock
        and row.tier in (None, tier)
        and row.severity in (None, severity)
        and row.kind is None
        and row.addon is None
        for row in product.target_rows()
    )


def _cover(product: Product) -> Iterator[Problem]:
    file = "policy.toml"
    for n, row in enumerate(product.cover, 1):
        for tier in row.tiers:
            yield from _unknown(file, f"cover[{n}].tiers", "tier", tier, product.tiers)
        for severity in row.severities:
            yield from _unknown(file, f"cover[{n}].severities", "severity", severity, product.severity_slugs)
        yield from _unknown(file, f"cover[{n}].addon", "add-on", row.addon, product.addons)
    last = product.cover[-1]
    if last.tiers or last.addon or last.severities or last.hours != "any":
        reason = "The last row must fit every case, so that none is without one."
        yield Problem(file, f"cover[{len(product.cover)}]", reason)
    yield from _unknown(file, "oncall.office_calendar", "calendar", product.oncall.office_calendar, product.calendars)


def _consent(product: Product) -> Iterator[Problem]:
    file = "policy.toml"
    yield from _twice(file, "consent", (kind.slug for kind in product.consent_rows))
    yield from _absent(file, "consent", product.consents, CONSENTS)
    yield from _unknown(file, "restore.copy_needs", "consent", product.restore.copy_needs, product.consents)
    yield from _unknown(file, "restore.current_needs", "consent", product.restore.current_needs, product.consents)
    for n, kind in enumerate(product.consent_rows, 1):
        if "member" in kind.who_may:
            yield Problem(file, f"consent[{n}].who_may", "A member has no authority to consent; name owner or admin.")


def _requests(product: Product) -> Iterator[Problem]:
    file = "requests.toml"
    yield from _twice(file, "kinds", (kind.slug for kind in product.kind_rows))
    yield from _twice(file, "answers", (answer.slug for answer in product.answer_rows))
    yield from _absent(file, "kinds", product.kinds, KINDS)
    yield from _absent(file, "answers", product.answers, ANSWERS)
    for n, answer in enumerate(product.answer_rows, 1):
        yield from _unknown(file, f"answers[{n}].kind", "kind", answer.kind, product.kinds)
    yield from _twice(file, "macros", (macro.slug for macro in product.macro_rows))
    for n, macro in enumerate(product.macro_rows, 1):
        yield from _twice(file, f"macros[{n}].asks", macro.asks)
        for name in sorted(KNOWN & set(macro.asks)):
            yield Problem(file, f"macros[{n}].asks", f'"{name}" is filled in by the desk; nobody is asked for it.')
    checklist = product.checklist
    yield from _twice(file, "checklist.items", checklist.items)
    for item in checklist.optional:
        yield from _unknown(file, "checklist.optional", "item", item, checklist.items)
    yield from _absent(file, "grouping.small_talk", product.grouping.small_talk, product.locales)


def _triage(product: Product) -> Iterator[Problem]:
    known = {
        "kinds": product.kinds,
        "severities": list(dict.fromkeys([*FOUND_SEVERITIES, *product.severity_slugs])),
        "answers": product.answers,
        "items": product.checklist.items,
    }
    for group, names in known.items():
        for name, phrases in getattr(product.triage, group).items():
            yield from _unknown("triage.toml", f"{group}.{name}", NOUNS[group], name, names)
            for locale in phrases:
                yield from _unknown("triage.toml", f"{group}.{name}.{locale}", "locale", locale, product.locales)
    yield from check_own_words(product.triage)
