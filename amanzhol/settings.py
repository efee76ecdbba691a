"""Settings: a flag, then an environment variable `AMANZHOL_*`, then `amanzhol.toml`, then the default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableVariableError

from amanzhol.security import read_security
from models.endpoint import Endpoint
from models.errors import SettingsError
from models.fleet import FleetKind
from models.topics import DEFAULT_PARTITIONS, DEFAULT_PREFIX
from models.windows import parse_window

TOML_FILE = "amanzhol.toml"
_MOBILE = ":mobile"
_KIND = re.compile(r"[a-z][a-z0-9_]{0,31}")


class Settings(BaseSettings):
    """Everything that can be set. `docs/settings.md` is made from this class."""

    model_config = SettingsConfigDict(
        env_prefix="AMANZHOL_", toml_file=TOML_FILE, extra="forbid", frozen=True, env_ignore_empty=True
    )

    # These stand before the broker, whose validation joins them to its address.
    security_protocol: Annotated[
        Literal["PLAINTEXT", "SSL", "SASL_SSL"],
        Field(description="How to connect to Kafka: openly, by TLS, or by TLS with a user name and password."),
    ] = "PLAINTEXT"
    security_ca_file: Annotated[
        Path | None, Field(description="Certificates (PEM) that Kafka's is checked against; by default the system's.")
    ] = None
    security_username: Annotated[
        str | None, Field(min_length=1, max_length=255, description="User name for SASL_SSL (SCRAM-SHA-512).")
    ] = None
    security_password_file: Annotated[
        Path | None, Field(description="File whose first line is the password. There is no setting for one itself.")
    ] = None
    broker: Annotated[
        str,
        Field(min_length=1, validate_default=True, description="Address of Kafka, host:port; several by commas."),
    ] = "127.0.0.1:19092"
    prefix: Annotated[
        str,
        Field(pattern=r"^[a-zA-Z0-9._-]{0,100}$", description="Prefix of all topics, and of the consumer group."),
    ] = DEFAULT_PREFIX
    partitions: Annotated[
        int, Field(ge=1, le=1_000, description="Partitions of topics that have to be made. Fixed from then on.")
    ] = DEFAULT_PARTITIONS
    network: Annotated[Path | None, Field(description="GeoJSON file of the segments.")] = None
    devices: Annotated[
        Path | None, Field(description="CSV file of the devices; without it every source is accepted.")
    ] = None
    keys: Annotated[
        Path | None, Field(description="CSV file of the public keys of sources that sign; without it nobody has to.")
    ] = None
    signing_key: Annotated[
        Path | None, Field(description="Private key (PEM, Ed25519) that events are signed with before they are sent.")
    ] = None
    signatures: Annotated[
        Literal["listed", "everybody"], Field(description="Who has to sign: the sources in the file of keys, or all.")
    ] = "listed"
    timezone: Annotated[str, Field(description="Zone whose midnight windows are aligned to.")] = "Asia/Aqtau"
    window: Annotated[str, Field(description="Length of a window: 5m, 1h, 1d; divides 24 hours.")] = "5m"
    tolerance_m: Annotated[
        float, Field(gt=0, le=100_000, description="Farthest from a segment that coordinates are counted on it.")
    ] = 50.0
    clock_tolerance_s: Annotated[
        int, Field(ge=0, le=86_400, description="How far ahead of its arrival an event may be.")
    ] = 300
    fleet: Annotated[
        tuple[str, ...],
        Field(min_length=1, description="Fleet kinds, those that move with :mobile; a new kind is one more entry."),
    ] = ("fixed_camera", "ekin_patrol:mobile", "oracle_car:mobile", "drone:mobile")
    home: Annotated[Path, Field(description="Folder for broker data, store and logs.")] = Path(".amanzhol")
    checkpoint_every_s: Annotated[
        float, Field(gt=0, le=60, description="Time between checkpoints, and so the age of the newest figures.")
    ] = 1.0
    patience_s: Annotated[
        float,
        Field(ge=10, le=86_400, description="Seconds that work may wait with nothing done before a worker ends."),
    ] = 120.0
    horizon: Annotated[
        str | None,
        Field(
            pattern=r"^[1-9][0-9]{0,5}d$",
            description="Refuse events that are older than so many days on arrival: 400d.",
        ),
    ] = None
    instance_id: Annotated[
        str | None, Field(description="Name of this worker, stable over restarts; by default host and slot.")
    ] = None
    metrics_host: Annotated[str, Field(description="Address that the metrics are served on.")] = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=0, le=65_535, description="Port of the metrics; 0 takes a free one.")] = 9464
    api_host: Annotated[
        str, Field(min_length=1, description="Address that the API is served on; any but this machine's needs tokens.")
    ] = "127.0.0.1"
    api_port: Annotated[int, Field(ge=0, le=65_535, description="Port of the API; 0 takes a free one.")] = 8080
    store: Annotated[
        str | None,
        Field(description="The API's store: a DuckDB file (store.duckdb in home by default), or postgresql://…"),
    ] = None
    keep_detail: Annotated[
        str | None,
        Field(
            pattern=r"^[1-9][0-9]{0,5}d$",
            description="Keep windows and hours in the store so many days, then days alone: 400d. Else for good.",
        ),
    ] = None
    fleet_port: Annotated[
        int, Field(ge=0, le=65_535, description="Port of the metrics of the watch over the fleet; 0 takes a free one.")
    ] = 9465
    silence_s: Annotated[float, Field(ge=1, le=86_400, description="Shortest silence of a device that is told of.")] = (
        180.0
    )
    ignored: Annotated[Path | None, Field(description="CSV file of devices that nothing is told of for a time.")] = None

    spool: Annotated[
        Path | None, Field(description="Folder of what waits to be sent; by default one of the command's own in home.")
    ] = None
    spool_mb: Annotated[
        int, Field(ge=1, le=1_000_000, description="Largest spool in MiB; a full one refuses events, and forgets none.")
    ] = 256
    plate_keys: Annotated[
        Path | None,
        Field(description="File of keys: plates become pseudonyms under them; without it, plates are dropped."),
    ] = None
    plate_period: Annotated[
        Literal["day", "month", "year"], Field(description="For how long a vehicle keeps its pseudonym.")
    ] = "month"
    gateway_host: Annotated[str, Field(description="Address that devices post to.")] = "127.0.0.1"
    gateway_port: Annotated[
        int, Field(ge=0, le=65_535, description="Port that devices post to; 0 takes a free one.")
    ] = 8090
    gateway_max_mb: Annotated[
        int, Field(ge=1, le=64, description="Largest body, its pictures included, that a device may post, in MiB.")
    ] = 8

    @field_validator("broker")
    @classmethod
    def _with_security(cls, value: str, info: ValidationInfo) -> str:
        """Join to the address how to be let in there, so that no client can be made without."""
        return Endpoint(value, read_security(info.data))

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):
            raise ValueError(f"there is no time zone {value!r}; write it like Asia/Aqtau") from None
        return value

    @field_validator("window")
    @classmethod
    def _fitting_window(cls, value: str) -> str:
        parse_window(value)
        return value

    @field_validator("fleet")
    @classmethod
    def _distinct_kinds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = [entry.removesuffix(_MOBILE) for entry in value]
        if len(set(names)) != len(names) or not all(_KIND.fullmatch(name) for name in names):
            raise ValueError("each kind once, in lower case letters, digits and _, such as bus_recorder:mobile")
        return value

    @property
    def fleet_kinds(self) -> tuple[FleetKind, ...]:
        """The fleet kinds, in the order of their columns."""
        return tuple(FleetKind(entry.removesuffix(_MOBILE), mobile=entry.endswith(_MOBILE)) for entry in self.fleet)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of windows."""
        return ZoneInfo(self.timezone)

    @property
    def horizon_s(self) -> int | None:
        """The horizon in seconds."""
        return None if self.horizon is None else int(self.horizon.removesuffix("d")) * 86_400

    @property
    def keep_detail_s(self) -> int | None:
        """How long the store keeps windows and hours, in seconds."""
        return None if self.keep_detail is None else int(self.keep_detail.removesuffix("d")) * 86_400

    @property
    def window_s(self) -> int:
        """Length of a window in seconds."""
        return parse_window(self.window)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources; the first that has a value wins."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: Any) -> Settings:
    """Read the settings; flags that are None were not given.

    Raises SettingsError with one line that names the setting.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in finding["loc"])
        if finding["type"] == "extra_forbidden":
            raise SettingsError(f"{TOML_FILE}: {name}: there is no such setting") from None
        fault = finding["msg"].removeprefix("Value error, ").replace("Input should", "must")
        if name == "broker" and fault.startswith("security_"):
            name, _, fault = fault.partition(": ")
        flag = f"--{name.replace('_', '-')} (AMANZHOL_{name.upper()}, {TOML_FILE}: {name})"
        raise SettingsError(f"{flag}: {fault}") from None
    except UnreadableVariableError:
        raise SettingsError('AMANZHOL_FLEET: write a JSON list, such as ["fixed_camera", "drone:mobile"]') from None
    except ValueError as error:  # the file itself is not TOML
        raise SettingsError(f"{TOML_FILE}: {error}") from None
