"""The command line, or a file named on it, is wrong: exit code 2. The whole tree stands in `models.errors`."""

from __future__ import annotations

from models.errors.root import AmanzholError


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


class BreaksFileError(InputError):
    """The list of breaks cannot be used. Mend the line and column that the message names."""

    code = "breaks_file"


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
