"""From a result to what is shown of it: numbers, marks and sentences, of which panels make boxes."""
