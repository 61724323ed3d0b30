"""ONNX: what is written of a policy of ours, and which files hold one."""
