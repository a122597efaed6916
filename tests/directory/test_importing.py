"""Files of workspaces: every line told, all or none, or the good ones."""

from __future__ import annotations

import json

import pytest

from roomdesk.directory import queries
from roomdesk.directory.files import read_lines
from roomdesk.directory.models import Workspace
from roomdesk.directory.services.importing import ImportReport, do_import
from roomdesk.refusals import Invalid
from tests.directory.world import ACTOR, START, at, nothing_changes

CSV = (
    "slug,product,tier,addons,owner,owner_email,admins\n"
    "nord,cloud,pro,night;import,nina,nina@nord.test,adam;eva\n"
    "sud,cloud,,,,,\n"
)
BAD = CSV + "west,cloud,gold,,,,\neast,cloud,pro,,olga2,olga@acme.test,\n,cloud,,,,,\nnord,cloud,,,,,\nost,cloud\n"


def run(text: str, name: str = "", **options: bool) -> ImportReport:
    return do_import(read_lines(text, name), actor=ACTOR, now=START, **options)


def results(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(line.line, line.slug, line.result) for line in report.lines]


@pytest.mark.usefixtures("desk")
def test_every_line_makes_its_workspace_with_its_people() -> None:
    report = run(CSV)
    assert results(report) == [(2, "nord", "created"), (3, "sud", "created")]
    assert (report.is_written, report.refused) == (True, 0)
    nord = Workspace.objects.get(slug="nord")
    assert [(row.person.slug, row.role) for row in queries.people_of(nord, START)] == [
        ("nina", "owner"),
        ("adam", "admin"),
        ("eva", "admin"),
    ]
    assert queries.terms_at([nord.pk], START)[nord.pk].addons == ["night", "import"]


@pytest.mark.usefixtures("desk")
def test_the_same_file_again_changes_nothing() -> None:
    run(CSV)
    with nothing_changes():
        report = do_import(read_lines(CSV), actor=ACTOR, now=at(1))
    assert [line.result for line in report.lines] == ["unchanged", "unchanged"]


@pytest.mark.usefixtures("desk")
def test_one_refused_line_stops_all_and_every_reason_is_told() -> None:
    with nothing_changes():
        report = run(BAD)
    assert (report.is_written, report.refused) == (False, 4)
    reasons = {line.line: (line.field, line.error) for line in report.lines if line.result == "refused"}
    assert reasons[4] == ("tier", 'The product "cloud" has no tier "gold"; it has basic, pro and enterprise.')
    assert reasons[5][0] == "email"
    assert reasons[6] == ("slug", "The field slug is missing.")
    assert reasons[7] == ("slug", '"nord" is in line 2 already.')


@pytest.mark.usefixtures("desk")
def test_the_good_lines_are_kept_on_request() -> None:
    report = run(BAD, partial=True)
    assert (report.is_written, report.refused) == (True, 4)
    assert set(Workspace.objects.values_list("slug", flat=True)) == {"acme", "nord", "sud", "ost"}


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("partial", [False, True])
def test_a_dry_run_tells_the_same_and_writes_nothing(partial: bool) -> None:
    with nothing_changes():
        report = run(CSV, partial=partial, dry_run=True)
    assert results(report) == [(2, "nord", "created"), (3, "sud", "created")]
    assert not report.is_written


@pytest.mark.usefixtures("desk")
def test_json_and_jsonl_say_the_same_and_can_name_members() -> None:
    mira = {"id": "mira", "role": "member", "support_room_access": True}
    item = {"slug": "nord", "product": "cloud", "addons": ["import"], "owner": "nina", "members": [mira]}
    assert results(run(json.dumps([item]))) == [(1, "nord", "created")]
    assert results(run(json.dumps({"items": [item]}))) == [(1, "nord", "unchanged")]
    assert results(run(json.dumps(item) + "\n\n" + json.dumps({**item, "slug": "sud"}))) == [
        (1, "nord", "unchanged"),
        (3, "sud", "created"),
    ]
    nord = Workspace.objects.get(slug="nord")
    assert [(r.person.slug, r.support_room_access) for r in queries.people_of(nord, START)][1] == ("mira", True)


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("", "", "no line"),
        ("slug,produkt\nnord,cloud\n", "", 'no column "produkt". Did you mean "product"?'),
        ("{", "x.json", "is not JSON"),
        ('{"items": 3}', "x.json", "no list of workspaces"),
        ('slug,product\n"nord,cloud\n', "", "is not CSV"),
    ],
)
def test_what_is_no_such_file_is_refused_as_a_whole(text: str, name: str, words: str) -> None:
    with pytest.raises(Invalid, match=words.replace("?", r"\?")):
        read_lines(text, name)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (3, "This is no object"),
        ({"slug": "nord", "tear": "pro"}, 'no field "tear". Did you mean "tier"?'),
        ({"slug": 7}, "The field slug must be a text."),
        ({"slug": "nord", "addons": "x"}, "The field addons must be a list."),
        ({"slug": "nord", "admins": [1]}, "The field admins must be a list of texts."),
        ({"slug": "nord", "members": [{"name": "x"}]}, "an object with an id"),
        ({"slug": "nord", "members": [{"id": "x", "rank": 1}]}, 'no field "rank"'),
        ({"slug": "nord", "members": [{"id": "x", "support_room_access": "yes"}]}, "must be true or false"),
        ({"slug": "no\0rd"}, "cannot be kept"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_and_the_others_are_read(item: object, words: str) -> None:
    lines = read_lines(json.dumps([item, {"slug": "sud"}]))
    assert words in str(lines[0].refusal)
    assert (lines[1].slug, lines[1].refusal) == ("sud", None)
