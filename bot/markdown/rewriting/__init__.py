"""What Slack would spoil of an answer, written otherwise: formulas, tables, code in a paragraph."""
