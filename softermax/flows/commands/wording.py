"""Refusals in the words of the command line: parameters of models and flows become the options that a user types."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

__all__ = ["as_typed"]

#: Subject of a sentence, where that is a parameter.
SUBJECT = re.compile(r"(?:the )?(\w+)(?= (?:must|does not apply) )")
#: Names of several words, which nothing else has.
LONG_NAME = re.compile(r"(?<![\w./-])[a-z]+(?:_[a-z]+)+(?![\w./-])")
#: Phrase that turns an option's effect on, as models say it.
IS_TRUE = re.compile(r"\b(\w+) is true\b")
#: A choice that goes with something.
WITH = re.compile(r"\bwith (\w+)(?=[,:]| ')")
#: The option whose value a config knows by another name.
OF_CONFIGS = {"output": "output_format"}


def as_typed(message: str, parameters: Sequence[click.Parameter], further: Sequence[str] = ()) -> str:
    """A message with the command's options in place of the parameters that they set.

    Parameters
    ----------
    parameters : sequence of click.Parameter
        Parameters of the command.
    further : sequence of str
        Values of ``--option``, each NAME=VALUE.

    Returns
    -------
    str
        ``lanes must be ...`` becomes ``--lanes must be ...``; names such as ``max_len`` are replaced wherever they are.
    """
    typed = {option.name: option.opts[-1] for option in parameters if isinstance(option, click.Option)}
    typed |= {name: typed[option] for name, option in OF_CONFIGS.items() if option in typed}
    typed |= {(name := text.partition("=")[0]): f"--option {name}" for text in further}
    subject = SUBJECT.match(message)
    if subject is not None and subject[1] in typed:
        message = typed[subject[1]] + message[subject.end() :]
    message = WITH.sub(lambda choice: f"with {typed.get(choice[1], choice[1])}", message)
    message = IS_TRUE.sub(lambda flag: f"{typed[flag[1]]} is given" if flag[1] in typed else flag[0], message)
    return LONG_NAME.sub(lambda name: typed.get(name[0], name[0]), message)
