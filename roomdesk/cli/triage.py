"""`roomdesk triage`: what messages want."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from roomdesk.cli.base import Refused

if TYPE_CHECKING:
    from roomdesk.product.vocabulary import Own

from roomdesk.cli.lines import answer_lines


@click.group()
def triage() -> None:
    """What messages want: kind, severity, the answer to give at once."""


@triage.command()
@click.option("--why", is_flag=True, help="Add what each finding was told by.")
@click.option(
    "--products",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of product files whose own words count too; the installation's own where it is left out.",
)
def classify(why: bool, products: Path | None) -> None:
    """Judge messages, one JSON object a line on stdin (id, product, locale, text), one finding a line on stdout.

    Needs no running desk. A line that cannot be understood is answered with `error`, and the next goes on. For a product without files the general words count.
    """
    from roomdesk.product.vocabulary import vocabulary
    from roomdesk.rules.triage_lines import answer_line

    own = _own(products)
    answer_lines(partial(answer_line, vocabulary=lambda slug: vocabulary(own.get(slug)), with_why=why))


def _own(folder: Path | None) -> dict[str, Own]:
    """The words of the products in a folder, by their slugs."""
    from roomdesk.product.folders import products_beside
    from roomdesk.product.loading import check_folder
    from roomdesk.product.problems import ProductError

    place = folder or products_beside()
    try:
        return {product.slug: product.triage.own for product in check_folder(place)} if place else {}
    except ProductError as error:
        raise Refused(str(error)) from error
