"""Policies as other programs have them: ONNX, Stable-Baselines3, CleanRL."""
