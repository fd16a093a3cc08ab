"""Options that more than one verb has, spelled once.

In: nothing. Out: decorators for a verb's command, and what their values mean.
Never: an option of one verb alone.
"""

from typing import Literal

import click


def _folder_or_url(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is None or "://" in value:
        return value
    kind = click.Path(exists=True, file_okay=False)
    return str(kind.convert(value, parameter, context))


input_option = click.option(
    "--input",
    metavar="JSON|@FILE|-",
    help="The input: JSON text, a file, or standard input.",
)
tasks_option = click.option(
    "--tasks",
    metavar="FILE.py|MODULE",
    help="Python functions by name: check_inventory for check-inventory.",
)
seed_option = click.option(
    "--seed", type=int, default=0, show_default=True, help="Chance, repeatable."
)
buckets_option = click.option(
    "--buckets",
    metavar="FOLDER|URL",
    callback=_folder_or_url,
    help="The stand-in for S3: a folder with one subfolder a bucket; or s3://.",
)
mocks_option = click.option(
    "--mocks",
    metavar="FILE[#CASE]",
    help="Answers by state name, JSON or YAML; or a test case of a "
    "MockConfigFile.json. States that it does not name ask --tasks.",
)
mock_case_option = click.option(
    "--mock-case",
    metavar="[MACHINE#]CASE",
    help="The test case of a MockConfigFile.json.",
)
type_option = click.option(
    "--type",
    type=click.Choice(["standard", "express"], case_sensitive=False),
    default="standard",
    show_default=True,
)
substitute_option = click.option(
    "--substitute",
    metavar="NAME=VALUE",
    multiple=True,
    help="Fill the placeholder ${NAME}.",
)


def workflow_type(word: str) -> Literal["STANDARD", "EXPRESS"]:
    """The value of --type as AWS spells it."""
    return "EXPRESS" if word.lower() == "express" else "STANDARD"
