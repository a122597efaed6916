"""The page Rota: a form of layers that stores nothing before Save, and the same rota as text (R40)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from roomdesk.audit.models import Entry
from roomdesk.directory import services
from roomdesk.oncall import rotas
from roomdesk.oncall.models import Rota, Swap
from roomdesk.runtime import clock
from tests.cases_api.place import nothing_changes
from tests.console.conftest import ACTOR
from tests.console.test_oncall import ROTA, text, write

Browser = Callable[[str | None], Client]
WHERE = "/console/oncall/bos/rota"
#: A Wednesday in working hours.
NOW = datetime(2027, 3, 3, 10, 0, tzinfo=UTC)


def typed(**other: object) -> dict[str, object]:
    """A form as a browser sends it: one layer of two, a week each, outside office hours."""
    return {
        "version": "0", "layers": "1", "leaves": "0", "needed-way": "", "needed-calendar": "sofia", "layer-0-name": "nights", "layer-0-level": "1",
        "layer-0-people": ["lea", "ivan"], "layer-0-zone": "Europe/Sofia", "layer-0-starts": "2027-03-01", "layer-0-hand_over": "09:00",
        "layer-0-many": "1", "layer-0-unit": "week", "layer-0-hours-way": "", "layer-0-hours-calendar": "sofia", **other,
    }  # fmt: skip


def fields(page: str) -> dict[str, object]:
    """What the form on a page would send: a browser for those who have none."""
    form = page.split('id="rota">')[1].split("</form>")[0]
    found: dict[str, object] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        named = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if named["name"] != "csrfmiddlewaretoken":
            found[named["name"]] = html.unescape(named.get("value", ""))
    for name, options in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        first = re.search(r'value="([^"]*)"', options)
        value = (chosen or first)[1]  # type: ignore[index]
        if name.endswith("-people"):
            found[name] = [*found.get(name, []), value]  # type: ignore[misc]
        else:
            found[name] = value
    return found


@pytest.fixture
def lea(browser: Browser) -> Client:
    return browser("lea")


def test_a_rota_is_made_with_buttons_alone_and_stored_by_save(lea: Client) -> None:
    with clock.frozen(NOW):
        _made_with_buttons(lea)


def _made_with_buttons(lea: Client) -> None:
    page = text(lea.get(WHERE))
    with nothing_changes():
        for act in ("add:0", "add-layer", "add:1", "add-leave"):
            page = text(lea.post(WHERE, {**fields(page), "do": act}))
        assert page.count('name="layer-0-people"') == 2 and page.count('name="layer-1-people"') == 2
        page = text(lea.post(WHERE, {**fields(page), "do": "drop-leave:0"}))
        page = text(lea.post(WHERE, {**fields(page), "do": "drop-layer:1"}))
        form = fields(page) | {"layer-0-name": "days", "layer-0-people": ["ivan", "lea"]}
        page = text(lea.post(WHERE, {**form, "do": "up:0:1"}))
        assert fields(page)["layer-0-people"] == ["lea", "ivan"]
        preview = lea.post(WHERE, {**fields(page), "do": "preview"})
    assert preview.status_code == 200 and "What this would mean" in text(preview) and "Lea until" in text(preview)
    assert lea.post(WHERE, {**fields(text(preview)), "do": "save"}).status_code == 302
    (layer,) = Rota.objects.get(product="bos").written["layers"]
    assert layer["people"] == ["lea", "ivan"] and layer["name"] == "days" and layer["every"] == "1 week"
    assert Entry.objects.filter(action="rota.put", subject="rota:bos").count() == 1


def test_what_is_stored_stands_in_the_form_and_is_saved_as_it_was(lea: Client) -> None:
    """Both ways say the same; a leave keeps its instant, also one that the wall shows twice."""
    leave = '[[leave]]\nperson = "ivan"\nstart = 2027-10-31T01:30:00Z\nend = 2027-11-03T08:00:30Z\n'
    rich = f'needed = {{outside = "sofia"}}\n{ROTA}every = "2 weeks"\nhours = {{outside = "sofia"}}\nlevel = 1\n{leave}'
    assert lea.post(WHERE, {"do": "save-text", "written": rich, "version": "0"}).status_code == 302
    before = Rota.objects.get(product="bos").written
    assert lea.post(WHERE, {**fields(text(lea.get(WHERE))), "do": "save"}).status_code == 302
    after = Rota.objects.get(product="bos")
    assert after.written == before and after.version == 1, "nothing was changed, so nothing is noted"


def test_text_is_taken_into_the_form(lea: Client) -> None:
    with nothing_changes():
        page = text(lea.post(WHERE, {"do": "read-text", "written": ROTA, "version": "0"}))
    assert fields(page)["layer-0-people"] == ["lea", "ivan"] and fields(page)["layer-0-starts"] == "2020-01-06"
    assert "What this would mean" in page


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"layer-0-name": ""}, "layer-0-name", "Layer 1, “Name”: is empty"),
        ({"layer-0-name": "Night shift"}, "layer-0-name", "Layer 1, “Name”: must be a short name"),
        ({"layer-0-level": "x"}, "layer-0-level", "Layer 1, “Level”: must be a number from 1"),
        ({"layer-0-zone": "Mars"}, "layer-0-zone", "Layer 1, “Time zone”: &#x27;Mars&#x27; is no IANA time zone"),
        ({"layer-0-starts": "2027-02-30"}, "layer-0-starts", "Layer 1, “The first turn begins on”: is no existing date"),
        ({"layer-0-hand_over": "25:00"}, "layer-0-hand_over", "Layer 1, “Hand-over at”: must be a time of the day"),
        ({"layer-0-many": "2", "layer-0-unit": "hour"}, "layer-0-many", "Layer 1, “A turn takes”: must be a time between"),
        ({"layer-0-people": ["lea", "lea"]}, "layer-0-people-1", "Layer 1, “People, in the order of their turns”: names lea twice"),
        ({"layer-0-people": [""]}, "layer-0-people-0", "Layer 1, “People, in the order of their turns”: must be a list of 1 to 50"),
        ({"layer-0-people": ["lea", "olga"]}, "layer-0-people-1", "nobody of this product&#x27;s staff"),
        ({"layer-0-hours-way": "within", "layer-0-hours-calendar": "x"}, "layer-0-hours-way", "Layer 1, “This layer is on call”:"),
        ({"needed-way": "within", "needed-calendar": "x"}, "needed-way", "“Somebody must be on call”"),
        ({"leaves": "1", "leave-0-person": "lea", "leave-0-start": "2027-05-02T10:00", "leave-0-end": "2027-05-01T10:00"}, "leave-0-end", "Leave 1, “Until”: must be after its start"),
        ({"leaves": "1", "leave-0-person": "lea", "leave-0-start": "soon", "leave-0-end": "2027-05-01T10:00"}, "leave-0-start", "Leave 1, “From”: must be a time"),
        ({"layers": "0"}, "", "The rota must name at least one layer."),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field_and_keeps_what_was_typed(
    lea: Client, wrong: dict[str, object], field: str, words: str
) -> None:
    for act in ("preview", "save"):
        with nothing_changes():
            answer = lea.post(WHERE, {**typed(**wrong), "do": act})
        page = text(answer)
        assert answer.status_code == 422 and words in page, page.split("<main")[1][:1500]
        if field:
            tag = page.split(f'id="{field}"')[1].split(">")[0]
            assert 'aria-invalid="true"' in tag and 'aria-describedby="problem"' in tag and "autofocus" in tag
        for name, value in wrong.items():
            if isinstance(value, str) and name != "layers" and not name.endswith(("-calendar", "leaves")):
                assert f'value="{value}"' in page


def test_text_that_is_refused_is_kept(lea: Client) -> None:
    for written, words in (("layers = 3", "layers must be a list"), ("layers = ", "cannot be read as TOML")):
        for act in ("read-text", "save-text"):
            with nothing_changes():
                answer = lea.post(WHERE, {"do": act, "written": written, "version": "0"})
            assert answer.status_code == 422 and words in text(answer) and f"\n{written}</textarea>" in text(answer)


def test_of_two_who_change_it_at_once_the_second_is_told(lea: Client, browser: Browser) -> None:
    write(lea)
    services.do_put_staff(id="ivan", roles=["engineer", "lead"], product="bos", actor=ACTOR, now=clock.now())
    ivan = browser("ivan")
    mine, theirs = fields(text(lea.get(WHERE))), fields(text(ivan.get(WHERE)))
    assert ivan.post(WHERE, {**theirs, "layer-0-hand_over": "10:00", "do": "save"}).status_code == 302
    with nothing_changes():
        answer = lea.post(WHERE, {**mine, "layer-0-hand_over": "11:00", "do": "save"})
    assert answer.status_code == 409 and "Somebody else has changed the rota" in text(answer)
    assert 'value="11:00"' in text(answer), "what was typed is kept"
    assert Rota.objects.get(product="bos").written["layers"][0]["hand_over"] == "10:00"


def test_the_preview_names_gaps_and_who_is_on_call_twice_and_keeps_swaps(lea: Client) -> None:
    with clock.frozen(NOW):
        write(lea)
        wish = rotas.Wish(None, "ivan", "Holiday", instead_of="lea")
        rotas.do_swap(_lead(lea), "bos", wish, actor=ACTOR, now=NOW)
        assert Swap.objects.count() == 1
        only_nights = {"layer-0-hours-way": "outside", "layer-0-people": ["lea"]}
        page = text(lea.post(WHERE, {**typed(**only_nights), "version": "1", "do": "preview"}))
        assert "Nobody is on call from" in page and "Holiday" in page
        assert page.count('class="gap"') > 10, "each working day of the bands"
        twice = {
            "layers": "2",
            **{key.replace("layer-0", "layer-1"): value for key, value in typed().items() if key.startswith("layer-0")},
        }
        page = text(lea.post(WHERE, {**typed(**twice), "layer-1-name": "second", "version": "1", "do": "preview"}))
        assert "is on call twice at once (nights, second)" in page and "Nobody is on call from" not in page
        lost = lea.post(WHERE, {**typed(), "layer-0-name": "days", "version": "1", "do": "preview"})
        assert lost.status_code == 409 and "Swaps to come belong to nights" in text(lost)


def _lead(client: Client) -> object:
    from roomdesk.directory.models import Person
    from roomdesk.directory.queries import viewer_of_person

    return viewer_of_person(Person.objects.get(slug="lea"), clock.now())


def test_somebody_who_left_stays_until_taken_out(lea: Client) -> None:
    write(lea)
    services.do_remove_staff(id="ivan", actor=ACTOR, now=clock.now())
    page = text(lea.get(WHERE))
    assert "ivan (no staff here)" in page and fields(page)["layer-0-people"] == ["lea", "ivan"]
    with nothing_changes():
        assert lea.post(WHERE, {**fields(page), "do": "save"}).status_code == 422
    page = text(lea.post(WHERE, {**fields(page), "do": "out:0:1"}))
    assert lea.post(WHERE, {**fields(page), "do": "save"}).status_code == 302


def test_the_page_costs_the_same_for_many_people_and_layers(lea: Client) -> None:
    def cost(form: dict[str, object]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert lea.post(WHERE, {**form, "do": "preview"}).status_code == 200
        return len(caught)

    with clock.frozen(NOW):
        one = cost(typed())
        people = [f"person-{number}" for number in range(20)]
        for who in people:
            services.do_put_staff(
                id=who, roles=["engineer"], product="bos", actor=ACTOR, now=clock.now() - timedelta(1)
            )
        many = {"layers": "10"}
        for number in range(10):
            many |= {
                key.replace("layer-0", f"layer-{number}"): value
                for key, value in typed().items()
                if key.startswith("layer-0")
            }  # type: ignore[misc]
            many |= {f"layer-{number}-name": f"l{number}", f"layer-{number}-people": people}  # type: ignore[dict-item]
        assert cost(typed(**many)) <= one <= 40


@pytest.mark.parametrize("act", ["up:9:9", "down:0:7", "out:0:-1", "drop-layer:x", "up", ":", "add:99999", "nothing"])
def test_a_button_that_there_is_not_changes_nothing(lea: Client, act: str) -> None:
    with nothing_changes():
        page = text(lea.post(WHERE, {**typed(), "do": act}))
    assert fields(page)["layer-0-people"] == ["lea", "ivan"]
