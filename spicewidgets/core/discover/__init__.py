"""From a trained network to sparse equations, and how sure they are."""
