"""Rivals of an equation: classical models of choices, declared, fitted, simulated, and held out."""
