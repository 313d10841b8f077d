"""Writes a SAM 2 of random weights, a few megabytes, as ``transformers`` keeps the real one.

Run by the Python of SAM 2's own environment: ``python tiny_sam2.py FOLDER``.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

SIDE = 64
"""Of the square that the network sees; the real one's is 1024."""


def main(folder: str) -> None:
    torch: Any = importlib.import_module("torch")
    t: Any = importlib.import_module("transformers")
    torch.manual_seed(1)
    width = 128  # object pointers are split into memories of 64, as in the real one
    vision = t.Sam2VisionConfig(
        backbone_config=t.Sam2HieraDetConfig(
            hidden_size=8,
            num_attention_heads=1,
            image_size=[SIDE, SIDE],
            blocks_per_stage=[1, 1, 1, 1],
            embed_dim_per_stage=[8, 16, 32, 64],
            num_attention_heads_per_stage=[1, 2, 4, 8],
            window_size_per_stage=[4, 4, 4, 2],
            global_attention_blocks=[],
            window_positional_embedding_background_size=[4, 4],
        ).to_dict(),
        backbone_channel_list=[64, 32, 16, 8],
        backbone_feature_sizes=[[SIDE // 4] * 2, [SIDE // 8] * 2, [SIDE // 16] * 2],
        fpn_hidden_size=width,
    )
    config = t.Sam2VideoConfig(
        vision_config=vision.to_dict(),
        prompt_encoder_config={"hidden_size": width, "image_size": SIDE},
        mask_decoder_config={
            "hidden_size": width,
            "mlp_dim": 64,
            "num_attention_heads": 4,
            "iou_head_hidden_dim": width,
        },
        image_size=SIDE,
        memory_attention_hidden_size=width,
        memory_attention_num_layers=1,
        memory_attention_num_attention_heads=1,
        memory_attention_feed_forward_hidden_size=64,
        memory_attention_rope_feat_sizes=[SIDE // 16] * 2,
        memory_encoder_hidden_size=width,
        memory_encoder_output_channels=64,  # the attention counts on it
        mask_downsampler_embed_dim=width,
        memory_fuser_embed_dim=width,
        memory_fuser_intermediate_dim=64,
    )
    model = t.Sam2VideoModel(config)
    # Random weights may find that the object is gone, and then every later matte is black.
    torch.nn.init.constant_(model.mask_decoder.pred_obj_score_head.proj_out.bias, 10.0)
    model.save_pretrained(folder)
    pictures = t.Sam2ImageProcessor(
        size={"height": SIDE, "width": SIDE}, mask_size={"height": SIDE // 4, "width": SIDE // 4}
    )
    processor = t.Sam2VideoProcessor(
        image_processor=pictures, video_processor=t.Sam2VideoVideoProcessor(), target_size=SIDE
    )
    processor.video_processor.size = {"height": SIDE, "width": SIDE}
    processor.save_pretrained(folder)


if __name__ == "__main__":
    main(sys.argv[1])
