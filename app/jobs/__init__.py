"""Background work: the registry, the wake-up after commit, the relay and the runner."""
