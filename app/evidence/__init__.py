"""The audit chain and the evidence of completed reports: recording, describing, verifying."""
