"""What is said in the terminal, where an apostrophe is straight."""
