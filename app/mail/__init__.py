"""Mails: asked for as rows beside the change that they tell of, sent by the worker."""
