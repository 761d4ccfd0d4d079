"""One experiment at work: from settings to a result, in a thread or not."""
