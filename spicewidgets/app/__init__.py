"""One experiment at work: its runs, in a thread or not, what they leave, and what follows from it."""
