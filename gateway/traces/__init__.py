"""What is told of the work on a message to who follows traces (W3C, OpenTelemetry)."""
