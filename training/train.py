"""Train the trimap network: ``python -m training.train --data DATA --out RUN [--config FILE]``.

The same command runs on a CPU or a CUDA device and resumes from RUN/last.pt when it exists.
Batches depend on the seed and the step only.  The learning rate warms up, then falls along half a
cosine of progress, where progress is the larger of steps done and minutes used; a run limited by
minutes therefore ends well on any machine, and one limited by steps is repeatable.  RUN receives
``log.jsonl``, checkpoints, and contact sheets of the held-out photographs.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler

from training.data import Library, load_library
from training.losses import LossSettings, training_loss
from training.network import TrimapNet
from training.samples import SampleMaker, SampleSettings
from training.watch import watch_held_out

LOG_EVERY = 50  # steps
GRADIENT_LIMIT = 2.0  # norm
PREFETCH = 6  # batches


class Batches(Dataset):
    """Whole batches by step, built in the worker process."""

    def __init__(self, maker: SampleMaker, seed: int) -> None:
        self.maker, self.seed = maker, seed

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        cv2.setNumThreads(1)
        return tuple(torch.from_numpy(part) for part in self.maker.batch(self.seed, index))


class Steps(Sampler):
    """The steps from `start` to `stop`."""

    def __init__(self, start: int, stop: int) -> None:
        self.start, self.stop = start, stop

    def __iter__(self):
        return iter(range(self.start, self.stop))

    def __len__(self) -> int:
        return self.stop - self.start


def decode_hint(coded: Tensor) -> Tensor:
    """uint8 hint (N, H, W) to float (N, 1, H, W); the code 128 means exactly 0.5."""
    hint = coded[:, None].float() / 255.0
    return torch.where(coded[:, None] == 128, torch.full_like(hint, 0.5), hint)


@dataclass
class Run:
    """State of a run: what a checkpoint holds."""

    net: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    step: int = 0
    samples: int = 0
    seconds: float = 0.0

    def save(self, path: Path) -> None:
        """Write a checkpoint, replacing the old one only when complete."""
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": (self.step, self.samples, self.seconds),
        }
        torch.save(state, path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)

    def load(self, path: Path) -> None:
        """Continue from a checkpoint."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.samples, self.seconds = state["progress"]

    def start_from(self, path: Path) -> None:
        """Take the averaged weights of another run, and nothing else."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.net.load_state_dict(state["average"])
        self.average.load_state_dict(state["average"])


def learning_rate(run: Run, config: dict[str, Any]) -> float:
    """Warm-up, then half a cosine down to 1 % of the peak."""
    progress = max(run.step / config["steps"], run.seconds / 60.0 / config["minutes"])
    cosine = 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))
    return (
        config["learning_rate"]
        * min(1.0, (run.step + 1) / config["warmup_steps"])
        * (0.01 + 0.99 * cosine)
    )


@torch.no_grad()
def update_average(average: nn.Module, net: nn.Module, step: int, decay: float) -> None:
    """Exponential moving average of weights, with a shorter memory at the start."""
    decay = min(decay, (1 + step) / (10 + step))
    for mean, value in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(value, 1.0 - decay)
        else:
            mean.copy_(value)


def make_run(config: dict[str, Any], device: torch.device) -> Run:
    """Make a fresh network and optimiser."""
    torch.manual_seed(config["seed"])
    net = TrimapNet().to(device, memory_format=torch.channels_last)
    decayed = [p for p in net.parameters() if p.ndim > 1]
    plain = [p for p in net.parameters() if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": config["weight_decay"]},
        {"params": plain, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=config["learning_rate"], fused=True)
    return Run(net, copy.deepcopy(net), optimiser)


def train_step(run: Run, batch: tuple[Tensor, ...], losses: LossSettings, device: torch.device):
    """One optimiser step; returns the loss terms."""
    image, hint, alpha, target = (part.to(device, non_blocking=True) for part in batch)
    hint = decode_hint(hint)
    picture = torch.cat((image.permute(0, 3, 1, 2).float() / 255.0, hint), dim=1)
    picture = picture.contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16):
        logits, coarse = run.net.forward_logits(picture)
    truth = alpha[:, None].float() / 255.0
    terms = training_loss(logits.float(), coarse, hint, truth, target.long(), losses)
    run.optimiser.zero_grad(set_to_none=True)
    terms["loss"].backward()
    nn.utils.clip_grad_norm_(run.net.parameters(), GRADIENT_LIMIT)
    run.optimiser.step()
    run.step += 1
    run.samples += len(image)
    return {name: term.detach() for name, term in terms.items()}


def write_log(path: Path, record: dict[str, Any]) -> None:
    """Append one JSON line."""
    rounded = {k: round(v, 5) if isinstance(v, float) else v for k, v in record.items()}
    with path.open("a") as log:
        log.write(json.dumps(rounded) + "\n")


def train(
    config: dict[str, Any], library: Library, out: Path, device: torch.device, start: Path | None
) -> None:
    """Run until the minutes or the steps are used up."""
    settings = config["samples"]
    maker = SampleMaker(library, SampleSettings(**settings))
    losses = LossSettings(**config["loss"])
    run = make_run(config, device)
    if (out / "last.pt").exists():
        run.load(out / "last.pt")
    elif start is not None:
        run.start_from(start)
    loader = DataLoader(
        Batches(maker, config["seed"]),
        batch_size=None,
        sampler=Steps(run.step, config["steps"]),
        num_workers=1,
        prefetch_factor=PREFETCH,
    )
    begun = time.monotonic() - run.seconds
    saved = watched = run.seconds
    sums: dict[str, Tensor] = {}
    run.net.train()
    for batch in loader:
        rate = learning_rate(run, config)
        for group in run.optimiser.param_groups:
            group["lr"] = rate
        for name, term in train_step(run, batch, losses, device).items():
            sums[name] = sums.get(name, 0) + term
        update_average(run.average, run.net, run.step, config["ema_decay"])
        run.seconds = time.monotonic() - begun
        if run.step % LOG_EVERY == 0:
            means = {name: float(total) / LOG_EVERY for name, total in sums.items()}
            record = {"step": run.step, "samples": run.samples, "seconds": run.seconds}
            write_log(out / "log.jsonl", {**record, "rate": rate, **means})
            sums = {}
        if run.seconds - saved > 60 * config["checkpoint_minutes"]:
            run.save(out / "last.pt")
            saved = run.seconds
        done = run.seconds >= 60 * config["minutes"] or run.step >= config["steps"]
        if done or run.seconds - watched > 60 * config["evaluate_minutes"]:
            sheet = out / f"held_out_{run.step:06d}.png"
            scores = watch_held_out(run.average, library.held_out, device, sheet)
            write_log(out / "log.jsonl", {"step": run.step, "samples": run.samples, **scores})
            watched = run.seconds
        if done:
            break
    run.save(out / "last.pt")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="data root")
    parser.add_argument("--out", type=Path, required=True, help="folder of this run")
    parser.add_argument("--config", type=Path, default=Path("training/config/small.toml"))
    parser.add_argument("--start", type=Path, help="checkpoint whose weights a new run begins with")
    parser.add_argument("--labels", type=Path, help="folder written by training.label")
    parser.add_argument("--minutes", type=float, help="instead of the configuration's")
    parser.add_argument("--limit", type=int, help="read at most so many pictures of a list")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    arguments = parser.parse_args()
    config = tomllib.loads(arguments.config.read_text())
    if arguments.minutes is not None:
        config["minutes"] = arguments.minutes
    torch.set_num_threads(arguments.threads)
    cv2.setNumThreads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    library = load_library(
        arguments.data, config["weights"], labels=arguments.labels, limit=arguments.limit
    )
    train(config, library, arguments.out, torch.device(arguments.device), arguments.start)


if __name__ == "__main__":
    main()
