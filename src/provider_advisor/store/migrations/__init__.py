"""The versions of the store's tables, each a file that makes it from the one before; Alembic runs them."""
