"""The page that needs no Python: what it is told of models and settings, and the file that holds it."""
