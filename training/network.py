"""The network of a recipe: which builder, with which arguments, from which weights."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from typing import Any

from torch import nn

from models.checkpoint_files import WeightsError
from models.weights import LoadReport, build_on_meta
from models.zoo import BUILDERS, family_of, initialise
from pipeline.errors import ConfigError
from pipeline.settings import settings


@settings(kw_only=True)
class NetworkSettings:
    """What is trained, and what it starts from."""

    builder: str
    """Name in `models.zoo.BUILDERS`."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Of the builder, where they differ from its own."""
    start: str = ""
    """A checkpoint of the manifest, or a safetensors file such as the `best.safetensors` of another
    run; empty: from scratch."""
    new_head: bool = False
    """The start has other classes; its head is replaced."""
    from_8_frames: bool = False
    """Unmasked Teacher: take the published 8-frame position table, not the start's own."""

    def __post_init__(self) -> None:
        if self.builder not in BUILDERS:
            raise ConfigError(
                f"network.builder: there is no {self.builder!r}; `python -m models.zoo list` "
                "shows all"
            )
        accepted = inspect.signature(BUILDERS[self.builder]).parameters
        for name in self.arguments:
            if name not in accepted:
                raise ConfigError(f"network.arguments: {self.builder} takes no {name!r}")

    @property
    def family(self) -> str:
        """`umt`, `uniformerv2`, `infogcn`, `vitpose` or `dino`."""
        return family_of(self.builder)

    def check_family(self, *families: str) -> None:
        """Refuse a network that does another task.

        Raises:
            ConfigError: Names the families that do this one.
        """
        if self.family not in families:
            raise ConfigError(
                f"network.builder: {self.builder} is a network of the family {self.family}; "
                f"choose one of the family {' or '.join(families)}"
            )

    def build(self, **extra: Any) -> nn.Module:
        """The network with its own first values; `extra` are arguments of the builder.

        Raises:
            ConfigError: The builder cannot do with the recipe's arguments.
        """
        try:
            return BUILDERS[self.builder](**{**self.arguments, **extra})
        except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: torch, of sizes
            if not self.arguments:
                raise
            given = ", ".join(f"{name} = {value!r}" for name, value in self.arguments.items())
            reason = str(error).splitlines()[0]
            raise ConfigError(
                f"network.arguments: {self.builder} cannot be built with {given} ({reason})"
            ) from error

    def on_meta(self) -> nn.Module:
        """The network without values, to ask it for its sizes."""
        return build_on_meta(self.build)

    def initialise(self, model: nn.Module) -> LoadReport | None:
        """Give a network its start; None when it has none.

        Raises:
            ConfigError: Nothing is called so.
            WeightsError: The start is not here, is damaged, or does not fit.
        """
        if not self.start:
            return None
        with naming("network.start"):
            return initialise(
                model, self.start, new_head=self.new_head, from_8_frames=self.from_8_frames
            )


@contextmanager
def naming(key: str) -> Iterator[None]:
    """Name the setting that holds the name of a checkpoint, where there is none of it.

    Raises:
        ConfigError: In the place of the ValueError of `models.zoo`, which knows no settings.
    """
    try:
        yield
    except WeightsError:
        raise
    except ValueError as error:
        raise ConfigError(f"{key}: {error}") from error
