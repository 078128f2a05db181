"""Python imports this by itself when it starts with this folder on PYTHONPATH, so before vspipe makes its core.

The core loads every plugin, and vapoursynth-mlrt-ov brings an OpenVINO of its own. Whichever is loaded first serves the
whole process, and the Python package refuses any but its own.
"""

import importlib

importlib.import_module("openvino")
