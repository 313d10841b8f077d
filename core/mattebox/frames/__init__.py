"""Pictures in and out: EXR and friends through OpenImageIO, which nothing else here imports, and
movies through ffmpeg."""

from mattebox.frames.attributes import carried_attributes
from mattebox.frames.clip import Clip
from mattebox.frames.exr_header import is_sealed
from mattebox.frames.headers import Header, Part, format_difference, read_header
from mattebox.frames.layers import Layer, has_layer
from mattebox.frames.laying import Laid, is_resizable, is_same_size, laid_window, lay, lay_resized
from mattebox.frames.movie_writing import MovieOutput, encoder_of, write_movie
from mattebox.frames.reading import (
    is_broken_exr,
    read_attributes_if_whole,
    read_attributes_only,
    read_frame,
    read_matte,
)
from mattebox.frames.repair import repair_non_finite
from mattebox.frames.writing import (
    PICTURE,
    Written,
    remove_abandoned,
    write_frame,
    write_png,
)

__all__ = [
    "PICTURE",
    "Clip",
    "Header",
    "Laid",
    "Layer",
    "MovieOutput",
    "Part",
    "Written",
    "carried_attributes",
    "encoder_of",
    "format_difference",
    "has_layer",
    "is_broken_exr",
    "is_resizable",
    "is_same_size",
    "is_sealed",
    "laid_window",
    "lay",
    "lay_resized",
    "read_attributes_if_whole",
    "read_attributes_only",
    "read_frame",
    "read_header",
    "read_matte",
    "remove_abandoned",
    "repair_non_finite",
    "write_frame",
    "write_movie",
    "write_png",
]
