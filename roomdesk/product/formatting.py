"""Times and amounts of time in words, for a reader in a zone and a language. Pure: `now` is passed in.

English, Bulgarian and Portuguese; any other locale reads English. Numbers and weekdays follow the language,
clock times are 24-hour everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from roomdesk.product.promises import Measure, MeasureKind

# Beyond this many days a weekday alone could be taken for another week's.
NEAR = timedelta(days=6)


@dataclass(frozen=True)
class Language:
    """What a language brings to a time: names from Monday and from January, patterns, and counted units."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    date: str
    units: dict[MeasureKind, tuple[str, str]]
    singular_below: int
    round_the_clock: str
    queue: str
    decimal: str
    day: str
    hour: str
    minute: str


ENGLISH = Language(
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    date="{weekday} {day} {month}",
    units={
        "business_hours": ("business hour", "business hours"),
        "business_days": ("business day", "business days"),
        "elapsed": ("hour", "hours"),
    },
    singular_below=0,
    round_the_clock="24/7",
    queue="in the order of the support queue",
    decimal=".",
    day="d",
    hour="h",
    minute="min",
)
BULGARIAN = Language(
    weekdays=("понеделник", "вторник", "сряда", "четвъртък", "петък", "събота", "неделя"),
    months=(
        *("януари", "февруари", "март", "април", "май", "юни"),
        *("юли", "август", "септември", "октомври", "ноември", "декември"),
    ),
    date="{weekday}, {day} {month}",
    units={
        "business_hours": ("работен час", "работни часа"),
        "business_days": ("работен ден", "работни дни"),
        "elapsed": ("час", "часа"),
    },
    singular_below=0,
    round_the_clock="24/7",
    queue="по реда на опашката",
    decimal=",",
    day="д",
    hour="ч",
    minute="мин",
)
PORTUGUESE = Language(
    weekdays=("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo"),
    months=(
        *("janeiro", "fevereiro", "março", "abril", "maio", "junho"),
        *("julho", "agosto", "setembro", "outubro", "novembro", "dezembro"),
    ),
    date="{weekday}, {day} de {month}",
    units={
        "business_hours": ("hora útil", "horas úteis"),
        "business_days": ("dia útil", "dias úteis"),
        "elapsed": ("hora", "horas"),
    },
    singular_below=2,
    round_the_clock="24/7",
    queue="na ordem da fila de suporte",
    decimal=",",
    day="d",
    hour="h",
    minute="min",
)
LANGUAGES = {"en": ENGLISH, "bg": BULGARIAN, "pt": PORTUGUESE}


def language(locale: str | None) -> Language:
    return LANGUAGES.get(locale or "", ENGLISH)


def format_due(at: datetime, zone: str, locale: str | None, *, now: datetime | None = None) -> str:
    """`at` (aware) as the reader's wall clock: "Monday 13:00", with the date when it is past or more than six days off.

    The year is named when it is not this one. Without `now` all is named.
    """
    local = at.astimezone(ZoneInfo(zone))
    words, time = language(locale), f"{local:%H:%M}"
    weekday = words.weekdays[local.weekday()]
    today = None if now is None else now.astimezone(ZoneInfo(zone)).date()
    if today is not None and timedelta(0) <= local.date() - today <= NEAR:
        return f"{weekday} {time}"
    day = words.date.format(weekday=weekday, day=local.day, month=words.months[local.month - 1])
    year = "" if today is not None and today.year == local.year else f" {local.year}"
    return f"{day}{year}, {time}"


def zone_name(at: datetime, zone: str) -> str:
    """The zone's short name at that instant, such as EET or EEST, for the hover text."""
    return f"{at.astimezone(ZoneInfo(zone)):%Z}"


def format_measure(measure: Measure, locale: str | None) -> str:
    """A promise in words: "4 business hours", "5+ business days" if it is an aim, "1 hour, 24/7", or the queue."""
    words, amount = language(locale), measure.quantity
    if amount is None:
        return words.queue
    one, many = words.units[measure.kind]
    unit = one if amount == 1 or amount < words.singular_below else many
    said = f"{_number(amount, words)}{'+' if measure.soft else ''} {unit}"
    return f"{said}, {words.round_the_clock}" if measure.kind == "elapsed" else said


def format_span(span: timedelta, locale: str | None) -> str:
    """A length of time in its two largest units, minutes rounded down: "2 d 3 h", "1 h 10 min", "0 min"."""
    words, minutes = language(locale), abs(span) // timedelta(minutes=1)
    days, rest = divmod(minutes, 24 * 60)
    hours, left = divmod(rest, 60)
    parts = [(days, words.day), (hours, words.hour), (left, words.minute)]
    if days:
        parts.pop()
    said = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(said) or f"0 {words.minute}"


def _number(amount: Fraction, words: Language) -> str:
    """An exact amount of at most two decimal places, with the language's decimal sign."""
    whole, part = divmod(amount * 100, 100)
    decimals = f"{int(part):02d}".rstrip("0")
    return f"{int(whole)}{words.decimal}{decimals}" if decimals else str(int(whole))
