"""ONNX: what is written of a policy, and what is read of a file.

The format is read and written here, without its package, which has no build for the browser.
"""
