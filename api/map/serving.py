"""Serves the map's built files, with a policy that lets the page load what is ours and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

FOLDER: Final = Path(__file__).parent / "dist"
"""The built files, where the package carries them or `python -m api.map.build` has made them."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; connect-src 'self'; "
    # The pictures on MapLibre's buttons are in its style sheet; what it draws with it makes itself.
    "img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No inline script and no inline style, nothing from elsewhere, and no page may frame this one."""


class MapFiles(StaticFiles):
    """The files of the map. They are asked for anew each time, so that a page never runs with another's modules."""

    def __init__(self, folder: Path) -> None:
        """Serve a folder whose `index.html` is the page."""
        super().__init__(directory=folder, html=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file, or refuse."""

        async def strictly(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                headers["Cache-Control"] = "no-cache"
            await send(message)

        await super().__call__(scope, receive, strictly)
