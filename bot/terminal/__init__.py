"""What is done on the command line: what it reads, a question, and what an operator asks for."""
