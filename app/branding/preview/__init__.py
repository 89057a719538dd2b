"""The preview of a brand: a real PDF and a real watermarked photo with sample data."""
