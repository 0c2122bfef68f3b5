"""What is wrong between files, or between the values of one record, all of it at once."""
