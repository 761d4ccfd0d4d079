"""What an equation means: translation, steps, contributions, freedoms, emergence."""
