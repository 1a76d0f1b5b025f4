"""Colour key: the screen and its plate, alpha from colour alone, and despill. Linear light inside.

`estimate_screen` comes first; `key_alpha` and `key_evidence` tell what is in front of the screen,
`despill` takes the screen's light out of it.
"""

from __future__ import annotations

from hybridbg.keying.alpha import key_alpha
from hybridbg.keying.despill import despill
from hybridbg.keying.evidence import KeyEvidence, key_evidence
from hybridbg.keying.preview import key_preview
from hybridbg.keying.screen import Screen, estimate_screen

__all__ = [
    "KeyEvidence",
    "Screen",
    "despill",
    "estimate_screen",
    "key_alpha",
    "key_evidence",
    "key_preview",
]
