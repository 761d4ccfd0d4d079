"""The recurrent network, its modules and its training."""
