"""The flask commands, one module a concern. They call the same services as the pages."""
