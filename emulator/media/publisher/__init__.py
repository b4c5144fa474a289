"""The built-in publisher: a broadcaster without OBS, over real RTMP and RTMPS.

It is a client like any other and knows nothing of the server's inside; PyAV is imported only when
something is encoded or read.
"""
