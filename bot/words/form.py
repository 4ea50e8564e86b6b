"""What stands in the form, beside its fields and in their faults."""

from __future__ import annotations
