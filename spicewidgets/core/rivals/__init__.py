"""Rivals of an equation: classical models of choices, fitted, predicted, compared, and recovered."""
