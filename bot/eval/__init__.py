"""Which model and parameters serve a data set best: asked over a grid, judged, and compared."""
