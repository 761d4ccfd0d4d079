"""Studies of choices: comparison, falsification and recovery, each declared once, done part by part."""
