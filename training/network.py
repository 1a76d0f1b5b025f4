"""The trimap network: a small residual U-Net with global context.

Input (N, 4, H, W): sRGB-coded RGB in [0, 1] and a hint channel (0 background, 0.5 don't know,
1 foreground); H and W are multiples of 32.  Output: three class probabilities (background,
unknown, foreground) and a coarse alpha.  Normalisation sits inside the graph.  The encoder halves
the resolution five times; at 1/32 one self-attention block and dilated convolutions let every
place see the whole picture, which is what deciding "what is the subject" needs.  The head predicts
at half resolution and rearranges 2 x 2 groups of channels into full-resolution pixels (sub-pixel
convolution, Shi et al. 2016).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

RGB_MEAN = (0.485, 0.456, 0.406)
RGB_STD = (0.229, 0.224, 0.225)
STRIDE = 32
WIDTHS = (16, 40, 80, 128, 160)
DECODER_WIDTHS = (20, 40, 64, 96)


def conv_bn(
    channels_in: int, channels_out: int, *, size: int = 3, stride: int = 1, dilation: int = 1
) -> nn.Sequential:
    """Convolution and batch normalisation, without the activation."""
    padding = dilation * (size // 2)
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, size, stride, padding, dilation=dilation, bias=False),
        nn.BatchNorm2d(channels_out),
    )


class ResidualBlock(nn.Module):
    """Two 3 x 3 convolutions around a shortcut; the second may be dilated."""

    def __init__(self, channels: int, *, dilation: int = 1, hidden: int | None = None) -> None:
        super().__init__()
        hidden = hidden or channels
        self.first = conv_bn(channels, hidden)
        self.second = conv_bn(hidden, channels, dilation=dilation)
        nn.init.zeros_(self.second[1].weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class GlobalAttention(nn.Module):
    """Self-attention over all places of a small feature map, followed by a two-layer mix.

    Convolutions before it pad with zeros and so carry position; no embedding is needed, and any
    size of map works.
    """

    def __init__(self, channels: int, *, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.BatchNorm2d(channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.project = nn.Conv2d(channels, channels, 1)
        self.mix = nn.Sequential(
            conv_bn(channels, 2 * channels, size=1),
            nn.ReLU(),
            conv_bn(2 * channels, channels, size=1),
        )
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)
        nn.init.zeros_(self.mix[2][1].weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the same shape."""
        count, channels, height, width = x.shape
        qkv = self.qkv(self.norm(x))
        qkv = qkv.reshape(count, 3, self.heads, channels // self.heads, height * width)
        query, key, value = (part.transpose(-1, -2) for part in qkv.unbind(1))
        scores = (query @ key.transpose(-1, -2)) * (channels // self.heads) ** -0.5
        mixed = scores.softmax(-1) @ value
        mixed = mixed.transpose(-1, -2).reshape(count, channels, height, width)
        x = x + self.project(mixed)
        return functional.relu(x + self.mix(x))


class Merge(nn.Module):
    """Join the coarse map, upsampled by two, with the encoder's map of that size, and refine.

    A 1 x 1 convolution of the two maps put together equals the sum of one convolution each; the
    coarse one runs before upsampling, which costs a quarter.
    """

    def __init__(self, coarse: int, skip: int, out: int, *, residual: bool = True) -> None:
        super().__init__()
        self.coarse = nn.Conv2d(coarse, out, 1, bias=False)
        self.skip = conv_bn(skip, out, size=1)
        self.refine = (
            ResidualBlock(out) if residual else nn.Sequential(conv_bn(out, out), nn.ReLU())
        )

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """Map (N, C, H, W) and (N, S, 2H, 2W) to (N, out, 2H, 2W)."""
        raised = functional.interpolate(self.coarse(coarse), scale_factor=2.0, mode="nearest")
        return self.refine(functional.relu(raised + self.skip(skip)))


class TrimapNet(nn.Module):
    """Residual U-Net; see the module's head.  About 2.5 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        w, d = WIDTHS, DECODER_WIDTHS
        self.register_buffer("mean", torch.tensor((*RGB_MEAN, 0.5)).view(1, 4, 1, 1))
        self.register_buffer("std", torch.tensor((*RGB_STD, 0.5)).view(1, 4, 1, 1))
        self.stem = nn.Sequential(conv_bn(4, w[0], stride=2), nn.ReLU())
        self.stage1 = self._stage(w[0], w[1], 0)
        self.stage2 = self._stage(w[1], w[2], 2)
        self.stage3 = self._stage(w[2], w[3], 2)
        self.stage4 = self._stage(w[3], w[4], 1)
        self.context = nn.Sequential(
            ResidualBlock(w[4], dilation=2, hidden=96),
            GlobalAttention(w[4]),
            ResidualBlock(w[4], dilation=4, hidden=96),
        )
        self.merge3 = Merge(w[4], w[3], d[3])
        self.merge2 = Merge(d[3], w[2], d[2])
        self.merge1 = Merge(d[2], w[1], d[1], residual=False)
        self.merge0 = Merge(d[1], w[0], d[0], residual=False)
        self.head = nn.Conv2d(d[0], 16, 3, padding=1)
        self.coarse_head = nn.Conv2d(w[4], 1, 1)  # used in training only
        self.middle_head = nn.Conv2d(d[2], 1, 1)  # used in training only

    @staticmethod
    def _stage(channels_in: int, channels_out: int, blocks: int) -> nn.Sequential:
        down = conv_bn(channels_in, channels_out, stride=2)
        return nn.Sequential(down, nn.ReLU(), *(ResidualBlock(channels_out) for _ in range(blocks)))

    def forward_logits(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return logits (N, 4, H, W) - three classes, then alpha - and two coarse alpha logits."""
        s0 = self.stem((x - self.mean) / self.std)
        s1 = self.stage1(s0)
        s2 = self.stage2(s1)
        s3 = self.stage3(s2)
        deep = self.context(self.stage4(s3))
        y2 = self.merge2(self.merge3(deep, s3), s2)
        y0 = self.merge0(self.merge1(y2, s1), s0)
        logits = functional.pixel_shuffle(self.head(y0), 2)
        return logits, [self.coarse_head(deep), self.middle_head(y2)]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return probabilities (N, 3, H, W) and alpha (N, 1, H, W), both in [0, 1]."""
        logits, _ = self.forward_logits(x)
        return logits[:, :3].softmax(1), logits[:, 3:].sigmoid()
