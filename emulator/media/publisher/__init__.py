"""The built-in publisher: a broadcaster that needs no OBS, over real RTMP and RTMPS.

It is a client like any other and knows nothing of the server's internals; PyAV is imported only
when media is encoded or read.
"""
