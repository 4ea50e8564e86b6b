"""From flags and a place to an accepted question, once, for every door."""
