"""Files in and out: events to read, tables to write."""
