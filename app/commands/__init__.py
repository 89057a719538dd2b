"""The flask commands, one module per concern. They call the same services as the pages."""
