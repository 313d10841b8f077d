"""Which frames, and which files they are: frame sets, padded names, what is on disk."""

from mattebox.sequences.frame_sequence import (
    FrameSequence,
    find_sequence,
    missing_frames_error,
    remark_on_names,
    sequences_in,
)
from mattebox.sequences.frame_sets import format_frames, parse_frames, told_steps
from mattebox.sequences.key_frames import KeyFrames
from mattebox.sequences.movie import Movie, Timecode
from mattebox.sequences.names import (
    STILL_FRAME,
    NamePattern,
    is_movie,
    no_ffmpeg_error,
    parse_pattern,
    refuse_movie,
    split_channel,
)
from mattebox.sequences.output import OutputPattern, output_pattern

__all__ = [
    "STILL_FRAME",
    "FrameSequence",
    "KeyFrames",
    "Movie",
    "NamePattern",
    "OutputPattern",
    "Timecode",
    "find_sequence",
    "format_frames",
    "is_movie",
    "missing_frames_error",
    "no_ffmpeg_error",
    "output_pattern",
    "parse_frames",
    "parse_pattern",
    "refuse_movie",
    "remark_on_names",
    "sequences_in",
    "split_channel",
    "told_steps",
]
