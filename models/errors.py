"""Every error of the product, in one tree, each with a stable code.

    AmanzholError
    ├── InputError(ValueError)      the command line or a file named on it is wrong: exit code 2
    │   ├── NetworkFileError
    │   ├── MapFileError
    │   ├── RegistryFileError
    │   ├── KeysFileError
    │   ├── EventsFileError
    │   ├── TableFileError
    │   ├── MappingFileError
    │   ├── IgnoreListError
    │   ├── TrackFileError
    │   ├── OutputError
    │   ├── PlateKeyError
    │   ├── PayloadMapError
    │   └── SettingsError
    ├── RunError(RuntimeError)      the run failed: exit code 1
    │   ├── BrokerUnavailableError
    │   │   └── PortLostError
    │   ├── JarsUnavailableError
    │   ├── TopicMismatchError
    │   ├── FingerprintError
    │   ├── FencedError
    │   ├── RestoreError
    │   ├── RegistryRecordError
    │   ├── StalledError
    │   ├── MemoryFileError
    │   └── SpoolError
    │       └── SpoolFullError
    ├── PayloadError(ValueError)    what a device posted cannot be used: the gateway refuses it under its code
    │   ├── WrongMediaTypeError
    │   ├── UnreadableBodyError
    │   ├── BodyTooLargeError
    │   └── SlowBodyError
    └── RecordError(ValueError)     one record cannot be counted: it goes to quarantine under its code
        └── one class per quarantine code, below

A code is at once the quarantine reason, the metric label and the API's problem type. Codes are never renamed.
"""

from __future__ import annotations

from typing import ClassVar


class AmanzholError(Exception):
    """The root: catch this to catch all that the product itself raises."""

    code: ClassVar[str] = "error"


class InputError(AmanzholError, ValueError):
    """The command line, or a file named on it, is wrong. The message names file, line or feature, and field."""

    code = "input"


class NetworkFileError(InputError):
    """The network file cannot be used. Mend the feature and field that the message names."""

    code = "network_file"


class MapFileError(InputError):
    """A map from which a network is to be built cannot be used. Mend the line or feature and field that are named."""

    code = "map_file"


class RegistryFileError(InputError):
    """The device registry cannot be used. Mend the line and column that the message names."""

    code = "registry_file"


class KeysFileError(InputError):
    """A file of keys cannot be used. Mend the line and column that the message names."""

    code = "keys_file"


class EventsFileError(InputError):
    """A file of events cannot be read. Check its path and its permissions."""

    code = "events_file"


class TableFileError(InputError):
    """The table of a register cannot be read. Mend the line and column that the message names, or the mapping."""

    code = "table_file"


class MappingFileError(InputError):
    """The mapping of a table cannot be used. Mend the entry that the message names."""

    code = "mapping_file"


class IgnoreListError(InputError):
    """The list of what shall not be alerted about cannot be used. Mend the line and column that the message names."""

    code = "ignore_list"


class TrackFileError(InputError):
    """A file of tracks cannot be used. Mend the line and column that the message names."""

    code = "track_file"


class OutputError(InputError):
    """An output cannot be written. Choose a folder that exists and is writable."""

    code = "output"


class PlateKeyError(InputError):
    """The file of pseudonym keys cannot be used. Mend the line that the message names, or the file's permissions."""

    code = "plate_keys"


class PayloadMapError(InputError):
    """The mapping of a payload cannot be used. Mend the line and column that the message names."""

    code = "payload_map"


class SettingsError(InputError):
    """A setting has a value that cannot be used. The message names the setting and where it was set."""

    code = "settings"


class RunError(AmanzholError, RuntimeError):
    """The run failed for a reason outside its input."""

    code = "run"


class BrokerUnavailableError(RunError):
    """Kafka does not answer. Start it (`amanzhol broker start`) or correct `--broker`."""

    code = "broker_unavailable"


class PortLostError(BrokerUnavailableError):
    """Somebody took the port between our choice and Kafka's start. Try again with another."""

    code = "port_lost"


class JarsUnavailableError(RunError):
    """Kafka's jars could not be fetched. Connect once, or give the address of a broker that runs (`--broker`)."""

    code = "jars_unavailable"


class TopicMismatchError(RunError):
    """A topic is not as it must be (partitions, timestamps). The message says which setting and how to mend it."""

    code = "topic_mismatch"


class FingerprintError(RunError):
    """The stored state was counted under other settings. Use those again, or a new topic prefix and a recount."""

    code = "fingerprint"


class FencedError(RunError):
    """Another worker runs under the same name. Stop one of them, or give each its own `--instance-id`."""

    code = "fenced"


class StalledError(RunError):
    """Records wait and nothing is counted. The worker ends so that it is started anew; its log has the stacks."""

    code = "stalled"


class RegistryRecordError(RunError):
    """A record of the topic `registry` cannot be used. Push the device's rows again (`amanzhol registry push`)."""

    code = "registry_record"


class RestoreError(RunError):
    """The state of a partition could not be restored. The message says what disagrees."""

    code = "restore"


class MemoryFileError(RunError):
    """What was imported before cannot be looked up. The message names the file, and how to go on without it."""

    code = "memory_file"


class SpoolError(RunError):
    """The publisher's spool cannot be used. The message names the file and what to do about it."""

    code = "spool"


class SpoolFullError(SpoolError):
    """The spool, or the disk it is on, has no room. Nothing was taken: offer it again once events have been sent."""

    code = "spool_full"


