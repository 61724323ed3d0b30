"""Graphs of ONNX's: their files, and policies that ONNX Runtime plays.

The format is read and written here, without its package, which has no build for the browser.
"""
