"""The way to Redis: addresses, connections for each kind of server, the bot's own Valkey."""
