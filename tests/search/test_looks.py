"""However a search goes about it, it finds the same: some hundred made-up messages, looked at one by one, by spans, and by words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomdesk.cases.models import Case
from roomdesk.demo import babble
from roomdesk.directory.models import Workspace
from roomdesk.record import searching
from roomdesk.record.models import Findable, Message
from roomdesk.record.searching import Hit, Wanted
from tests.cases_api.place import command
from tests.harness.database import Databases
from tests.search.talk import filed

PARTS = (
    "'k:customer'",
    "'k:staff'",
    "('error' | '~error')",
    "('the' | '~the')",
    "'h:file'",
    "'inv':*",
    "'^inv'",
    "'nothing'",
    "('of' <-> 'the')",
)
MANY = 600


@pytest.fixture(scope="module")
def made_up(databases: Databases) -> Iterator[list[Findable]]:
    """All of it, the newest first. Some was imported: said long before others that were recorded before it."""
    with databases.copy(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(babble, "_TEXTS", 200)
        done = command("bench", "seed", "--messages", str(MANY), "--workspaces", "3")
        assert done.exit_code == 0, done.stderr
        rows = list(Findable.objects.order_by("id"))
        for late, early in zip(rows[-20:], rows[100:], strict=False):
            Message.objects.filter(pk=late.pk).update(at=early.at, edited_body="The error of then, inventory of them.")
        filed()
        yield list(Findable.objects.order_by("-at", "-id"))


def holding(part: str) -> set[int]:
    return set(Findable.objects.extra(where=["words @@ %s::tsquery"], params=[part]).values_list("pk", flat=True))


@settings(max_examples=60)
@given(
    parts=st.lists(st.sampled_from(PARTS), min_size=1, max_size=2),
    near=st.integers(1, 80),
    far=st.integers(0, 200),
    limit=st.integers(1, MANY),
    shown=st.integers(1, 30),
    places=st.lists(st.integers(0, MANY - 1), min_size=3, max_size=3),
    within=st.booleans(),
)
def test_every_way_finds_the_newest_hits_and_counts_them(
    made_up: list[Findable],
    parts: list[str],
    near: int,
    far: int,
    limit: int,
    shown: int,
    places: list[int],
    within: bool,
) -> None:
    before, until, since = (made_up[place] for place in sorted(places))
    only = Workspace.objects.get(slug="bench-00002").pk if within else None
    asked = [*parts, f"'w:{only}'"] if within else parts
    wanted = Wanted(asked, since.at, until.at if places[0] % 2 else None, only, None, frozenset({""}))
    key = (before.at, before.pk) if places[1] % 2 else None
    held = set.intersection(*map(holding, asked))
    hits = [Hit(row.at, row.pk, row.recorded_at) for row in made_up if row.pk in held and row.at >= since.at]
    hits = [hit for hit in hits if wanted.until is None or hit.at < wanted.until]
    hits = [hit for hit in hits if key is None or (hit.at, hit.id) < key]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "NEAR", near)
        patch.setattr(searching, "FAR", far)
        found = searching.newest(wanted, limit, key, shown=shown)
    assert (found.items, found.count) == (hits[: min(limit, shown)], min(limit, len(hits)))


def test_what_is_restricted_is_left_out_by_every_way(made_up: list[Findable], monkeypatch: pytest.MonkeyPatch) -> None:
    cases = {row.case_id for row in made_up if row.case_id}
    secret = Case.objects.filter(pk__in=sorted(cases)[:3])
    secret.update(is_restricted=True)
    secrets = set(secret.values_list("pk", flat=True))
    expected = [row.pk for row in made_up if row.case_id not in secrets and row.pk in holding(PARTS[0])]
    product = secret[0].product
    for near, far in ((MANY, 0), (7, 300), (7, 0)):
        monkeypatch.setattr(searching, "NEAR", near)
        monkeypatch.setattr(searching, "FAR", far)
        assert [hit.id for hit in searching.newest(Wanted(PARTS[:1]), MANY).items] == expected
        assert searching.newest(Wanted(PARTS[:1], security=frozenset({product})), MANY).count == len(holding(PARTS[0]))
    secret.update(is_restricted=False)
