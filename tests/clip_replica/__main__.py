"""`python -m tests.clip_replica FOLDER [--size tiny|full] [--seed N]`."""

import argparse
from pathlib import Path

from tests.clip_replica import write_replica
from tests.clip_replica.size import SIZES

parser = argparse.ArgumentParser(description="Writes CLIP models with random weights in the hub's layout.")
parser.add_argument("folder", type=Path)
parser.add_argument("--size", choices=SIZES, default="tiny")
parser.add_argument("--seed", type=int, default=0)
arguments = parser.parse_args()
write_replica(arguments.folder, arguments.size, arguments.seed)
