"""The response-time tables of the three products (R17, R20), row by row, on days on which counting goes wrong elsewhere.

Every instant below was worked out by hand from the documents' tables and the calendar on the wall.
"""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest

from tests.harness.live import Live, eventually

#: When a customer writes → first responses in hours, or in days, from then: the same minute of a later day.
#: Sofia is at UTC+2, from 29 March to 25 October 2026 at UTC+3. All write at 16:30 there: 1.5 of 9 hours are left that day.
SOFIA = {
    # Friday before the clocks go forward: 30 March is at UTC+3.
    "2026-03-27T14:30Z": {"1h": "03-27T15:30", "4bh": "03-30T08:30", "1bd": "03-30T13:30", "2bd": "03-31T13:30", "5bd": "04-03T13:30"},
    # Thursday before Easter: Good Friday and Easter Monday are free.
    "2026-04-09T13:30Z": {"1h": "04-09T14:30", "4bh": "04-14T08:30", "1bd": "04-14T13:30", "2bd": "04-15T13:30", "5bd": "04-20T13:30"},
    # 24 May is a Sunday, so Monday the 25th is free instead; Friday the 22nd is a day like others.
    "2026-05-22T13:30Z": {"1h": "05-22T14:30", "4bh": "05-26T08:30", "1bd": "05-26T13:30", "2bd": "05-27T13:30", "5bd": "06-01T13:30"},
    # Friday before the clocks go back: 26 October is at UTC+2.
    "2026-10-23T13:30Z": {"1h": "10-23T14:30", "4bh": "10-26T09:30", "1bd": "10-26T14:30", "2bd": "10-27T14:30", "5bd": "10-30T14:30"},
    # 24 and 25 December; the 26th is a Saturday, so Monday the 28th; 1 January.
    "2026-12-23T14:30Z": {"1h": "12-23T15:30", "4bh": "12-29T09:30", "1bd": "12-29T14:30", "2bd": "12-30T14:30", "5bd": "2027-01-05T14:30"},
}  # fmt: skip

#: S1: severity (or the kind `feature_request`) → Starter, Pro, Enterprise.
S1 = {
    "critical": ("1bd", "4bh", "1h"),
    "high": ("2bd", "1bd", "4bh"),
    "normal": ("5bd", "2bd", "1bd"),
    "feature": ("5bd", "5bd", "5bd"),
}
#: S2: normal and feature requests are the same for all tiers; High does not exist.
S2 = {
    "critical": ("1bd", "4bh", "1h"),
    "normal": ("1bd", "1bd", "1bd"),
    "feature": ("5bd", "5bd", "5bd"),
}
TIERS = ("starter", "pro", "enterprise")

#: S3 Enterprise, in São Paulo (UTC-3): Wednesday 23 December 16:30; the 25th and 1 January are free there, the 24th is not.
S3_AT = "2026-12-23T19:30Z"
S3 = {
    "critical": {"first_response": "12-23T20:30", "resolution": "12-24T03:30"},
    "high": {"first_response": "12-24T14:30", "resolution": "12-28T19:30"},
    "normal": {"first_response": "12-24T18:30", "resolution": "12-31T19:30"},
    "feature": {"first_response": "12-31T19:30"},
}


def instant(text: str, year: str = "2026") -> datetime:
    full = text if text.count("-") == 2 else f"{year}-{text}"
    return datetime.fromisoformat(full.replace("Z", "") + "+00:00")


def simulated(live: Live, product: str, tier: str, severity: str, at: str) -> dict[str, dict[str, Any]]:
    kind = "feature_request" if severity == "feature" else "other"
    asked = {"product": product, "tier": tier, "severity": severity, "kind": kind, "at": at}
    answer = live.rest("GET", "sla/simulate", params=asked)
    assert answer.status_code == 200, answer.text
    return {clock["clock"]: clock for clock in answer.json()["clocks"]}


def due(clock: dict[str, Any]) -> datetime | None:
    return datetime.fromisoformat(clock["due_at"]) if clock["due_at"] else None


@pytest.mark.requirement("R17")
@pytest.mark.parametrize(("product", "table"), [("plana-business-cloud", S1), ("bos", S2)])
@pytest.mark.parametrize("at", SOFIA)
def test_first_responses_of_the_whole_table(live: Live, product: str, table: dict[str, Any], at: str) -> None:
    told = {}
    wanted = {}
    for severity, tier in itertools.product(table, TIERS):
        told[severity, tier] = due(simulated(live, product, tier, severity, at)["first_response"])
        wanted[severity, tier] = instant(SOFIA[at][table[severity][TIERS.index(tier)]])
    assert told == wanted


@pytest.mark.requirement("R17")
def test_five_days_and_more_are_an_aim(live: Live) -> None:
    for tier in TIERS:
        clock = simulated(live, "plana-business-cloud", tier, "feature", "2026-03-27T14:30Z")["first_response"]
        assert clock["target"]["soft"] is (tier == "starter")


@pytest.mark.requirement("R17")
def test_a_severity_that_the_product_lacks_is_refused_with_those_it_has(live: Live) -> None:
    asked = {"product": "bos", "tier": "pro", "severity": "high", "at": "2026-03-27T14:30Z"}
    answer = live.rest("GET", "sla/simulate", params=asked)
    assert answer.status_code == 422
    assert all(word in answer.json()["detail"] for word in ("high", "critical", "normal", "feature"))


@pytest.mark.requirement("R17", "R20")
def test_the_third_products_plans(live: Live) -> None:
    for severity, promised in S3.items():
        clocks = simulated(live, "power-omni", "enterprise", severity, S3_AT)
        for clock, wanted in promised.items():
            assert due(clocks[clock]) == instant(wanted), (severity, clock)
        assert due(simulated(live, "power-omni", "basic", severity, S3_AT)["first_response"]) is None


@pytest.mark.requirement("R17")
@pytest.mark.parametrize(
    ("product", "tiers"),
    [("plana-business-cloud", TIERS), ("bos", TIERS), ("power-omni", ("basic", "enterprise"))],
)
def test_cases_get_what_the_table_says(live: Live, product: str, tiers: tuple[str, ...]) -> None:
    severities = [s for s in ("critical", "high", "normal") if (product, s) != ("bos", "high")]
    for tier in tiers:
        slug = f"row-{product[:3]}-{tier}"
        live.run("workspace", "put", slug, "--product", product, "--tier", tier, "--owner", f"olga-{slug}")
        for severity in severities:
            case = opened(live, slug, severity)
            clocks = {clock["kind"]: clock for clock in case["clocks"]}
            first = clocks["first_response"]
            imagined = simulated(live, product, tier, severity, first["started_at"])["first_response"]
            assert (first["due_at"], first["target"]["kind"]) == (imagined["due_at"], imagined["target"]["kind"])


def opened(live: Live, slug: str, severity: str) -> dict[str, Any]:
    body = {"workspace": slug, "author": f"olga-{slug}", "text": "The report is empty.", "severity": severity}

    def answer() -> dict[str, Any] | None:
        # Where there is a room its owner has to be in it first.
        done = live.rest("POST", "cases", json=body)
        return done.json() if done.status_code == 201 else None

    ref = eventually(answer, f"a case of {slug}", seconds=60)["ref"]
    found: dict[str, Any] = live.rest("GET", f"cases/{ref}").json()
    return found
