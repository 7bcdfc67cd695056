"""The launcher: everything that one machine needs to try the counter, started and stopped together. Demo and test only."""
