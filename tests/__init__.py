"""Tests; run them by `make test` or `make test-quick`."""
