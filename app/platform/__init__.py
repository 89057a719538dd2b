"""Tenants and superadmins, through the platform's own database role; never a tenant's content."""
