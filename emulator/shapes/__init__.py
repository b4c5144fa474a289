"""Shapes: a world's facts as the platform's JSON. One noun a file: its shape and its encoder."""
