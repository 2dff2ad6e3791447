"""What is imported where `ci.warm` forks kernels from; multiprocessing imports this there."""

import os

import utils  # noqa: F401  first, as in every notebook: it tells TensorFlow how to compute
from grading.zygote import import_everything

# As a kernel has it, where Matplotlib is imported later.
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
import_everything()
