"""The HTTP service: what devices post is read, refused or taken, and answered when it is on the disk."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aiohttp import web

from devices.gateway.documents import FORM_TYPES, read_document, read_parts
from devices.gateway.intake import entry_of
from devices.gateway.metrics import TAKEN
from models import errors
from models.masking import mask_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from devices.gateway.adapters import Adapter
    from devices.gateway.intake import Entry
    from devices.gateway.metrics import GatewayMetrics
    from devices.gateway.senders import Senders
    from devices.gateway.writing import GroupCommit
    from devices.publisher import PlatePolicy

logger = logging.getLogger(__name__)

BODY_S: Final = 15.0
"""A body has this long to arrive in full; a head as long as an idle connection is kept."""

_LARGE_BYTES: Final = 64 * 1024
"""A larger body is read beside the loop, so that nobody else waits for it."""

_SAID_EVERY_S: Final = 10.0
_UNKNOWN: Final = "unknown"
_STATUS: Final[dict[type[errors.AmanzholError], int]] = {
    errors.BodyTooLargeError: 413,
    errors.WrongMediaTypeError: 415,
    errors.SlowBodyError: 408,
    errors.PayloadError: 400,
    errors.UnknownDeviceError: 403,
    errors.DeviceNotValidError: 403,
    errors.RecordError: 422,
    errors.SpoolError: 503,
}


class Gateway:
    """Takes what devices post to `/v1/VENDOR`, or `/v1/VENDOR/DEVICE` where the payload does not say who it is."""

    def __init__(
        self,
        adapters: Mapping[str, Adapter],
        senders: Senders,
        plates: PlatePolicy,
        writer: GroupCommit,
        metrics: GatewayMetrics,
        max_bytes: int,
    ) -> None:
        """Put a service together from its parts. `max_bytes` bounds a body, its pictures included."""
        self._adapters = adapters
        self._senders = senders
        self._plates = plates
        self._writer = writer
        self._metrics = metrics
        self._max_bytes = max_bytes
        # A label looked up costs more than the counting.
        self._taken = {vendor: metrics.requests.labels(vendor, TAKEN) for vendor in adapters}
        self._said: dict[tuple[str, str], float] = {}
        self._unsaid: Counter[tuple[str, str]] = Counter()

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer one request. What is not for the gateway is a 404 or 405 that repeats nothing of it."""
        begun = time.perf_counter()
        root, version, named, *rest = [*request.path.split("/", 4), "", ""]
        adapter = self._adapters.get(named)
        if adapter is None or (root, version) != ("", "v1"):
            self._metrics.requests.labels(_UNKNOWN, "not_found").inc()
            return web.Response(status=404)
        vendor = named
        if request.method not in {"POST", "PUT"}:
            self._metrics.requests.labels(vendor, "method").inc()
            return web.Response(status=405, headers={"Allow": "POST, PUT"})
        try:
            taken = await self._take(request, vendor, adapter, "/".join(rest).strip("/"))
        except errors.AmanzholError as error:
            self._refused(vendor, error)
            status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)
            answer = _problem(status, error.code, mask_text(str(error)))
        except Exception as error:  # noqa: BLE001 - no device may see, and no log may quote, what was in a body
            logger.error("a request to /v1/%s failed in the gateway: %s", vendor, type(error).__name__)  # noqa: TRY400
            self._metrics.requests.labels(vendor, "error").inc()
            answer = _problem(500, "error", "the gateway failed: its log says where")
        else:
            self._taken[vendor].inc()
            answer = web.Response(body=b'{"taken":%d}' % taken, content_type="application/json")
        self._metrics.request_seconds.observe(time.perf_counter() - begun)
        return answer

    async def _take(self, request: web.BaseRequest, vendor: str, adapter: Adapter, device: str) -> int:
        body = await self._body(request)
        if len(body) > _LARGE_BYTES:
            trees = await asyncio.get_running_loop().run_in_executor(None, _trees, request, body)
        else:
            trees = _trees(request, body)
        arrived_at = datetime.now(UTC)
        entries: list[Entry] = []
        for tree in trees:
            for reading in adapter(tree):
                seen = reading.sent_by(device) if device else reading
                entries.append(entry_of(seen, vendor, arrived_at, self._senders, self._plates))
        await self._writer.write(entries)
        for entry in entries:
            self._metrics.readings.labels(vendor, entry.reading.about).inc()
        return len(entries)

    async def _body(self, request: web.BaseRequest) -> bytes:
        if request.headers.get("Content-Encoding", "identity") != "identity":
            # A few compressed bytes can be gigabytes.
            raise errors.WrongMediaTypeError("compressed bodies are not read: switch compression off in the device")
        if request.content_length is not None and request.content_length > self._max_bytes:
            raise errors.BodyTooLargeError(f"a body of {request.content_length:,} bytes; at most {self._max_bytes:,}")
        try:
            async with asyncio.timeout(BODY_S):
                return await request.read()
        except web.HTTPRequestEntityTooLarge:
            raise errors.BodyTooLargeError(f"a body of more than {self._max_bytes:,} bytes") from None
        except TimeoutError:
            raise errors.SlowBodyError(f"the body did not arrive within {BODY_S:.0f} s") from None
        except (web.HTTPException, OSError, ValueError):
            raise errors.UnreadableBodyError("the body broke off") from None

    def _refused(self, vendor: str, error: errors.AmanzholError) -> None:
        """Count a refusal, and log it now and then: a device that is wrong is wrong all day."""
        self._metrics.requests.labels(vendor, error.code).inc()
        what = (vendor, error.code)
        now = time.monotonic()
        if now - self._said.get(what, -_SAID_EVERY_S) < _SAID_EVERY_S:
            self._unsaid[what] += 1
            return
        more = self._unsaid.pop(what, 0)
        self._said[what] = now
        logger.warning("/v1/%s refused, %s: %s%s", *what, mask_text(str(error)), f" (and {more} more)" if more else "")


def _trees(request: web.BaseRequest, body: bytes) -> list[Any]:
    media_type = request.content_type if "Content-Type" in request.headers else ""
    if media_type not in FORM_TYPES:
        return [read_document(body, media_type)]
    boundary = _boundary(request)
    if not boundary:
        raise errors.UnreadableBodyError("the multipart body has no boundary")
    return read_parts(body, boundary)


def _boundary(request: web.BaseRequest) -> str:
    for parameter in request.headers["Content-Type"].split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "boundary":
            return value.strip().strip('"')
    return ""


def _problem(status: int, code: str, message: str) -> web.Response:
    answer = web.json_response({"code": code, "message": message}, status=status)
    if status == 503:  # noqa: PLR2004 - an HTTP status
        answer.headers["Retry-After"] = "5"
    return answer
