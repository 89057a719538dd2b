"""What operators rely on: log lines, figures, checks, reloads. Real processes wherever it counts."""
