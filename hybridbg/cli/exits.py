"""Exit codes, and the one place where errors become exit codes.

0 all done; 1 some pictures of several failed, a check of `doctor` or `gimp check` failed, or
hybridbg itself has a fault; 2 bad input or usage; 130 interrupted.  A command is an ordinary
function that returns its code; `reporting` wraps it, hands it a `Reporter`, and turns what it
raises into one line on standard error.  A broken pipe is left to click, which ends quietly.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

import click

from hybridbg.cli.report import Reporter
from hybridbg.core.errors import HybridBgError

__all__ = ["BAD_INPUT", "DONE", "INTERRUPTED", "SOME_FAILED", "exit_code_of", "reporting"]

DONE = 0
SOME_FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells count

_P = ParamSpec("_P")


def exit_code_of(error: BaseException) -> int:
    """Exit code for an error that ended a command.

    What the user can mend (data, files, options, memory) is 2; anything else is a fault of
    hybridbg and is 1, as Python itself would have it.

    Examples
    --------
    >>> from hybridbg.core.errors import InvalidTrimapError
    >>> exit_code_of(InvalidTrimapError("no known foreground")), exit_code_of(TypeError("oops"))
    (2, 1)
    """
    return BAD_INPUT if isinstance(error, (HybridBgError, OSError, MemoryError)) else SOME_FAILED


def reporting(command: Callable[Concatenate[Reporter, _P], int]) -> Callable[..., None]:
    """Give a command ``--json``, ``-q`` and ``-v``, a `Reporter`, and exit codes."""

    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
    @click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
    @click.option("-v", "--verbose", is_flag=True, help="Say more; errors show their traceback.")
    @functools.wraps(command)
    def run(as_json: bool, quiet: bool, verbose: bool, *args: _P.args, **kwargs: _P.kwargs) -> None:
        reporter = Reporter(as_json=as_json, quiet=quiet, verbose=verbose)
        try:
            code = command(reporter, *args, **kwargs)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            reporter.message("interrupted")
            code = INTERRUPTED
        except Exception as error:
            reporter.failure(error)
            code = exit_code_of(error)
        click.get_current_context().exit(code)

    return run
