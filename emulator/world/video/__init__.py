"""Video calls, uploaded videos and albums."""
