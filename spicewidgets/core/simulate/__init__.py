"""Who plays what: tasks, simulated participants, and the loop in which one plays the other."""
