"""`python -m training.publish NAME --repo OWNER/REPO`: push a checkpoint to a hub with its card.

The repository gets the weights, `README.md` (the model card) and `entry.toml` (the manifest's
entry). Who you are is what `hf auth login` or `HF_TOKEN` say; `HF_ENDPOINT` names another hub.
`--card FILE` writes the card and pushes nothing.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import httpx
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

from models.command_line import Parser, StatusLine, run_command
from models.zoo import MANIFEST, Checkpoint, ManifestError, check_checkpoint, read_manifest
from pipeline.errors import ConfigError
from training.engine.checkpoints import writing
from training.export import entry_of
from training.release.card import model_card


def publish(name: str, repo: str, *, private: bool, manifest: Path = MANIFEST) -> str:
    """Push a checkpoint; returns the address of the commit.

    Raises:
        ConfigError: No such checkpoint, or the hub refuses or does not answer.
        WeightsError: The weights are not here, or not those that the manifest means.
    """
    checkpoint = _known(name, manifest)
    check_checkpoint(checkpoint, manifest)
    weights = checkpoint.path(manifest)
    entry = entry_of(manifest.read_text(encoding="utf-8"), name)
    files: dict[str, str | bytes] = {
        weights.name: str(weights),
        "README.md": model_card(checkpoint).encode(),
        "entry.toml": entry.encode(),
    }
    hub = HfApi()
    try:
        hub.create_repo(repo, private=private, exist_ok=True)
        done = hub.create_commit(
            repo,
            [CommitOperationAdd(path, content) for path, content in files.items()],
            commit_message=f"Add {name}",
        )
    except HFValidationError as error:
        raise ConfigError(f"--repo {repo}: {error}") from error
    except OfflineModeIsEnabled as error:
        raise ConfigError("HF_HUB_OFFLINE is set; unset it to push") from error
    except HfHubHTTPError as error:
        raise ConfigError(f"{hub.endpoint}: {_refusal(error)}") from error
    except (httpx.HTTPError, OSError) as error:
        raise ConfigError(f"{hub.endpoint}: does not answer ({error}); try again later") from error
    return done.commit_url


def _known(name: str, manifest: Path) -> Checkpoint:
    try:
        checkpoint = read_manifest(manifest).get(name)
    except ManifestError as error:
        raise ConfigError(str(error)) from error
    if checkpoint is None:
        raise ConfigError(
            f"{name}: there is no such checkpoint; `python -m models.zoo list` shows all, "
            "python -m training.export makes one from a run"
        )
    return checkpoint


def _refusal(error: HfHubHTTPError) -> str:
    code = error.response.status_code
    if code in (401, 403):
        return f"refuses ({code}); run `hf auth login` with a token that may write there"
    text = re.sub(r"\s+", " ", str(error)).strip()
    return f"refuses ({text})"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m training.publish", description=__doc__)
    parser.add_argument("name", metavar="NAME", help="checkpoint in the manifest")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--repo", metavar="OWNER/REPO", help="created if it does not exist")
    where.add_argument("--card", type=Path, metavar="FILE", help="write the card only")
    parser.add_argument("--private", action="store_true", help="make a new repository private")
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help=argparse.SUPPRESS)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """0 done, 2 bad input or a hub that refuses."""
    parsed = _parser().parse_args(arguments)

    def command() -> int:
        if parsed.card:
            with writing(parsed.card, remedy="choose another place"):
                text = model_card(_known(parsed.name, parsed.manifest))
                parsed.card.write_text(text, encoding="utf-8")
            return 0
        address = publish(
            parsed.name, parsed.repo, private=parsed.private, manifest=parsed.manifest
        )
        sys.stdout.write(f"{address}\n")
        return 0

    return run_command(command, StatusLine(active=False))


if __name__ == "__main__":
    sys.exit(main())
