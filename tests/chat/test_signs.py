"""How far people have read and who writes: told by the page, seen by the room's other readers, on no record (R10)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from roomdesk.audit.models import Entry
from roomdesk.cases import marks
from roomdesk.cases.models import Reading
from roomdesk.cases.room_reading import WRITES, readings_of
from roomdesk.directory.models import Person
from roomdesk.record.models import Message
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.chat.conftest import Browser
from tests.chat.test_acts import said
from tests.chat.test_saying import page
from tests.rooms.place import Place

pytestmark = pytest.mark.part_of("R10")


def tell(client: Client, place: Place, **words: str) -> int:
    return int(client.post(f"/chat/{place.slug}/signs", words).status_code)


def seen(shown: str) -> list[str]:
    return re.findall(r'<p class="seen quiet-text">([^<]+)</p>', shown)


def test_others_see_how_far_somebody_has_read_and_it_never_goes_back(place: Place, browser: Browser) -> None:
    first, second = said(place, "ivan", "First."), said(place, "ivan", "Second.")
    olga, ivan = browser("olga"), browser("ivan")
    for number in (first.pk, second.pk, first.pk):
        assert tell(olga, place, read=str(number)) == 204
    assert Reading.objects.get().message_id == second.pk
    shown = page(ivan, place)
    assert seen(shown) == ["Seen by Olga"] or seen(shown) == [
        f"Seen by {Person.objects.get(slug=place.id('olga')).name}"
    ]
    assert shown.index("Second.") < shown.index("Seen by")
    assert seen(page(olga, place)) == []


def test_what_is_new_begins_at_a_line_and_is_counted(place: Place, browser: Browser) -> None:
    first = said(place, "ivan", "First.")
    olga = browser("olga")
    assert "unread-line" not in page(olga, place)
    tell(olga, place, read=str(first.pk))
    said(place, "olga", "My own.")
    for number in range(3):
        said(place, "ivan", f"New {number}.")
    shown = page(olga, place)
    assert shown.count('class="unread-line"') == 1
    assert shown.index("My own.") < shown.index("unread-line") < shown.index("New 0.")
    newest = Message.objects.get(body="New 2.").pk
    assert f'name="read" value="{newest}"' in shown
    assert "3 new messages" in olga.get("/chat/?after=a").content.decode()
    assert "3 new messages" in olga.get(f"/portal/{place.slug}/").content.decode()
    # Without JavaScript the button beside the line says it.
    answer = olga.post(f"/chat/{place.slug}/signs", {"read": str(newest), "back": "yes"})
    assert answer["Location"] == f"/chat/{place.slug}#composer"
    assert "unread-line" not in page(olga, place)


def test_a_message_of_another_room_is_not_read_here(place: Place, browser: Browser) -> None:
    with nothing_changes():
        assert tell(browser("olga"), place, read="999999") == 404
    assert not Reading.objects.exists()


def test_who_writes_is_told_to_the_others_and_believed_for_a_moment(place: Place, browser: Browser) -> None:
    olga, ivan = browser("olga"), browser("ivan")
    name = Person.objects.get(slug=place.id("olga")).name
    with clock.frozen(clock.now()) as time:
        tell(olga, place, **{"is": "writing"})
        assert f"{name} is writing" in page(ivan, place) and "is writing" not in page(olga, place)
        time.tick(WRITES + timedelta(seconds=1))
        assert "is writing" not in page(ivan, place)
        tell(olga, place, **{"is": "writing"})
        tell(olga, place, **{"is": "idle"})
        assert "is writing" not in page(ivan, place)


def test_the_mark_of_the_room_follows_others_and_not_oneself(place: Place, browser: Browser) -> None:
    first = said(place, "ivan", "First.")
    olga, ivan = (Person.objects.get(slug=place.id(name)) for name in ("olga", "ivan"))

    def both() -> tuple[str, str]:
        readings = readings_of(place.workspace)
        return marks.of_room(place.workspace, olga, readings), marks.of_room(place.workspace, ivan, readings)

    before = both()
    tell(browser("olga"), place, read=str(first.pk), **{"is": "writing"})
    after = both()
    assert after[0] == before[0] and after[1] != before[1]


def test_signs_stand_in_no_record_and_no_audit(place: Place, browser: Browser) -> None:
    first = said(place, "ivan", "First.")
    before = Entry.objects.count(), Message.objects.count()
    tell(browser("olga"), place, read=str(first.pk), **{"is": "writing"})
    assert (Entry.objects.count(), Message.objects.count()) == before


def test_who_is_not_in_the_room_is_not_shown_as_having_read(place: Place, browser: Browser) -> None:
    """A lead of the staff reads every room, and is in none."""
    from roomdesk.directory import services
    from tests.rooms.place import ACTOR

    first = said(place, "ivan", "First.")
    services.do_put_staff(id=place.id("lea"), roles=["lead"], actor=ACTOR, now=clock.now())
    place.settle()
    assert tell(browser("lea"), place, read=str(first.pk)) == 204
    assert seen(page(browser("olga"), place)) == []


def test_search_finds_in_this_room_and_leads_to_the_place(place: Place, browser: Browser) -> None:
    from roomdesk.record import finding

    first = said(place, "olga", "The zephyr export stops.")
    while finding.file_waiting():
        pass
    found = browser("ivan").get(f"/chat/{place.slug}/search?q=zephyr").content.decode()
    assert f'href="/chat/{place.slug}?at={first.pk}#m-{first.pk}"' in found and "<mark>zephyr</mark>" in found
    assert "Nothing was found" in browser("olga").get(f"/chat/{place.slug}/search?q=quince").content.decode()
    assert browser("olga").get(f"/chat/{place.slug}/search?q=%22").status_code == 422
    assert browser("mira").get(f"/chat/{place.slug}/search?q=zephyr").status_code == 404
