"""The language all rooms share: pure values and functions. No Kafka, no HTTP, no clock, no environment."""
