"""Background work: requesting, registering, queueing, re-queueing and running it."""
