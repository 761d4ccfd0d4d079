"""One experiment: what its settings describe, one fit of it, and the result."""
