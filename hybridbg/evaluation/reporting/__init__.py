"""What a run found: figures with their intervals, comparisons, and the report.

`statistics` has the bootstrap, `summary` turns records into figures, `comparison` sets two runs
beside each other, `page` and `plots` make the report. Nothing here has an influence on records.
"""
