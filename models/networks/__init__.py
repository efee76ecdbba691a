"""Making networks of roads, checking, drawing and comparing them. `models/network.py` reads what is made here."""
