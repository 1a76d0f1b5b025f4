"""``hybridbg doctor``: is everything here that hybridbg needs, and does it work."""

from __future__ import annotations

from dataclasses import asdict

import click

from hybridbg.cli.exits import DONE, SOME_FAILED, reporting
from hybridbg.cli.report import Reporter
from hybridbg.installation import checks

__all__ = ["doctor"]


@click.command()
@reporting
def doctor(reporter: Reporter) -> int:
    """Check the installation: versions, kernels, networks, GIMP, limits."""
    found = []
    for finding in checks.findings():
        found.append(finding)
        reporter.result(f"{finding.state:8}{finding.name:32}{finding.text}")
    usable = all(finding.state != "BROKEN" for finding in found)
    reporter.json({"usable": usable, "checks": [asdict(finding) for finding in found]})
    return DONE if usable else SOME_FAILED
