"""Tell whether to believe it: agents on the same history, likelihoods, a classical fit, a quiz."""
