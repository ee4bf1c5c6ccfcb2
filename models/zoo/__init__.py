"""The zoo: every network of the paper by name, and every set of weights that Rinkside knows of."""

from models.weights import LoadReport, MissingWeights, WeightsError
from models.zoo.builders import BUILDERS, BUILDERS_BY_FAMILY, family_of
from models.zoo.calibrations import FittedNumbers, read_calibrations
from models.zoo.convert import Conversion, convert_file
from models.zoo.fetch import fetch
from models.zoo.load import (
    ModelProvenance,
    check_checkpoint,
    checked,
    find_checkpoint,
    initialise,
    load_model,
)
from models.zoo.manifest import (
    MANIFEST,
    Checkpoint,
    Figure,
    ManifestError,
    Status,
    read_manifest,
)

__all__ = [
    "BUILDERS",
    "BUILDERS_BY_FAMILY",
    "MANIFEST",
    "Checkpoint",
    "Conversion",
    "Figure",
    "FittedNumbers",
    "LoadReport",
    "ManifestError",
    "MissingWeights",
    "ModelProvenance",
    "Status",
    "WeightsError",
    "check_checkpoint",
    "checked",
    "convert_file",
    "family_of",
    "fetch",
    "find_checkpoint",
    "initialise",
    "load_model",
    "read_calibrations",
    "read_manifest",
]
