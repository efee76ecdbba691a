"""Every error of the product, in one tree, each with a stable code.

    AmanzholError
    ├── InputError(ValueError)      the command line or a file named on it is wrong: exit code 2
    │   ├── NetworkFileError
    │   ├── MapFileError
    │   ├── RegistryFileError
    │   ├── KeysFileError
    │   ├── EventsFileError
    │   ├── BreaksFileError
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
    │   ├── ServiceUnavailableError
    │   ├── StoreError
    │   └── SpoolError
    │       └── SpoolFullError
    ├── RequestError(ValueError)    the API is asked what it cannot answer: an HTTP status of 4xx
    │   ├── UnknownParameterError
    │   ├── BadParameterError
    │   ├── SpanTooLongError
    │   ├── ThinnedError
    │   ├── UnknownPlaceError
    │   ├── NotAcceptableError
    │   ├── TokenRequiredError
    │   ├── RoleError
    │   └── TooManyLiveError
    ├── PayloadError(ValueError)    what a device posted cannot be used: the gateway refuses it under its code
    │   ├── WrongMediaTypeError
    │   ├── UnreadableBodyError
    │   ├── BodyTooLargeError
    │   └── SlowBodyError
    └── RecordError(ValueError)     one record cannot be counted: it goes to quarantine under its code
        └── one class per quarantine code, below

A code is at once the quarantine reason, the metric label and the API's problem type. Codes are never renamed.
"""

from models.errors.inputs import (
    BreaksFileError,
    EventsFileError,
    IgnoreListError,
    InputError,
    KeysFileError,
    MapFileError,
    MappingFileError,
    NetworkFileError,
    OutputError,
    PayloadMapError,
    PlateKeyError,
    RegistryFileError,
    SettingsError,
    TableFileError,
    TrackFileError,
)
from models.errors.payloads import (
    BodyTooLargeError,
    PayloadError,
    SlowBodyError,
    UnreadableBodyError,
    WrongMediaTypeError,
)
from models.errors.records import (
    BadSignatureError,
    BadTimeError,
    BadValueError,
    DecimalCommaError,
    DegreesMinutesError,
    DeviceNotValidError,
    EmptyRecordError,
    ExpiredError,
    FutureError,
    MisroutedError,
    MissingFieldError,
    MissingLocationError,
    NaiveTimeError,
    NotAnObjectError,
    NotJsonError,
    NotPermittedError,
    NotUtf8Error,
    NullRecordError,
    RecordError,
    SentinelPositionError,
    SwappedCoordinatesError,
    TooLargeError,
    UnknownDeviceError,
    UnknownTypeError,
    UnreadableBatchError,
    UnsignedError,
    WrongTopicError,
    WrongTypeError,
    ZeroPositionError,
)
from models.errors.requests import (
    BadParameterError,
    NotAcceptableError,
    RequestError,
    RoleError,
    SpanTooLongError,
    ThinnedError,
    TokenRequiredError,
    TooManyLiveError,
    UnknownParameterError,
    UnknownPlaceError,
)
from models.errors.root import (
    AmanzholError,
)
from models.errors.runs import (
    BrokerUnavailableError,
    FencedError,
    FingerprintError,
    JarsUnavailableError,
    MemoryFileError,
    PortLostError,
    RegistryRecordError,
    RestoreError,
    RunError,
    ServiceUnavailableError,
    SpoolError,
    SpoolFullError,
    StalledError,
    StoreError,
    TopicMismatchError,
)

__all__ = [
    "AmanzholError",
    "BadParameterError",
    "BadSignatureError",
    "BadTimeError",
    "BadValueError",
    "BodyTooLargeError",
    "BreaksFileError",
    "BrokerUnavailableError",
    "DecimalCommaError",
    "DegreesMinutesError",
    "DeviceNotValidError",
    "EmptyRecordError",
    "EventsFileError",
    "ExpiredError",
    "FencedError",
    "FingerprintError",
    "FutureError",
    "IgnoreListError",
    "InputError",
    "JarsUnavailableError",
    "KeysFileError",
    "MapFileError",
    "MappingFileError",
    "MemoryFileError",
    "MisroutedError",
    "MissingFieldError",
    "MissingLocationError",
    "NaiveTimeError",
    "NetworkFileError",
    "NotAcceptableError",
    "NotAnObjectError",
    "NotJsonError",
    "NotPermittedError",
    "NotUtf8Error",
    "NullRecordError",
    "OutputError",
    "PayloadError",
    "PayloadMapError",
    "PlateKeyError",
    "PortLostError",
    "RecordError",
    "RegistryFileError",
    "RegistryRecordError",
    "RequestError",
    "RestoreError",
    "RoleError",
    "RunError",
    "SentinelPositionError",
    "ServiceUnavailableError",
    "SettingsError",
    "SlowBodyError",
    "SpanTooLongError",
    "SpoolError",
    "SpoolFullError",
    "StalledError",
    "StoreError",
    "SwappedCoordinatesError",
    "TableFileError",
    "ThinnedError",
    "TokenRequiredError",
    "TooLargeError",
    "TooManyLiveError",
    "TopicMismatchError",
    "TrackFileError",
    "UnknownDeviceError",
    "UnknownParameterError",
    "UnknownPlaceError",
    "UnknownTypeError",
    "UnreadableBatchError",
    "UnreadableBodyError",
    "UnsignedError",
    "WrongMediaTypeError",
    "WrongTopicError",
    "WrongTypeError",
    "ZeroPositionError",
]
