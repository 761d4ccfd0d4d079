"""What an equation means: translation, steps, contributions, consequences."""
