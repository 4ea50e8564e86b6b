"""Growing markdown, cut into messages: a library in waiting, which imports nothing of the bot."""
