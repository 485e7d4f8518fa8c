"""UCDP Actor Dataset."""
