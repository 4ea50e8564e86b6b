"""What messages and threads of people say, read as they were seen by them."""
