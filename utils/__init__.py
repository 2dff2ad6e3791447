"""What the notebooks import: `summary`, `plotting`, `explore`, `datasets`, `checks`.

Importing this package costs milliseconds; TensorFlow loads only inside the functions that need it.
"""

import atexit
import gc
import os
from importlib.util import find_spec

# Keras would take what a settings file in the home folder names, or TensorFlow, which may be
# missing where a student computes with something smaller.
BACKENDS = ("tensorflow", "torch", "jax")
if chosen := os.environ.get("KERAS_BACKEND") or next(filter(find_spec, BACKENDS), None):
    os.environ["KERAS_BACKEND"] = chosen

# TensorFlow reads these once, when it is first imported. Without oneDNN's fused kernels the numbers
# depend less on the processor, and the start-up lines with process ids stay out of the notebooks.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Who restarts a kernel would wait a second for Python to look for garbage in all of TensorFlow.
atexit.register(gc.freeze)
