"""What is done to the text of an answer while it comes: marks, thoughts, what is new in it."""
