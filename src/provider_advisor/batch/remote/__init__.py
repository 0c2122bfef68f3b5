"""Places that are not files of this machine, named by URLs whose secrets no message shows."""
