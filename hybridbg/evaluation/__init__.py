"""Evaluation: methods compared on datasets with truths, as a scientist would.

`datasets` reads folders, `scenes` opens pictures, `corruptions` damages them, `methods` and
`command` answer, `scores` judges, `work` and `runs` do all that in several processes and remember
it, `reporting` says what was found.

>>> from pathlib import Path
>>> from hybridbg import evaluation
>>> datasets = evaluation.read_datasets(["samples"], limit=1)
>>> run = evaluation.Run(datasets, evaluation.choose_methods(["matte:plain"]), Path("report"))
>>> len(run.tasks)
1
"""

from __future__ import annotations

from hybridbg.evaluation.datasets import read_dataset, read_datasets
from hybridbg.evaluation.methods import choose_methods
from hybridbg.evaluation.reporting.comparison import compare, read_results
from hybridbg.evaluation.reporting.files import write_report
from hybridbg.evaluation.reporting.summary import summarise
from hybridbg.evaluation.runs import Run, choose_conditions

__all__ = [
    "Run",
    "choose_conditions",
    "choose_methods",
    "compare",
    "read_dataset",
    "read_datasets",
    "read_results",
    "summarise",
    "write_report",
]
