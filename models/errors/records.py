"""One record cannot be counted: it goes to quarantine under its code. The whole tree stands in `models.errors`."""

from __future__ import annotations

from models.errors.root import AmanzholError


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
