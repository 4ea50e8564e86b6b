"""What listens on a port of the bot's, and what a web address has to be."""
