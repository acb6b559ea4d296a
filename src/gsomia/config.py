"""Settings of a node, read from one TOML file and the environment, and the law that the package ships."""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from gsomia.errors import DataError, NodeError, UsageError
from gsomia.registry import Custody

__all__ = [
    "BY_PARCEL",
    "SETTINGS_FILE",
    "ApiConfig",
    "LinkConfig",
    "NodeConfig",
    "OidcConfig",
    "ParcelConfig",
    "PeerConfig",
    "RecallConfig",
    "ReconciliationConfig",
    "TimestampConfig",
    "TracerConfig",
    "WitnessConfig",
    "read_config",
    "read_law_folder",
    "shipped_law",
]

SETTINGS_FILE = "node.toml"


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LinkConfig(_Section):
    """How this node is reached by its peers, and the bounds of an exchange."""

    host: str = "127.0.0.1"
    port: int = Field(default=8443, ge=0, le=65535)
    max_skew_seconds: float = Field(default=60, gt=0)
    acceptance_seconds: float = Field(default=60, gt=0)
    max_item_bytes: int = Field(default=64 * 2**30, gt=0)
    retry_seconds: float = Field(default=1, gt=0)
    retry_limit_seconds: float = Field(default=300, gt=0)
    custody: tuple[Custody, ...] = Field(default=tuple(Custody), min_length=1)
    refusals_per_hour: int = Field(default=1000, gt=0)
    standing_orders: int = Field(default=100, gt=0)


class ApiConfig(_Section):
    """Where the API is served to this Party's officers; nowhere while `host` is "".

    `url` is what clients call it where that differs, such as by a name; proofs of tokens name it.
    """

    host: str = ""
    port: int = Field(default=8444, ge=0, le=65535)
    url: str = Field(default="", pattern=r"^(https://[^/?#\s]+)?$")
    requests_per_second: float = Field(default=2000, gt=0)
    connections: int = Field(default=512, gt=0)
    step_up_seconds: float = Field(default=300, gt=0)
    token_days: float = Field(default=30, gt=0, le=366)
    token_idle_days: float = Field(default=7, gt=0, le=366)
    session_seconds: float = Field(default=43200, gt=0, le=366 * 86400)
    session_idle_seconds: float = Field(default=900, gt=0, le=366 * 86400)


class OidcConfig(_Section):
    """The OpenID provider at which persons sign in to read; none while `issuer` is "".

    Which account is whose, an act of a security officer says; claims give no role.
    """

    issuer: str = Field(default="", pattern=r"^(https://[^?#\s]+)?$")
    client_id: str = ""
    client_secret_file: str = ""
    claim: Literal["sub", "email"] = "sub"
    hosts: tuple[str, ...] = ()
    roots: str = ""
    algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"], ...] = (
        Field(default=("RS256", "PS256", "ES256", "EdDSA"), min_length=1)
    )

    @model_validator(mode="after")
    def _named(self) -> OidcConfig:
        if self.issuer and not self.client_id:
            raise ValueError("`issuer` takes a `client_id`")
        return self


class WitnessConfig(_Section):
    """When peers are asked to cosign this node's logs, and how long entries may go without."""

    pause_seconds: float = Field(default=1, ge=0)
    interval_seconds: float = Field(default=3600, gt=0)
    unwitnessed_seconds: float = Field(default=86400, gt=0)


class TimestampConfig(_Section):
    """The time-stamping authority (RFC 3161) that stamps each log's checkpoint once a day; none where `url` is ""."""

    url: str = ""
    roots: str = ""


class TracerConfig(_Section):
    """A Party's own days for receipts under one agreement; no agreement that was read names any."""

    receipt_days: float = Field(gt=0)
    answer_days: float = Field(gt=0)


class ParcelConfig(_Section):
    """The bounds of an exchange by parcel; no agreement that was read names any."""

    acceptance_days: float = Field(default=30, gt=0)
    age_days: float = Field(default=30, gt=0)


class RecallConfig(_Section):
    """How long the holders of an item that is asked back have for their answers; no agreement that was read says it."""

    answer_days: float = Field(default=30, gt=0)


class ReconciliationConfig(_Section):
    """When registers and act records are compared with each peer's, within which bounds, and how long one may differ.

    No agreement that was read names any such number.
    """

    interval_seconds: float = Field(default=86400, ge=0)
    duty_seconds: float = Field(default=604800, ge=0)
    patience_seconds: float = Field(default=86400, ge=0)
    max_rounds: int = Field(default=1000, gt=0)
    max_bytes: int = Field(default=128 * 2**20, gt=0)
    max_seconds: float = Field(default=600, gt=0)


BY_PARCEL = "parcel:"
"""The address of a peer to whom there is no wire."""


class PeerConfig(_Section):
    """A peer this node talks to; its keys stand in the file of its identity, pinned by the fingerprint."""

    url: str
    fingerprint: str = Field(pattern=r"^[0-9a-f]{64}$")


