"""The names colour spaces have across programs, and what they mean.

Source: "Color Space Encodings for Texture Assets and CG Rendering", Color Interop Forum (ASWF),
which EXR carries as ``colorInteropID``; the names after ``ocio:`` are those of OpenColorIO's own
configs from v4 on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mattebox_ocio.primaries import KNOWN_PRIMARIES, Primaries

Curve = Literal["linear", "srgb", "gamma 1.8", "gamma 2.2", "gamma 2.4", "pq"]

_GAMMAS = {"gamma 1.8": 1.8, "gamma 2.2": 2.2, "gamma 2.4": 2.4}

DATA_IDS = ("data", "unknown")
"""Ids that name no colour space."""


@dataclass(frozen=True)
class KnownId:
    """A name across programs.

    Attributes:
        interop_id: the name.
        primaries: its primaries.
        curve: what turns its values into linear light.
        aliases: names under which configs that do not know the id may have the space.
    """

    interop_id: str
    primaries: Primaries
    curve: Curve
    aliases: tuple[str, ...] = ()

    def decoded(self, codes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Codes 0..1 of any shape to linear light."""
        if self.curve == "linear":
            return codes
        if self.curve == "srgb":  # IEC 61966-2-1
            return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
        if self.curve == "pq":  # SMPTE ST 2084, 100 cd/m2 as 1
            root = np.power(codes, 32 / 2523)
            ratio = np.maximum(root - 107 / 128, 0.0) / (2413 / 128 - 2392 / 128 * root)
            return 100.0 * np.power(ratio, 8192 / 1305)
        return np.power(codes, _GAMMAS[self.curve])


def _primaries(interop_id: str) -> Primaries:
    return next(p for p in KNOWN_PRIMARIES if p.interop_id == interop_id)


_REC709 = _primaries("lin_rec709_scene")
_REC2020 = _primaries("lin_rec2020_scene")
_P3 = _primaries("lin_p3d65_scene")

SRGB_TEXTURE = KnownId(
    "srgb_rec709_scene",
    _REC709,
    "srgb",
    ("srgb_texture", "srgb_tx", "sRGB - Texture", "Utility - sRGB - Texture", "sRGB"),
)
"""What 8- and 16-bit integer files hold unless they say otherwise."""

REC709_VIDEO = KnownId(
    "g24_rec709_display",
    _REC709,
    "gamma 2.4",
    ("g24_rec709_scene", "g24_rec709", "g24_rec709_tx", "rec709_display"),
)
"""What movies hold unless they say otherwise: BT.709 as a display shows it, by ITU-R BT.1886."""

KNOWN_IDS: tuple[KnownId, ...] = (
    *(KnownId(p.interop_id, p, "linear") for p in KNOWN_PRIMARIES if p.interop_id is not None),
    SRGB_TEXTURE,
    KnownId("srgb_rec709_display", _REC709, "srgb", SRGB_TEXTURE.aliases),
    KnownId("g18_rec709_scene", _REC709, "gamma 1.8"),
    KnownId("g22_rec709_scene", _REC709, "gamma 2.2"),
    KnownId("g22_rec709_display", _REC709, "gamma 2.2"),
    KnownId("srgb_ap1_scene", _primaries("lin_ap1_scene"), "srgb"),
    KnownId("g22_ap1_scene", _primaries("lin_ap1_scene"), "gamma 2.2"),
    KnownId("srgb_p3d65_scene", _primaries("lin_p3d65_scene"), "srgb"),
    KnownId("srgb_p3d65_display", _primaries("lin_p3d65_scene"), "srgb"),
    KnownId("g22_adobergb_scene", _primaries("lin_adobergb_scene"), "gamma 2.2"),
    REC709_VIDEO,
    KnownId("g24_rec2020_display", _REC2020, "gamma 2.4", ("rec1886_rec2020_display",)),
    KnownId("pq_rec2020_display", _REC2020, "pq", ("rec2100_pq_display",)),
    KnownId("pq_p3d65_display", _P3, "pq", ("st2084_p3d65_display",)),
)

