"""Tables of registers to events: a mapping, a reader, a memory of what was sent, and what follows from both."""
