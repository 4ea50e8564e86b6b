"""What stands on the Home tab."""

from __future__ import annotations
