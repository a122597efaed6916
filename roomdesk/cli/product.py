"""`roomdesk product`: checking product files, loading them, and looking at what is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from roomdesk.cli.base import Refused, actor_name, emit, json_option, with_desk

if TYPE_CHECKING:
    from roomdesk.product.schema import Product

folder_argument = click.argument(
    "folder", default="products", type=click.Path(exists=True, file_okay=False, path_type=Path)
)


@click.group()
def product() -> None:
    """What is sold and supported: files in a folder, stored as versions."""


@product.command()
@folder_argument
@json_option
def check(folder: Path, as_json: bool) -> None:
    """Check the product in FOLDER, or all products in its folders. Needs no running desk."""
    from roomdesk.product.problems import ProductError

    try:
        found = _read(folder)
    except ProductError as error:
        if as_json:
            problems = [{"file": p.file, "key": p.key, "reason": p.reason} for p in error.problems]
            emit({"ok": False, "problems": problems}, True, "")
        raise Refused(str(error)) from error
    emit({"ok": True, "products": [p.slug for p in found]}, as_json, "\n".join(f"{p.slug} is in order." for p in found))


def _read(folder: Path) -> list[Product]:
    from roomdesk.product.loading import check_folder, read_product

    return [read_product(folder)] if (folder / "product.toml").exists() else check_folder(folder)


@product.command()
@folder_argument
@json_option
@with_desk
def load(folder: Path, as_json: bool) -> None:
    """Load the product in FOLDER, or all products in its folders. What is unchanged stays as it is."""
    from roomdesk.audit.work import Actor
    from roomdesk.directory import services
    from roomdesk.runtime import clock

    actor, now = Actor("cli", actor_name()), clock.now()
    is_one = (folder / "product.toml").exists()
    done = [services.load(folder, actor, now)] if is_one else services.load_all(folder, actor, now)
    items = [{"slug": version.slug, "version": version.number, "is_new": is_new} for version, is_new in done]
    words = [f"{i['slug']}: version {i['version']}{' loaded' if i['is_new'] else ', unchanged'}." for i in items]
    emit({"items": items}, as_json, "\n".join(words))


@product.command()
@click.argument("slug")
@click.option("--version", type=int, help="Another version than the newest.")
@json_option
@with_desk
def show(slug: str, version: int | None, as_json: bool) -> None:
    """Show a loaded product; with --json the whole of it."""
    from roomdesk.product import services
    from roomdesk.product.canonical import to_json

    found = services.version(slug, version) if version else services.current(slug)
    product = services.product_of(found)
    value = {"version": found.number, "loaded_at": found.loaded_at, "product": to_json(product)}
    emit(value, as_json, _words(product, found.number))


def _words(product: Product, number: int) -> str:
    lines = [
        f"{product.name} ({product.slug}), version {number}",
        f"tiers: {', '.join(product.tiers)}",
        f"add-ons: {', '.join(product.addons) or 'none'}",
        f"severities: {', '.join(product.severity_slugs)}",
        f"languages: {', '.join(product.locales)}",
        f"rooms: {'yes' if product.room else 'no'}",
    ]
    return "\n".join(lines)


@product.command("diff")
@click.argument("slug")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--from", "older", type=int, help="Version to start from; default the newest, or the one before --to.")
@click.option("--to", "newer", type=int, help="Version to end at; default the newest.")
@json_option
@with_desk
def differences(slug: str, folder: Path | None, older: int | None, newer: int | None, as_json: bool) -> None:
    """Say what differs between two versions of SLUG, or between a loaded one and the files in FOLDER."""
    from roomdesk.product.changes import diff

    if folder and newer:
        raise click.UsageError("Give either FOLDER or --to: both say what to compare with.")
    before, after = _sides(slug, folder, older, newer)
    found = diff(before, after)
    items = [{"key": change.key, "before": change.before, "after": change.after} for change in found]
    emit({"items": items}, as_json, "\n".join(map(str, found)) or "Nothing differs.")


def _sides(slug: str, folder: Path | None, older: int | None, newer: int | None) -> tuple[Product, Product]:
    from roomdesk.directory.services.products import checked
    from roomdesk.product import services
    from roomdesk.product.loading import read_product

    newest = services.current(slug).number
    if folder:
        place = folder if (folder / "product.toml").exists() else folder / slug
        return _version(slug, older or newest), checked(lambda: read_product(place))
    end = newer or newest
    return _version(slug, older or max(1, end - 1)), _version(slug, end)


def _version(slug: str, number: int) -> Product:
    from roomdesk.product import services

    return services.product_of(services.version(slug, number))
