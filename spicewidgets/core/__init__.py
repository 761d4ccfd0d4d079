"""The thin core: simulate, train, discover, compare. NumPy, torch and pysindy; no Jupyter."""