class NodeConfig(BaseSettings):
    """The frozen settings of one node.

    `GSOMIA_` variables override the file (`GSOMIA_LINK__PORT=9443`), but for `party` and `exercise`, fixed by `init`.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix="GSOMIA_", env_nested_delimiter="__", env_ignore_empty=True
    )

    party: str = Field(pattern=r"^[A-Z]{3}$")
    exercise: bool
    keystore: str = ""
    link: LinkConfig = LinkConfig()
    api: ApiConfig = ApiConfig()
    oidc: OidcConfig = OidcConfig()
    witness: WitnessConfig = WitnessConfig()
    timestamps: TimestampConfig = TimestampConfig()
    parcels: ParcelConfig = ParcelConfig()
    recalls: RecallConfig = RecallConfig()
    reconciliation: ReconciliationConfig = ReconciliationConfig()
    peers: dict[str, PeerConfig] = {}
    tracers: dict[str, TracerConfig] = {}
    law_folders: list[str] = []

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file; there is no third source."""
        return (env_settings, init_settings)


_SECTIONS: dict[str, type[BaseModel]] = {
    "link": LinkConfig,
    "api": ApiConfig,
    "oidc": OidcConfig,
    "witness": WitnessConfig,
    "timestamps": TimestampConfig,
    "parcels": ParcelConfig,
    "recalls": RecallConfig,
    "reconciliation": ReconciliationConfig,
    "peers": PeerConfig,
    "tracers": TracerConfig,
}


def read_config(folder: Path) -> NodeConfig:
    """Read the settings of the node in a folder.

    Args:
        folder: what `gsomia init` made.

    Raises:
        UsageError: there is no node here.
        DataError: the file is not TOML, or a key is unknown or has a value that is not allowed.
    """
    path = folder / SETTINGS_FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"no node in `{folder}`", hint="make one with `gsomia init DIR --party XXX`") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: {error}") from error
    _check_environment()
    try:
        config = NodeConfig(**data)
    except ValidationError as error:
        raise DataError(_explain(path, error)) from error
    except SettingsError as error:
        raise DataError(f"environment: {error}", hint="a list or a table is written as JSON") from error
    if config.party != data.get("party") or config.exercise != data.get("exercise"):
        raise DataError(
            f"{path}: `party` and `exercise` are fixed for ever by `init`", hint="unset the GSOMIA_ variable"
        )
    return config


_COMMANDS = ("NODE", "NODE_IDENTITY", "OFFICER_KEY", "SESSION", "PASSPHRASE_FILE", "NEW_PASSPHRASE_FILE", "PIN_FILE")
"""Variables that are no settings: `cli` and `keystore` read them."""
_ONE_EACH = ("PEERS", "TRACERS")
"""Sections whose tables have names of their own."""


def _check_environment() -> None:
    """Check that no variable is a misspelt setting.

    Raises:
        DataError: one is; names the variable and those that are near or known.
    """
    single = {name.upper() for name in NodeConfig.model_fields}
    nested = {
        f"{section}__{name}".upper()
        for section, model in _SECTIONS.items()
        if section.upper() not in _ONE_EACH
        for name in model.model_fields
    }
    by_key = {name.rpartition("__")[2]: name for name in sorted(nested)} | {
        name: name for name in (*single, *_COMMANDS)
    }
    for variable in sorted(name for name in os.environ if name.upper().startswith("GSOMIA_")):
        name = variable.upper().removeprefix("GSOMIA_")
        if name in single | nested | {*_COMMANDS} or name.startswith(tuple(f"{one}__" for one in _ONE_EACH)):
            continue
        near = get_close_matches(name.rpartition("__")[2], by_key, 3, 0.7)
        if near or "__" in name:
            known = [by_key[key] for key in near] or sorted(nested)
            raise DataError(
                f"environment: {variable}: unknown setting",
                hint=f"known: {', '.join(f'GSOMIA_{one}' for one in known)}",
            )


def _explain(path: Path, error: ValidationError) -> str:
    """The first fault as `place: key: value: what is wrong; known: ...`; the place is the file or a variable."""
    fault = error.errors()[0]
    key = ".".join(str(part) for part in fault["loc"])
    place = f"{path}: {key}"
    variables = {name.upper(): name for name in os.environ}
    for count in range(len(fault["loc"]), 0, -1):
        name = "GSOMIA_" + "__".join(str(part) for part in fault["loc"][:count]).upper()
        if name in variables:
            place = f"environment: {variables[name]}: {key}"
            break
    if fault["type"] == "missing":
        return f"{place}: {fault['msg'].lower()}"
    if fault["type"] != "extra_forbidden":
        return f"{place}: `{fault['input']!s:.200}`: {fault['msg'].lower()}"
    known: Any = NodeConfig
    for part in fault["loc"][:-1]:
        known = _SECTIONS.get(str(part), known)
    return f"{place}: unknown key; known: {', '.join(sorted(known.model_fields))}"


def read_law_folder(folder: Path) -> dict[str, bytes]:
    """The files of one agreement's folder, by name.

    Raises:
        NodeError: the folder cannot be read.
    """
    try:
        return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()}
    except OSError as error:
        raise NodeError(f"cannot read the agreement folder `{folder}`: {error.strerror}") from error


def shipped_law() -> dict[str, dict[str, bytes]]:
    """The agreements that come with this release: folder name, then file name, then bytes.

    A node applies none of them until its legal officer has adopted one by an act.
    """
    here = Path(__file__).resolve().parent
    # In the wheel the folders lie inside the package, in a checkout beside `src`.
    for root in (here / "agreements", here.parent.parent / "agreements"):
        if root.is_dir():
            return {p.name: read_law_folder(p) for p in sorted(root.iterdir()) if (p / "agreement.toml").is_file()}
    raise NodeError("the agreements that belong to this release are missing", hint="install the package again")
