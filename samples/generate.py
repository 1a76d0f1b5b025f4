"""Write the sample pictures: ``python samples/generate.py [NAME ...] [--out FOLDER]``.

Each sample is a folder with

=============== ===================================================================================
image.png       what the camera saw: foreground over background in linear light, plus sensor noise
                of less than one grey level, as 8-bit sRGB
alpha.png       the exact alpha, 8 bit
foreground.png  the exact foreground, straight (not premultiplied), 8-bit sRGB; continued smoothly
                where alpha is 0
background.png  the exact background, 8-bit sRGB; of the green screens: the clean plate
trimap.png      0, 128, 255: alpha's mixed pixels and four pixels on each side unknown
=============== ===================================================================================

The image is made from the alpha as stored, so the five files agree with each other up to noise and
rounding. The same call gives the same pixels on every machine.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import backgrounds
import cv2
import living
import numpy as np
import things
from brushes import encode, softened, to_bytes

HERE = Path(__file__).parent
# Width of the band a careful person would leave unknown around the mixed pixels.
TRIMAP_MARGIN = 4


def hair(random):
    """Put brown hair in front of sunlit leaves."""
    layer = living.long_hair(random, hair=("#1a0f0a", "#a8744a"), jumper="#8c8f96")
    return softened(layer), backgrounds.foliage(random)


def fur(random):
    """Put a ginger cat in front of weathered boards."""
    layer = softened(living.cat(random), 0.35)
    background = backgrounds.boards(random)
    return layer, backgrounds.shade(background, layer.alpha, shift=(6, 10), sigma=14, depth=0.4)


def holes(random):
    """Put a bicycle wheel and a trellis at a brick wall."""
    layer = softened(things.wheel_and_trellis(random), 0.4)
    background = backgrounds.bricks(random)
    return layer, backgrounds.shade(background, layer.alpha, shift=(9, 12), sigma=4, depth=0.55)


def glass(random):
    """Put a bottle on a table in front of city lights."""
    layer = things.bottle(random)
    return layer, backgrounds.street(random)


def motion(random):
    """Put a racket and a ball in motion on a clay court."""
    return things.swung_racket(random), backgrounds.court(random)


def green_even(random):
    """Put dark hair and a grey jumper in front of a well-lit green screen."""
    layer = living.long_hair(random, hair=("#130c0a", "#8a5a3c"), jumper="#77797d")
    return softened(layer), backgrounds.even_screen(random)


def green_uneven(random):
    """Put blond hair, a yellow jumper, a glass bottle and a red ball; a badly lit green screen."""
    layer = living.long_hair(random, hair=("#5a3a1c", "#e8c98c"), jumper="#d9b02a", centre=210)
    layer.over(things.bottle(random, centre=(270, 430), scale=0.66))
    layer.over(things.red_ball((70, 400)))
    return softened(layer), backgrounds.uneven_screen(random)


# The seeds are part of the pictures: a new one is a new picture.
SCENES = {
    scene.__name__: (scene, seed)
    for seed, scene in enumerate((hair, fur, holes, glass, motion, green_even, green_uneven), 1)
}


def render(name):
    """Paint a sample; returns its files as {name: uint8 array}, colours in RGB order."""
    scene, seed = SCENES[name]
    random = np.random.RandomState(seed)
    layer, background = scene(random)
    alpha = to_bytes(layer.alpha)
    foreground = np.clip(layer.straight(), 0, 1)
    background = np.clip(background, 0, 1)
    weight = alpha[..., None] / 255
    light = weight * foreground + (1 - weight) * background
    return {
        "image": to_bytes(encode(light) + backgrounds.grain(random)),
        "alpha": alpha,
        "foreground": to_bytes(encode(foreground)),
        "background": to_bytes(encode(background)),
        "trimap": trimap_of(alpha),
    }


def trimap_of(alpha):
    """Unknown: mixed pixels and whatever lies within the margin of another class."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * TRIMAP_MARGIN + 1,) * 2)
    trimap = np.full_like(alpha, 128)
    trimap[cv2.dilate(np.uint8(alpha > 0), disc) == 0] = 0
    trimap[cv2.erode(np.uint8(alpha == 255), disc) == 1] = 255
    return trimap


def main():
    """Write the samples named on the command line, or all."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *SCENES], metavar="NAME")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to")
    arguments = parser.parse_args()
    for name in arguments.names or SCENES:
        folder = arguments.out / name
        folder.mkdir(parents=True, exist_ok=True)
        for kind, pixels in render(name).items():
            stored = pixels[..., ::-1] if pixels.ndim == 3 else pixels
            best = [cv2.IMWRITE_PNG_COMPRESSION, 9]
            if not cv2.imwrite(str(folder / f"{kind}.png"), stored, best):
                parser.error(f"cannot write {folder / kind}.png")


if __name__ == "__main__":
    main()
