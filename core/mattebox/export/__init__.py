"""Networks as files for other programs: ONNX and TorchScript, each compared with torch."""
