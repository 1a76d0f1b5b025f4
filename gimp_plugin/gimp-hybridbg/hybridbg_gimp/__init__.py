"""Hybrid Background in GIMP 3: menu actions that hand layers to a worker of hybridbg.

GIMP's own Python has neither NumPy nor a network runtime, and whoever installs them into it breaks
something. So this package needs `gi` and the standard library alone; the work is done by a process
of the Python in which hybridbg is installed: `hybridbg gimp install` wrote it into `worker.json`.

==============  ==================================================================================
plugin          the class that GIMP knows
procedures      what there is in the menu: names, texts, arguments
running         one action from the click to the result
requests        what an action asks the worker for
dialog          the dialog, what it says beforehand
preview         and what it shows
layers          pixels, selections, masks and trimaps out of GIMP
results         masks, layers, selections into GIMP, in one undo step
worker          the other process: started, asked, ended
starting        with which command and which environment
texts           translation
==============  ==================================================================================
"""
