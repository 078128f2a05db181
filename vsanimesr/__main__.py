"""`python -m vsanimesr` is the command `vsanimesr`."""

import sys

from vsanimesr.cli import main

sys.exit(main())
