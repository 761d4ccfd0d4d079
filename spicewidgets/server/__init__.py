"""The server of a page: Voila, for as many people as there are places, with bounds on all that comes in."""
