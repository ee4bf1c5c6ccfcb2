"""Published checkpoints -> safetensors under our keys, checked against the network they are for."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from torch import Tensor, nn

from models.atomic_files import LONGEST_NAME
from models.checkpoint_files import WeightsError, read_part, sha256_of
from models.checkpoint_writing import write_safetensors
from models.eight_bits import in_eight_bits
from models.errors import UserError
from models.families import FAMILIES, Family, Layout, recognise
from models.layouts.base import Converted
from models.weights import Misfit, build_on_meta, check_finite, check_fit
from models.zoo.aside import network_in
from models.zoo.builders import BUILDERS, BUILDERS_BY_FAMILY, Builder, family_of

NAMED_KEYS = 3


@dataclass(frozen=True)
class Conversion:
    """What a conversion did, to be told to the user."""

    source: Path
    """The published file."""
    out: Path
    """The safetensors file."""
    sha256: str
    """Of `out`."""
    layout: str
    """Family and layout of the source."""
    read: int
    """Tensors in the source."""
    written: int
    """Tensors in `out`."""
    fits: tuple[str, ...]
    """Builders whose network takes the file, with their arguments in words."""
    dropped: tuple[str, ...]
    """Source keys that carry nothing for us."""
    new: tuple[str, ...]
    """Our keys that the source does not hold."""
    notes: tuple[str, ...]
    """What the layout did to the values."""

    def lines(self) -> Iterator[str]:
        """The report of the command line."""
        yield f"{self.source}: {self.layout}, {self.read} tensors"
        yield f"{self.out}: {self.written} tensors, sha256 {self.sha256}"
        yield f"fits: {', '.join(self.fits)}"
        if self.dropped:
            yield f"dropped: {_some(self.dropped)}"
        if self.new:
            yield f"not in the file, to be trained: {_some(self.new)}"
        yield from (f"note: {note}" for note in self.notes)


def convert_file(
    source: Path,
    out: Path,
    *,
    family: str,
    builder: str | None = None,
    from_8_frames: bool = False,
    eight_bits: bool = False,
    key: str | None = None,
) -> Conversion:
    """Turn a published checkpoint into a safetensors file under our keys.

    Args:
        source: Any file that `read_state` reads, in any layout of the family.
        out: The file to write; an older one is replaced.
        family: Its family; a file that looks like another is refused.
        builder: The network that it is for; found by trying all of the family when None. A CLIP
            tower needs it, and a UMT checkpoint that is to move to other frames or pixels.
        from_8_frames: Take the published 8-frame position table (UMT) instead of the file's.
        eight_bits: Store matrices and filters in eight bits, see `in_eight_bits`.
        key: Which of the file's state dicts, see `part_of`; None takes the usual one.

    Raises:
        WeightsError: An unreadable file, another family, or no network that it fits.
        UserError: An unknown family or builder.
    """
    _check_names(out, family, builder)
    part = read_part(source, key)
    state, aside, chosen = network_in(part.state)
    layout = _layout_of(state, family, source)
    trial = _Trial(str(source), FAMILIES[family], layout, state, from_8_frames=from_8_frames)
    fits = [trial.fit(builder, adapt=True)] if builder else trial.fit_any()
    metadata = _metadata(fits, layout, source)
    state_out = in_eight_bits(fits[0].state) if eight_bits else fits[0].state
    write_safetensors(state_out, out, metadata)
    return Conversion(
        source=source,
        out=out,
        sha256=sha256_of(out),
        layout=f"{family}, {layout.name} layout",
        read=len(part.state),
        written=len(fits[0].state),
        fits=tuple(str(fit) for fit in fits),
        dropped=(*aside, *fits[0].converted.dropped),
        new=fits[0].new,
        notes=(*part.notes, *chosen, *fits[0].notes),
    )


@dataclass(frozen=True)
class _Fit:
    """A network that takes the checkpoint."""

    builder: str
    arguments: Mapping[str, int]
    """What the file counts otherwise than the builder by itself (classes, joints)."""
    converted: Converted
    state: dict[str, Tensor]
    new: tuple[str, ...]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        counts = ", ".join(f"{name}={count}" for name, count in self.arguments.items())
        return f"{self.builder} with {counts}" if counts else self.builder


@dataclass(frozen=True)
class _Trial:
    """A checkpoint that is tried on networks."""

    source: str
    family: Family
    layout: Layout
    state: dict[str, Tensor]
    from_8_frames: bool

    def fit(self, builder: str, *, adapt: bool = False) -> _Fit:
        """The checkpoint in this network; WeightsError when it does not fit."""
        model = build_on_meta(BUILDERS[builder])
        own = model.state_dict()
        converted = self._converted(model) if self.layout.needs_model else self._same_for_all
        arguments = self._counts(converted.state, BUILDERS[builder], own)
        if arguments:
            model = build_on_meta(partial(BUILDERS[builder], **arguments))
        state, notes = converted.state, converted.notes
        if adapt:
            state, note = self._adapt(state, model)
            notes = (*notes, note) if note else notes
        report = check_fit(model, state, source=self.source, fresh=self._absent(own, state))
        return _Fit(builder, arguments, converted, state, report.new, (*notes, *report.notes))

    def fit_any(self) -> list[_Fit]:
        """All networks of the family that take it, with their own number of classes if possible."""
        builders = BUILDERS_BY_FAMILY[self.family.name]
        if self.layout.needs_model:
            raise WeightsError(
                f"{self.source} is a {self.layout.name} tower, which can start every "
                f"{self.family.name} of its size: say which, e.g. --builder {next(iter(builders))}"
            )
        fits, misfits = [], []
        for builder in builders:
            try:
                fits.append(self.fit(builder))
            except WeightsError as error:
                misfits.append(error)
        if not fits:
            raise min(misfits, key=_distance)
        return [fit for fit in fits if not fit.arguments] or fits

    @cached_property
    def _same_for_all(self) -> Converted:
        return self._converted()

    def _converted(self, *arguments: nn.Module) -> Converted:
        try:
            converted = self.layout.convert(self.state, *arguments)
        except ValueError as error:
            raise WeightsError(f"{self.source}: {error}") from error
        check_finite(converted.state, source=self.source)
        return converted

    def _adapt(
        self, state: dict[str, Tensor], model: nn.Module
    ) -> tuple[dict[str, Tensor], str | None]:
        adapt = self.family.adapt
        try:
            return adapt(state, model, from_8_frames=self.from_8_frames) if adapt else (state, None)
        except ValueError as error:
            raise WeightsError(f"{self.source}: {error}") from error

    def _absent(self, own: Iterable[str], state: Mapping[str, Tensor]) -> list[str]:
        """What the source need not hold: what CLIP has not, and the head of a pre-trained file."""
        absent = [key for key in own if key not in state]
        if self.layout.needs_model:
            return absent
        if any(key.startswith(self.family.head) for key in state):
            return []
        return [key for key in absent if key.startswith(self.family.head)]

    def _counts(
        self, state: Mapping[str, Tensor], builder: Builder, own: Mapping[str, Tensor]
    ) -> dict[str, int]:
        accepted = inspect.signature(builder).parameters
        return {
            argument: len(state[key])
            for argument, key in self.family.counted_by.items()
            if argument in accepted and key in state and len(state[key]) != len(own[key])
        }


def _distance(error: WeightsError) -> int:
    """How far a checkpoint is from a network; 0 where something else is wrong with it."""
    return error.tensors if isinstance(error, Misfit) else 0


def _check_names(out: Path, family: str, builder: str | None) -> None:
    if out.suffix != ".safetensors":
        raise UserError(f"--out must end in .safetensors, got {out}")
    if len(os.fsencode(out.name)) > LONGEST_NAME:
        raise UserError(f"--out {out}: is too long a name for the file system; choose a shorter")
    if family not in FAMILIES:
        raise UserError(f"{family!r} is not a family; known are {', '.join(FAMILIES)}")
    if builder and family_of(builder) != family:
        raise UserError(f"{builder} builds {family_of(builder)}, not {family}")


def _layout_of(state: Mapping[str, Tensor], family: str, source: Path) -> Layout:
    found = recognise(state)
    if found is None:
        raise WeightsError(
            f"{source} has no key layout that Rinkside knows; its keys begin with "
            f"{_some(tuple(state))}"
        )
    if found[0].name != family:
        raise WeightsError(
            f"{source} looks like a {found[0].name} checkpoint ({found[1].name} layout), "
            f"not like {family}; say --family {found[0].name}"
        )
    return found[1]


def _metadata(fits: Sequence[_Fit], layout: Layout, source: Path) -> dict[str, str]:
    """What the file tells about itself; the builder where only one fits."""
    metadata = {
        "family": family_of(fits[0].builder),
        "layout": layout.name,
        "source": source.name,
        "source_sha256": sha256_of(source),
        "arguments": json.dumps(dict(fits[0].arguments)),
    }
    if len(fits) == 1:
        metadata["builder"] = fits[0].builder
    if fits[0].new:
        metadata["newly_initialised"] = json.dumps(fits[0].new)
    return metadata


def _some(names: Sequence[str]) -> str:
    rest = len(names) - NAMED_KEYS
    more = f" and {rest} more" if rest > 0 else ""
    return f"{', '.join(names[:NAMED_KEYS])}{more}"
