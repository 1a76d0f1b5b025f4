"""What is installed here: whether hybridbg has what it needs, and where GIMP lives."""
