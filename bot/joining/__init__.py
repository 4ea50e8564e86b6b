"""The parts of a process, joined: what takes questions, and what answers them."""
