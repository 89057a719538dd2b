"""The review of submitted reports: rules, rounds, comments, and the reviewer's page."""
