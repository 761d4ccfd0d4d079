"""Studies of choices, each declared once and done part by part."""
