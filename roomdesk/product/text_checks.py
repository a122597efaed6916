"""Whether every text is there in every locale and names only what the desk can fill in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from roomdesk.product.problems import Problem, listed, nearest
from roomdesk.product.schema import Product
from roomdesk.product.texts import PLACEHOLDER, Spec, specs


def check_texts(product: Product) -> Iterator[Problem]:
    """Missing and unknown keys, and placeholders, of all locales."""
    wanted = specs(product)
    for locale, texts in product.texts.items():
        file = f"texts.{locale}.toml"
        for key in sorted(wanted.keys() - texts.keys()):
            yield Problem(file, key, "This text is missing.")
        for key, text in texts.items():
            yield from _text(file, key, text, wanted)
    yield from _phrases(product)


def _text(file: str, key: str, text: str, wanted: dict[str, Spec]) -> Iterator[Problem]:
    if key not in wanted:
        yield Problem(file, key, f"This text is unknown.{nearest(key, wanted)}")
        return
    for reason in placeholder_faults(text, wanted[key]):
        yield Problem(file, key, reason)


def placeholder_faults(text: str, spec: Spec) -> Iterator[str]:
    """What is wrong with the placeholders of `text`, in sentences."""
    named = set(PLACEHOLDER.findall(text))
    for name in sorted(named - spec.allowed):
        can = f"it may name {_braced(spec.allowed)}" if spec.allowed else "it may name none"
        yield f"This text names {{{name}}}, which nobody fills in; {can}."
    for name in sorted(spec.required - named):
        yield f"This text must name {{{name}}}."
    if set("{}") & set(PLACEHOLDER.sub("", text)):
        yield "This text has a brace that belongs to no placeholder; write placeholders as {name}."


def _braced(names: Iterable[str]) -> str:
    return listed(f"{{{name}}}" for name in sorted(names))


def _phrases(product: Product) -> Iterator[Problem]:
    """A consent phrase is typed as one line; an own one must name what it is for, or it would fit every request."""
    for locale, texts in product.texts.items():
        for kind in product.consent_rows:
            key = f"consent.{kind.slug}.phrase"
            phrase = texts.get(key, "")
            if phrase and ("\n" in phrase or not PLACEHOLDER.search(phrase)):
                reason = "A phrase is one line and names {ref}, {feature} or {person}."
                yield Problem(f"texts.{locale}.toml", key, reason)
