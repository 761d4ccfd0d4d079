"""Figures, for the page and for the screen."""
