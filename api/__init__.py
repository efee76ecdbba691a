"""What analysts and dashboards ask: the store, the service, the map."""
