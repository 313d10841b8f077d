"""Knobs and menu values of Nuke's own nodes, as published for Nuke 14 to 17.

Names are facts of the program, noted from a public scan of a running Nuke 17.0 and from public
scripts; only nodes that the plugin touches are listed. The strict fake is made from these lists
and from nothing else, so a knob that is not here cannot be used by accident.
"""

from __future__ import annotations

GENERIC = [
    "autolabel",
    "bookmark",
    "cached",
    "disable",
    "dope_sheet",
    "gl_color",
    "help",
    "hide_input",
    "icon",
    "indicators",
    "knobChanged",
    "label",
    "lifetimeEnd",
    "lifetimeStart",
    "name",
    "note_font",
    "note_font_color",
    "note_font_size",
    "onCreate",
    "onDestroy",
    "panel",
    "postage_stamp",
    "postage_stamp_frame",
    "process_mask",
    "rootNodeUpdated",
    "selected",
    "tile_color",
    "updateUI",
    "useLifetime",
    "xpos",
    "ypos",
]
"""Every node has these; none may be the name of a user knob."""

GROUPS_OWN = ["lock_connections", "mapsize", "window"]
"""Groups and gizmos have these as well."""

KNOBS = {
    "Read": [
        "file",
        "file_type",
        "proxy",
        "first",
        "last",
        "origfirst",
        "origlast",
        "origset",
        "before",
        "after",
        "on_error",
        "raw",
        "premultiplied",
        "auto_alpha",
        "colorspace",
        "frame_mode",
        "frame",
        "localizationPolicy",
        "reload",
    ],
    "Write": [
        "file",
        "file_type",
        "proxy",
        "channels",
        "colorspace",
        "raw",
        "premultiplied",
        "create_directories",
        "first",
        "last",
        "use_limit",
        "views",
        "transformType",
        "ocioColorspace",
        "on_error",
        "beforeRender",
        "beforeFrameRender",
        "afterFrameRender",
        "afterRender",
        "render_order",
        "reading",
    ],
    "Root": [
        "colorManagement",
        "OCIO_config",
        "customOCIOConfigPath",
        "OCIOConfigPath",
        "workingSpaceLUT",
        "first_frame",
        "last_frame",
        "proxy",
        "name",
        "format",
        "fps",
        "views",
        "ocio_config_error_knob",
    ],
    "Input": ["number"],
    "Output": [],
    "Dot": [],
    "NoOp": [],
    "Viewer": [],
    "Switch": ["which"],
    "Reformat": [
        "type",
        "format",
        "box_width",
        "box_height",
        "box_fixed",
        "box_pixel_aspect",
        "scale",
        "resize",
        "center",
        "flip",
        "flop",
        "turn",
        "filter",
        "clamp",
        "crop",
        "black_outside",
        "pbb",
    ],
    "Multiply": ["channels", "value", "maskChannelInput", "maskChannelMask", "mix", "unpremult"],
    "Grade": ["channels", "multiply", "add", "black_clamp", "white_clamp", "mix"],
    "TimeOffset": ["time_offset", "reverse_input"],
    "Group": [],
}
"""Knobs beyond the generic ones, by class."""

EXR_KNOBS = ["datatype", "compression", "metadata", "first_part", "autocrop", "interleave"]
"""Of Write, once its file_type is exr."""

MENUS = {
    ("Read", "before"): ["hold", "loop", "bounce", "black"],
    ("Read", "after"): ["hold", "loop", "bounce", "black"],
    ("Read", "on_error"): ["error", "black", "checkerboard", "nearest frame"],
    ("Read", "frame_mode"): ["expression", "start at", "offset"],
    ("Read", "file_type"): [" ", "cin", "dpx", "exr", "hdr", "jpeg", "mov", "png", "tiff"],
    ("Write", "file_type"): [" ", "cin", "dpx", "exr", "hdr", "jpeg", "mov", "png", "tiff"],
    ("Write", "transformType"): ["colorspace", "display"],
    ("Write", "datatype"): ["16 bit half", "32 bit float"],
    ("Write", "compression"): [
        "none",
        "Zip (1 scanline)",
        "Zip (16 scanlines)",
        "PIZ Wavelet (32 scanlines)",
        "RLE",
        "B44",
        "B44A",
        "DWAA",
        "DWAB",
    ],
    ("Root", "colorManagement"): ["Nuke", "OCIO"],
    ("Reformat", "type"): ["to format", "to box", "scale"],
    ("Reformat", "resize"): ["none", "width", "height", "fit", "fill", "distort"],
}
"""What a menu takes, by class and knob."""

DEFAULTS = {
    ("Read", "file_type"): " ",
    ("Read", "before"): "hold",
    ("Read", "after"): "hold",
    ("Read", "on_error"): "error",
    ("Read", "frame_mode"): "expression",
    ("Read", "colorspace"): "default",
    ("Write", "file_type"): " ",
    ("Write", "channels"): "rgb",
    ("Write", "colorspace"): "default",
    ("Write", "datatype"): "16 bit half",
    ("Write", "compression"): "Zip (1 scanline)",
    ("Write", "transformType"): "colorspace",
    ("Write", "metadata"): "default metadata",
    ("Multiply", "channels"): "all",
    ("Reformat", "type"): "to format",
    ("Reformat", "resize"): "width",
    ("Grade", "channels"): "rgb",
}
"""Initial values of texts and menus; flags are false, numbers as in ``NUMBERS``."""

FLAGS = [
    "disable",
    "raw",
    "premultiplied",
    "auto_alpha",
    "create_directories",
    "use_limit",
    "selected",
    "hide_input",
    "lock_connections",
    "proxy",
    "cached",
    "bookmark",
    "dope_sheet",
    "postage_stamp",
    "useLifetime",
    "origset",
    "autocrop",
    "reverse_input",
    "black_clamp",
    "white_clamp",
    "reading",
]

NUMBERS = {
    "first": 1,
    "last": 1,
    "origfirst": 1,
    "origlast": 1,
    "first_frame": 1,
    "last_frame": 100,
    "number": 0,
    "which": 0.0,
    "scale": 1.0,
    "multiply": 1.0,
    "add": 0.0,
    "value": 1.0,
    "mix": 1.0,
    "time_offset": 0,
    "fps": 24.0,
    "xpos": 0,
    "ypos": 0,
    "tile_color": 0,
    "render_order": 1.0,
}

BUTTONS = ("reload",)

FIXED_INPUTS = {"Read": 0, "Input": 0, "Root": 0}
"""Classes that take nothing from the stack where ``inputs`` is not said; all others take one."""

PUBLISHED = {
    "Read": "file first last origfirst origlast origset before after on_error raw premultiplied "
    "auto_alpha colorspace frame_mode frame localizationPolicy reload",
    "Write": "file file_type channels colorspace raw premultiplied create_directories first last "
    "use_limit views transformType ocioColorspace on_error beforeRender beforeFrameRender "
    "afterFrameRender afterRender render_order",
    "Root": "colorManagement OCIO_config customOCIOConfigPath OCIOConfigPath workingSpaceLUT",
}
"""The scan's own lists, word for word; the fake must know all of them."""
