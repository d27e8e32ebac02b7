"""The command line: all commands, and how it ends."""

from __future__ import annotations

import click

from softermax.sim.cosim import CosimError

from ..errors import FlowError
from . import check, evaluate, generate, measure, models, records, study
from .output import stop

__all__ = ["app", "run"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="softermax")
def app():
    """Softmax hardware after the Softermax paper: generate it, verify it, measure it."""


for family in (generate, check, measure, evaluate, study, models, records):
    for entry in vars(family).values():
        if isinstance(entry, click.Command):
            app.add_command(entry)


def run():
    """Run the command line; what the user can mend is one sentence and exit status 2.

    Raises
    ------
    SystemExit
        With that sentence, or for a failure of the hardware.
    KeyboardInterrupt
        If the user interrupts it.
    """
    try:
        app(standalone_mode=False)
    except click.ClickException as error:
        stop(error.format_message(), 2)
    except (FlowError, CosimError) as error:
        stop(str(error), 2)
    except OSError as error:
        stop(f"the system refuses: {error}", 2)
    except click.Abort as error:
        raise KeyboardInterrupt from error
