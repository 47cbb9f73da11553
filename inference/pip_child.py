"""pip on a lifeline: `python -m inference.pip_child`. A download must not go on when the one who wanted it is gone."""

from __future__ import annotations

import os
import runpy
import sys

from inference import lifeline


def main() -> None:
    """Run pip with the arguments that the parent sent."""
    config = lifeline.read_config()
    lifeline.watch(lambda: os._exit(1))
    sys.argv = ["pip", *config["arguments"]]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
