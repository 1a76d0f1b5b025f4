"""Many pictures: what is to be done with each, and worker processes that do it side by side.

`work` holds one picture's job and what a run asks for, `folder` turns a folder into jobs, `crew`
decides how many workers the machine bears, `workers` runs them. Faces translate and report.
"""
