"""The same teams with other rule engines and with a database: two-valued, without files, all giving one answer."""
