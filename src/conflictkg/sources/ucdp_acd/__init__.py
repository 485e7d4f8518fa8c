"""UCDP/PRIO Armed Conflict Dataset."""
