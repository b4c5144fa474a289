"""What owners read of their audiences, as one list of operations."""

from emulator.web.api.audience import analytics, channel, dashboard

OPERATIONS = [*analytics.OPERATIONS, *channel.OPERATIONS, *dashboard.OPERATIONS]
