"""From a file to trials, in the open: pure pandas and numpy."""
