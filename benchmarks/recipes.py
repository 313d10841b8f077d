"""What is drawn: each shot's subject, its screen, and whether anything was ever tuned on it."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import fibres, openwork, solids, subjects
from benchmarks.composites import Background
from benchmarks.subjects import Subject


@dataclass(frozen=True)
class Recipe:
    """How a shot is made.

    Attributes:
        subject: what is drawn.
        screen: what stands behind.
        edge_spill: the screen's light on the subject's outline, as a share of the screen.
        unevenness: brightest over darkest screen from the left to the right.
        corners: light on the screen's corners, as a share of its middle's.
        samples: pictures per open shutter; as many as a fast subject moves pixels.
        kind: what it stands for in the table by kinds; empty for the known ones.
    """

    subject: Subject
    screen: Background = Background.GREEN
    edge_spill: float = 0.15
    unevenness: float = 1.0
    corners: float = 1.0
    samples: int = 4
    kind: str = ""


KNOWN: dict[str, Recipe] = {
    "strands_green": Recipe(subjects.strands(subjects.HAIR)),
    "strands_blue": Recipe(subjects.strands(subjects.BLOND), Background.BLUE),
    "veil": Recipe(subjects.veil, edge_spill=0.0),
    "veil_person": Recipe(subjects.veiled_person),
    "smoke_grey": Recipe(subjects.smoke(subjects.GREY, scatter=0.35), edge_spill=0.0),
    "smoke_orange": Recipe(subjects.smoke(subjects.ORANGE, scatter=0.2), edge_spill=0.0),
    "smoke_blue_screen": Recipe(
        subjects.smoke(subjects.GREY, scatter=0.35), Background.BLUE, edge_spill=0.0
    ),
    "smoke_person": Recipe(subjects.smoky_person),
    "disc_fast": Recipe(subjects.fast_disc, samples=16),
    "dark_spill": Recipe(subjects.dark_ball, edge_spill=0.5),
    "olive_on_green": Recipe(subjects.props),
    "skin_soft": Recipe(subjects.person(softness=7.0)),
    "skin_blue": Recipe(subjects.person(cloth=subjects.BROWN), Background.BLUE),
    "purple_on_blue": Recipe(subjects.person(), Background.BLUE),
    "white_bounce": Recipe(subjects.person(cloth=subjects.WHITE, bounce=0.12)),
    "glass": Recipe(subjects.glass, edge_spill=0.0),
    "glass_person": Recipe(subjects.person_behind_glass),
    "shadow": Recipe(subjects.with_shadow),
    "rim_hdr": Recipe(subjects.backlit),
    "uneven": Recipe(subjects.person(), unevenness=2.0),
    "low_key": Recipe(subjects.person(light=0.03), edge_spill=0.05),
}
"""Looked at while the solver was made: a step back on them is one, a step ahead proves little."""

_SPARSE = fibres.hair(fibres.CHESTNUT, count=90, curl=5.0, thickness=0.38, seed=301)
_DENSE = fibres.hair(fibres.RAVEN, count=700, curl=9.0, thickness=0.3, seed=302)
_FOLDS = solids.bust(solids.folded(solids.BURGUNDY))
_STRIPES = solids.bust(solids.striped(solids.NAVY, solids.CREAM), skin=solids.DEEP)
_VEIL = openwork.veil(openwork.IVORY, thinnest=0.32, seed=531)
_HAZE = openwork.smoke(openwork.ASH, density=1.1, scatter=0.3, seed=541)

HELD_OUT: dict[str, Recipe] = {
    "hair_sparse": Recipe(_SPARSE, kind="hair"),
    "hair_dense": Recipe(_DENSE, kind="hair"),
    "hair_ginger_blue": Recipe(
        fibres.hair(fibres.GINGER, count=320, curl=6.0, thickness=0.34, seed=303),
        Background.BLUE, kind="hair",
    ),
    "fur": Recipe(fibres.fur, kind="fur"),
    "grass_dry": Recipe(fibres.grass(fibres.STRAW, seed=321), kind="leaves"),
    "leaves_blue": Recipe(fibres.grass(fibres.LEAF, seed=322), Background.BLUE, kind="leaves"),
    "folds": Recipe(_FOLDS, kind="cloth"),
    "shirt_striped": Recipe(_STRIPES, kind="cloth"),
    "shirt_checked": Recipe(
        solids.bust(solids.checked(solids.BURGUNDY, solids.PINE, solids.CREAM)), kind="cloth"
    ),
    "folds_blue": Recipe(
        solids.bust(solids.folded(solids.KHAKI), skin=solids.DEEP), Background.BLUE, kind="cloth"
    ),
    "sequins": Recipe(
        solids.bust(solids.sequins((0.30, 0.24, 0.26)), bounce=0.05), kind="highlights"
    ),
    "props_warm": Recipe(
        solids.props(solids.OLIVE, solids.GOLD, solids.KHAKI), kind="near the screen"
    ),
    "props_green": Recipe(solids.props(solids.LIME, solids.TEAL), kind="near the screen"),
    "linen_bounce": Recipe(
        solids.bust(solids.folded(solids.LINEN), bounce=0.14), kind="white cloth"
    ),
    "velvet": Recipe(
        solids.bust(solids.folded(solids.VELVET)), edge_spill=0.35, kind="black cloth"
    ),
    "limb_fast": Recipe(solids.swinging_limb, samples=24, kind="motion blur"),
    "ball_fast": Recipe(solids.thrown_ball, samples=24, kind="motion blur"),
    "defocus": Recipe(solids.defocused(_STRIPES, 5.0), kind="defocus"),
    "net": Recipe(openwork.net, kind="mesh"),
    "bars": Recipe(openwork.bars, kind="mesh"),
    "chain_mail": Recipe(openwork.chain_mail, kind="mesh"),
    "veil_white": Recipe(_VEIL, edge_spill=0.0, kind="veil"),
    "veil_black": Recipe(
        openwork.veil(openwork.CREPE, thinnest=0.4, seed=533), edge_spill=0.0, kind="veil"
    ),
    "plume_grey": Recipe(_HAZE, edge_spill=0.0, kind="smoke"),
    "plume_indigo": Recipe(
        openwork.smoke(openwork.INDIGO, density=1.7, scatter=0.2, seed=551),
        edge_spill=0.0, kind="smoke",
    ),
    "plume_grey_blue": Recipe(
        openwork.smoke(openwork.ASH, density=1.5, scatter=0.3, seed=561),
        Background.BLUE, edge_spill=0.0, kind="smoke",
    ),
    "steam": Recipe(openwork.steam, edge_spill=0.05, kind="smoke"),
    "bottle": Recipe(openwork.bottle, edge_spill=0.0, kind="glass"),
    "rim_light": Recipe(solids.rim_lit(_DENSE, 6.0), kind="rim light"),
    "behind_bottle": Recipe(openwork.before(openwork.bottle, _FOLDS), kind="seen through"),
    "behind_haze": Recipe(openwork.before(_HAZE, _STRIPES), kind="seen through"),
    "dark_corners": Recipe(
        solids.bust(solids.folded(solids.NAVY)), corners=0.25, kind="uneven screen"
    ),
}  # fmt: skip
"""The judge: drawn for measuring alone, by code that nothing is trained or tuned with."""

RECIPES = KNOWN | HELD_OUT

SETS = {"known": KNOWN, "held_out": HELD_OUT}
"""Both sets by the names that the command line knows them by."""
