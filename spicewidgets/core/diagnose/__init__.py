"""What a fit has come to, in sentences: a verdict with its power, and what could be done better."""
