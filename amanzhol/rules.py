"""Puts the rules of counting together from the files and values that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amanzhol.keys import read_keys
from models.errors import SettingsError
from models.locating import Locator
from models.network_file import read_network
from models.registry import read_registry
from models.sighting import Rules
from models.signatures import Keyring
from models.windows import Windows

if TYPE_CHECKING:
    from amanzhol.settings import Settings
    from models.network import Network

HOUR_S = 3_600


def load_network(settings: Settings) -> Network:
    """Read the network. Raises SettingsError where none is named, NetworkFileError where it cannot be used."""
    if settings.network is None:
        raise SettingsError("--network (AMANZHOL_NETWORK, amanzhol.toml: network): a GeoJSON file is required")
    return read_network(settings.network)


def load_rules(settings: Settings) -> Rules:
    """Read network and registry. Raises the InputError that names what is wrong with which."""
    network = load_network(settings)
    registry = (
        None if settings.devices is None else read_registry(settings.devices, settings.fleet_kinds, zone=settings.zone)
    )
    return Rules(
        network=network,
        locator=Locator(network, settings.tolerance_m),
        windows=Windows(settings.window_s, settings.zone),
        hours=Windows(HOUR_S, settings.zone),
        registry=registry,
        clock_tolerance_s=settings.clock_tolerance_s,
        horizon_s=settings.horizon_s,
        keyring=_keyring(settings),
    )


def _keyring(settings: Settings) -> Keyring | None:
    everybody = settings.signatures == "everybody"
    if settings.keys is None:
        if everybody:
            raise SettingsError("--keys (AMANZHOL_KEYS, amanzhol.toml: keys): is needed where everybody has to sign")
        return None
    return Keyring(read_keys(settings.keys), everybody=everybody)
