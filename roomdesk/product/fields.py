"""The small types that product files are made of. Each refuses a bad value with a whole sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from roomdesk.product.problems import shown
from roomdesk.rules.own_words import MOST


class Part(BaseModel):
    """Base of everything in a product: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refuse(sentence: str, **values: object) -> PydanticCustomError:
    """An error whose text is shown to the writer of the file as it is; braces in `values` are safe."""
    return PydanticCustomError("product", "{sentence}", {"sentence": sentence.format(**values)})


def matching(pattern: str, sentence: str) -> AfterValidator:
    """A check that the whole text matches `pattern`; `sentence` may say {value}."""
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise refuse(sentence, value=value)
        return value

    return AfterValidator(check)


@cache
def _zones() -> frozenset[str]:
    # The standard library walks the whole time zone folder at each call.
    return frozenset(available_timezones())


def _zone(value: str) -> str:
    if value not in _zones():
        raise refuse('There is no time zone "{value}"; write a name such as Europe/Sofia.', value=value)
    return value


def decimal_text(places: int, *, zero: bool) -> Callable[[Any], str]:
    """A reader of exact amounts: an integer or a decimal in quotes, at most `places` places, never a float."""
    least = "not negative" if zero else "above zero"
    sentence = (
        "An amount is a whole number or a decimal in quotes with at most {places} places, {least}; this is {value}."
    )
    shape = re.compile(rf"\d{{1,6}}(\.\d{{1,{places}}})?")

    def read(value: Any) -> str:
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not shape.fullmatch(text) or (not zero and Decimal(text) == 0):
            raise refuse(sentence, places=places, least=least, value=shown(value))
        return format(Decimal(text).normalize(), "f")

    return read


def _says_something(weight: int) -> int:
    if weight == 0:
        raise refuse(
            "A weight of 0 says nothing; write 1 to 10 for what speaks for it, -10 to -1 for what speaks against it."
        )
    return weight


Text = Annotated[str, Strict(), StringConstraints(min_length=1)]
Flag = Annotated[bool, Strict()]
Whole = Annotated[int, Strict(), Field(ge=1)]
Count = Annotated[int, Strict(), Field(ge=0)]
Weight = Annotated[int, Strict(), Field(ge=-MOST, le=MOST), AfterValidator(_says_something)]
Slug = Annotated[Text, matching(r"[a-z][a-z0-9_-]{0,62}", '"{value}" is not a slug, such as on-call or critical.')]
AnswerSlug = Annotated[
    Text, matching(r"[a-z_]+(:[a-z_]+)?", '"{value}" does not name an answer, such as out_of_scope:training.')
]
Variable = Annotated[Text, matching(r"[a-z_]{1,40}", '"{value}" is not the name of a variable, such as invoice.')]
RefPrefix = Annotated[Text, matching(r"[A-Z]{2,5}", '"{value}" is not a prefix of two to five capital letters.')]
Locale = Annotated[Text, matching(r"[a-z]{2}", '"{value}" is not a locale of two small letters, such as en.')]
Colour = Annotated[Text, matching(r"#[0-9a-f]{6}", '"{value}" is not a colour, such as #1f6feb.')]
WebAddress = Annotated[Text, matching(r"https?://\S+", '"{value}" is not a web address; it must begin with https://.')]
PolicyNumber = Annotated[
    Text,
    matching(r"[A-Z0-9]{7,20}", '"{value}" is not the number of an escalation policy of PagerDuty, such as PABC123.'),
]
Email = Annotated[Text, matching(r"[^@\s]+@[^@\s]+\.[^@\s]+", '"{value}" is not a mail address.')]
LocalTime = Annotated[
    Text, matching(r"([01]\d|2[0-3]):[0-5]\d|24:00", '"{value}" is not a time of day, such as 09:00 or 24:00.')
]
Currency = Annotated[Text, matching(r"[A-Z]{3}", '"{value}" is not a currency, such as EUR.')]
Zone = Annotated[Text, AfterValidator(_zone)]
Amount = Annotated[str, BeforeValidator(decimal_text(2, zero=False))]
Money = Annotated[str, BeforeValidator(decimal_text(2, zero=True))]

Channel = Literal["matrix", "email", "form", "whatsapp", "phone"]
ClockName = Literal["first_response", "update", "resolution"]
Role = Literal["owner", "admin", "member"]
Item = Literal["workspace", "where", "tried", "expected", "happened", "screenshot", "urgency"]
