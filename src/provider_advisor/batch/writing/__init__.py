"""Write scored rows and rejects to files that appear only when complete."""
