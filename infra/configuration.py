"""The stack's configuration as Pulumi hands it over, made into settings."""

import pulumi
from pulumi.runtime import config

from infra.refusals import settle
from infra.settings import CLOUD_KEYS, PROJECT, Settings


def read() -> Settings:
    """Return the settings of this stack; SettingsError lists everything that is wrong with them."""
    given = {**config.get_config_env(), **config.CONFIG.get()}
    values: dict[str, object] = {
        key.removeprefix(f"{PROJECT}:"): value for key, value in given.items() if key.startswith(f"{PROJECT}:")
    }
    values |= {field: given[key] for key, field in CLOUD_KEYS.items() if key in given}
    secret = {key for key in given if config.is_config_secret(key)} | set(config.get_config_secret_keys_env())
    return settle(pulumi.get_stack(), values, frozenset(key.removeprefix(f"{PROJECT}:") for key in secret))
