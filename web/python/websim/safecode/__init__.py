"""Code that only calculates is safe code, and runs wherever it came from.

A file of functions over a batch, such as a reward: `checker.py` walks its syntax tree and lets
through what is in the lists of `language.py`; `rewriting.py` puts a guard in the place of every
operation, and `guards.py` bounds what a call may cost. `Program` is what comes of it.
"""

from websim.safecode.checker import Functions, check
from websim.safecode.guards import ENVIRONMENTS
from websim.safecode.language import Accessor
from websim.safecode.program import Program

__all__ = ["ENVIRONMENTS", "Accessor", "Functions", "Program", "check"]
