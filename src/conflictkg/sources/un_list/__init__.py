"""Consolidated list of the Security Council of the United Nations."""
