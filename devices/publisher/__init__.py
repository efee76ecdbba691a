"""What a device sends with: a spool on its disk, and a thread that brings it to Kafka in order."""

from devices.publisher.outgoing import Outgoing, PlatePolicy
from devices.publisher.publisher import Publisher
from devices.publisher.sending import open_producer
from devices.publisher.spool import Spool

__all__ = ["Outgoing", "PlatePolicy", "Publisher", "Spool", "open_producer"]