CICP_UNSPECIFIED = 2
"""Not said, for primaries and transfer alike."""

CICP_PRIMARIES = {1: _REC709, 9: _REC2020, 12: _P3}
"""Primaries by their number in ITU-T H.273, as far as configs have them."""

SD_PRIMARIES = {5: "BT.470 BG", 6: "SMPTE 170M", 7: "SMPTE 240M"}
"""Those of older video. No config has them; Rec.709's are within 0.03 in x and y."""

CICP_CURVES: dict[int, Curve] = {
    # A display's curve, ITU-R BT.1886, for all that are the camera curve of BT.709.
    1: "gamma 2.4", 6: "gamma 2.4", 14: "gamma 2.4", 15: "gamma 2.4",
    4: "gamma 2.2", 8: "linear", 13: "srgb", 16: "pq",
}  # fmt: skip
"""What turns codes into light, by the number of the transfer in ITU-T H.273."""

CICP_NAMES = {9: "Rec.2020", 11: "DCI-P3", 12: "P3-D65", 16: "PQ", 18: "HLG"}
"""Words for numbers that people know by a name."""

OCIO_IDS: dict[str, str] = {
    "ocio:acescc_ap1_scene": "acescc_ap1",
    "ocio:acescct_ap1_scene": "acescct_ap1",
    "ocio:applelog_rec2020_scene": "apple_log",
    "ocio:arrilogc3_awg3_scene": "arri_logc3_ei800",
    "ocio:lin_awg3_scene": "lin_arri_wide_gamut_3",
    "ocio:arrilogc4_awg4_scene": "arri_logc4",
    "ocio:lin_awg4_scene": "lin_arri_wide_gamut_4",
    "ocio:bmdfilm5_wg5_scene": "bmdfilm_widegamut_gen5",
    "ocio:lin_bmdwg5_scene": "lin_bmd_widegamut_gen5",
    "ocio:davinci_dwg_scene": "davinci_intermediate_widegamut",
    "ocio:lin_dwg_scene": "lin_davinci_widegamut",
    "ocio:canonlog2_cgamutd55_scene": "canonlog2_cinemagamut_d55",
    "ocio:canonlog3_cgamutd55_scene": "canonlog3_cinemagamut_d55",
    "ocio:lin_cgamutd55_scene": "lin_cinemagamut_d55",
    "ocio:vlog_vgamut_scene": "vlog_vgamut",
    "ocio:lin_vgamut_scene": "lin_vgamut",
    "ocio:redlog3g10_rwg_scene": "log3g10_redwidegamutrgb",
    "ocio:lin_rwg_scene": "lin_redwidegamutrgb",
    "ocio:slog3_sgamut3_scene": "slog3_sgamut3",
    "ocio:slog3_sgamut3cine_scene": "slog3_sgamut3cine",
    "ocio:slog3_sgamut3venice_scene": "slog3_venice_sgamut3",
    "ocio:slog3_sgamut3cinevenice_scene": "slog3_venice_sgamut3cine",
    "ocio:lin_sgamut3_scene": "lin_sgamut3",
    "ocio:lin_sgamut3cine_scene": "lin_sgamut3cine",
    "ocio:lin_sgamut3venice_scene": "lin_venice_sgamut3",
    "ocio:lin_sgamut3cinevenice_scene": "lin_venice_sgamut3cine",
}
"""Ids of OpenColorIO's configs from v4 on, to the aliases that its older configs have."""


def known_id(interop_id: str) -> KnownId | None:
    """The entry of a Forum name, or None."""
    return next((known for known in KNOWN_IDS if known.interop_id == interop_id), None)


def aliases_of(interop_id: str) -> tuple[str, ...]:
    """Names under which a config that does not know an id may have its space."""
    known = known_id(interop_id)
    if known is not None:
        return known.aliases
    return (OCIO_IDS[interop_id],) if interop_id in OCIO_IDS else ()
