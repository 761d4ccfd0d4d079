"""Mechanisms looked for in choices, without a list of models: a grammar of signals, and a search by score."""
