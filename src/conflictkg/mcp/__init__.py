"""The graph as tools for language models, over the Model Context Protocol.

Read-only, bounded, and never more sure than the sources are.
"""

from conflictkg.mcp.server import create_server as create_server
