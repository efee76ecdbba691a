"""The map at `/`: its page, what it takes from npm, and how both are put together and served."""
