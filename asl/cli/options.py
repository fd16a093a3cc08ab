"""Options that more than one verb has, spelled once.

In: nothing. Out: decorators for a verb's command, and what their values mean.
Never: an option of one verb alone.
"""

from typing import Literal

import click

buckets_option = click.option(
    "--buckets",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False),
    help="The stand-in for S3: a folder with one subfolder a bucket.",
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
