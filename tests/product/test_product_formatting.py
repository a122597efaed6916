"""Times and amounts in words, in three languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from roomdesk.product.formatting import format_due, format_measure, format_span, zone_name
from roomdesk.product.promises import Measure

SOFIA, SAO_PAULO = "Europe/Sofia", "America/Sao_Paulo"
NOW = datetime(2026, 11, 27, 14, 30, tzinfo=UTC)  # Friday, 16:30 in Sofia


def at(month: int, day: int, hour: int, minute: int = 0, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "zone", "locale", "words"),
    [
        (at(11, 30, 11), SOFIA, "en", "Monday 13:00"),
        (at(11, 30, 11), SOFIA, "bg", "понеделник 13:00"),
        (at(11, 30, 11), SAO_PAULO, "pt", "segunda-feira 08:00"),
        (at(11, 27, 15), SOFIA, "en", "Friday 17:00"),
        (at(12, 3, 7), SOFIA, "en", "Thursday 09:00"),
        (at(12, 4, 7), SOFIA, "en", "Friday 4 December, 09:00"),
        (at(12, 7, 11), SOFIA, "en", "Monday 7 December, 13:00"),
        (at(12, 7, 11), SOFIA, "bg", "понеделник, 7 декември, 13:00"),
        (at(12, 7, 11), SOFIA, "pt", "segunda-feira, 7 de dezembro, 13:00"),
        (at(1, 4, 11, year=2027), SOFIA, "en", "Monday 4 January 2027, 13:00"),
        (at(11, 26, 11), SOFIA, "en", "Thursday 26 November, 13:00"),
        (at(12, 3, 22, 30), SOFIA, "en", "Friday 4 December, 00:30"),
        (at(12, 7, 11), SOFIA, "de", "Monday 7 December, 13:00"),
    ],
)
def test_a_due_time_is_the_readers_wall_clock(moment: datetime, zone: str, locale: str, words: str) -> None:
    assert format_due(moment, zone, locale, now=NOW) == words


def test_without_now_all_is_named() -> None:
    assert format_due(at(11, 30, 11), SOFIA, "en") == "Monday 30 November 2026, 13:00"


def test_daylight_saving_moves_the_wall_clock() -> None:
    assert format_due(at(3, 27, 11), SOFIA, "en", now=at(3, 26, 11)) == "Friday 13:00"
    assert format_due(at(3, 30, 11), SOFIA, "en", now=at(3, 26, 11)) == "Monday 14:00"
    assert (zone_name(at(3, 27, 11), SOFIA), zone_name(at(3, 30, 11), SOFIA)) == ("EET", "EEST")


@pytest.mark.parametrize(
    ("kind", "amount", "soft", "words"),
    [
        ("business_hours", 4, False, ["4 business hours", "4 работни часа", "4 horas úteis"]),
        ("business_hours", 1, False, ["1 business hour", "1 работен час", "1 hora útil"]),
        ("business_hours", "1.5", False, ["1.5 business hours", "1,5 работни часа", "1,5 hora útil"]),
        ("business_days", 1, False, ["1 business day", "1 работен ден", "1 dia útil"]),
        ("business_days", 5, True, ["5+ business days", "5+ работни дни", "5+ dias úteis"]),
        ("elapsed", 1, False, ["1 hour, 24/7", "1 час, 24/7", "1 hora, 24/7"]),
        ("elapsed", "0.25", False, ["0.25 hours, 24/7", "0,25 часа, 24/7", "0,25 hora, 24/7"]),
        (
            "none",
            None,
            False,
            ["in the order of the support queue", "по реда на опашката", "na ordem da fila de suporte"],
        ),
    ],
)
def test_a_promise_in_words(kind: str, amount: object, soft: bool, words: list[str]) -> None:
    measure = Measure.model_validate({"kind": kind, "amount": amount, "soft": soft} if amount else {"kind": kind})
    assert [format_measure(measure, locale) for locale in ("en", "bg", "pt")] == words


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=42, seconds=59), "42 min"),
        (timedelta(hours=1, minutes=10), "1 h 10 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=2, hours=3, minutes=5), "2 d 3 h"),
        (timedelta(days=2, minutes=5), "2 d"),
        (timedelta(minutes=-18), "18 min"),
    ],
)
def test_a_span_in_its_two_largest_units(span: timedelta, words: str) -> None:
    assert format_span(span, "en") == words


def test_a_span_in_bulgarian() -> None:
    assert format_span(timedelta(days=1, hours=2), "bg") == "1 д 2 ч"
