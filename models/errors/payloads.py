"""What a device posted cannot be used: the gateway refuses it under its code. See `models.errors` for the tree."""

from __future__ import annotations

from models.errors.root import AmanzholError


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
