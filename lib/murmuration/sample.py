"""Invented posts."""
