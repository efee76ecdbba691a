"""Builds the map into the wheel; Hatch calls it. An editable install is left to `python -m api.map.build`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class MapBuildHook(BuildHookInterface):  # type: ignore[type-arg,misc]
    """Makes api/map/dist before the files of the wheel are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - Hatch names them
        """Build the map where it is missing or older."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        try:
            from api.map.build import build  # noqa: PLC0415 - found in the source tree only now

            build(Path(self.root) / "api" / "map" / "dist")
        finally:
            sys.path.remove(self.root)
