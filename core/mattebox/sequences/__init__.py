"""Which frames, and which files they are: frame sets, padded names, what is on disk."""

from mattebox.sequences.frame_sequence import (
    FrameSequence,
    find_sequence,
    missing_frames_error,
    sequences_in,
)
from mattebox.sequences.frame_sets import format_frames, parse_frames
from mattebox.sequences.names import (
    STILL_FRAME,
    NamePattern,
    parse_pattern,
    refuse_movie,
    split_channel,
)
from mattebox.sequences.output import OutputPattern, output_pattern

__all__ = [
    "STILL_FRAME",
    "FrameSequence",
    "NamePattern",
    "OutputPattern",
    "find_sequence",
    "format_frames",
    "missing_frames_error",
    "output_pattern",
    "parse_frames",
    "parse_pattern",
    "refuse_movie",
    "sequences_in",
    "split_channel",
]
