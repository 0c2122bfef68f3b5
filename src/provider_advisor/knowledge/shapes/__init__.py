"""The shapes of files, as pydantic models; each start imports only those of the files that it reads."""
