"""What operators rely on: log lines, metrics, checks, reloads. With real processes where needed."""
