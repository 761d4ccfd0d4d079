"""From anything to a dataset: tables, layouts, splits."""
