"""What runs on or beside a device: publisher, vendor adapters, the simulated fleet."""