class PayloadError(AmanzholError, ValueError):
    """What a device posted to the gateway cannot be read at all, so that no record could be made of it."""

    code = "payload"


class WrongMediaTypeError(PayloadError):
    """The content type is none that the adapter reads. Choose XML, JSON or multipart in the device's settings."""

    code = "wrong_media_type"


class UnreadableBodyError(PayloadError):
    """The body is not what its content type says, or tries what no device has reason to (entities, depth)."""

    code = "unreadable_body"


class BodyTooLargeError(PayloadError):
    """The body is larger than the gateway takes. Have the device send smaller pictures, or none."""

    code = "body_too_large"


class SlowBodyError(PayloadError):
    """The body did not arrive in time. Look at the device's uplink."""

    code = "slow_body"


class RecordError(AmanzholError, ValueError):
    """One record cannot be counted.

    `path` is the JSON path of the field at fault (`$.location.lon`), or `$` for the record as a whole.
    """

    code = "record"

    def __init__(self, message: str, path: str = "$", repaired: dict[str, float] | None = None) -> None:
        """Keep the message, the path of the field at fault, and the values that would mend it, where one can tell."""
        super().__init__(message)
        self.path = path
        self.repaired = repaired


class EmptyRecordError(RecordError):
    """The record has no bytes. Whoever sends it sends nothing: check the producer."""

    code = "empty_record"


class NullRecordError(RecordError):
    """The record's value is null (a tombstone). Input topics take no deletions: send a `correction`."""

    code = "null_record"


class TooLargeError(RecordError):
    """The record is above 1 MiB. An event is a few hundred bytes: look for a picture in a field."""

    code = "too_large"


class NotUtf8Error(RecordError):
    """The bytes are not UTF-8. Set the device's encoding."""

    code = "not_utf8"


class NotJsonError(RecordError):
    """The bytes are not one JSON value. NaN is none, nor is a second object behind the first, nor a byte order mark."""

    code = "not_json"


class NotAnObjectError(RecordError):
    """The record is JSON, but not an object. Send each event as a record of its own, not as a list."""

    code = "not_an_object"


class MissingFieldError(RecordError):
    """A required field is absent or null. Send the field that the path names."""

    code = "missing_field"


class WrongTypeError(RecordError):
    """A field has another JSON type than its definition. Types are strict: no numbers in strings."""

    code = "wrong_type"


class BadValueError(RecordError):
    """A field has the right type and an impossible value. The message says what is possible."""

    code = "bad_value"


class UnknownTypeError(RecordError):
    """The event's `type` is none of `violation`, `accident`, `report`, `status`, `correction`."""

    code = "unknown_type"


class WrongTopicError(RecordError):
    """The event's type belongs on another topic: a camera cannot report an accident."""

    code = "wrong_topic"


class BadTimeError(RecordError):
    """A time is not an RFC 3339 date and time. Write it like `2026-11-22T09:30:00+05:00`."""

    code = "bad_time"


class NaiveTimeError(RecordError):
    """A time has no offset. Send `Z` or `+05:00` with it: without one, nobody knows when it was."""

    code = "naive_time"


class FutureError(RecordError):
    """The event is ahead of its arrival by more than the clock tolerance. Set the device's clock."""

    code = "future"


class ExpiredError(RecordError):
    """The event, or the time that a correction is about, lies before the horizon. Older history is recounted."""

    code = "expired"


class MisroutedError(RecordError):
    """The record stands on another partition than its source's even after it was rerouted. Check the producer."""

    code = "misrouted"


class UnknownDeviceError(RecordError):
    """The source of a violation or status is not in the registry. Register it, then replay the quarantine."""

    code = "unknown_device"


class DeviceNotValidError(RecordError):
    """The registry has no row of the source that is valid at the event's time. Add one, then replay the quarantine."""

    code = "device_not_valid"


class MissingLocationError(RecordError):
    """A violation of a mobile source does not say where it was. Send `location` with it."""

    code = "missing_location"


class UnsignedError(RecordError):
    """The source has to sign its events, and this one is not signed. Give the device its key, and send it again."""

    code = "unsigned"


class BadSignatureError(RecordError):
    """The signature was not made with a key of the event's source, or the event was changed. Find out who sent it."""

    code = "bad_signature"


class NotPermittedError(RecordError):
    """The source may not say this: its key corrects its own events only. Let the office that may correct it do so."""

    code = "not_permitted"


class DecimalCommaError(RecordError):
    """A number is text with a decimal comma. Send a JSON number, with a point: the message says which."""

    code = "decimal_comma"


class SwappedCoordinatesError(RecordError):
    """Longitude and latitude look swapped: far from the network as sent, on it the other way round. Swap them."""

    code = "swapped_coordinates"


class DegreesMinutesError(RecordError):
    """Coordinates look like degrees and minutes written as decimals: 43°40'10" as 43.4010. Send decimal degrees."""

    code = "degrees_minutes"


class ZeroPositionError(RecordError):
    """Both coordinates are 0: a receiver without a fix. Send no coordinates then, or the true ones."""

    code = "zero_position"


class SentinelPositionError(RecordError):
    """A coordinate is a number that stands for "unknown": 999, -1, 77.7777, 1e10. Send none then, or the true one."""

    code = "sentinel_position"


class UnreadableBatchError(RecordError):
    """The broker holds a batch that cannot be read (checksum, compression). Each of its offsets is one record here."""

    code = "unreadable_batch"
