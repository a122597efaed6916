"""Files what is on record already, so that search finds what was said before there was any."""

from itertools import islice

from django.db import migrations

from roomdesk.rules.search_index import Said, vector

CHUNK = 2_000


def file(apps, schema_editor):
    Message, Findable = apps.get_model("record", "Message"), apps.get_model("record", "Findable")
    products = dict(apps.get_model("directory", "Workspace").objects.values_list("pk", "product"))
    said = Message.objects.filter(kind__in=("message", "file")).order_by("id").iterator(chunk_size=CHUNK)
    while rows := list(islice(said, CHUNK)):
        Findable.objects.bulk_create(_findable(Findable, row, products[row.workspace_id]) for row in rows)


def _findable(model, row, product):
    said = Said(
        text=row.edited_body or row.body,
        workspace=row.workspace_id,
        product=product,
        author=str(row.author_id or row.author_ref),
        author_kind=row.author_kind,
        is_file=row.kind == "file",
        at=row.at,
    )
    return model(
        id=row.id,
        workspace_id=row.workspace_id,
        case_id=row.case_id,
        at=row.at,
        recorded_at=row.recorded_at,
        words="" if row.redacted_at else vector(said),
    )


class Migration(migrations.Migration):
    dependencies = [("record", "0003_findable")]
    operations = [migrations.RunPython(file, migrations.RunPython.noop)]
