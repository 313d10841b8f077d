"""Dense optical flow and what is carried along it; needs the extra ``mattebox[flow]`` (OpenCV)."""
