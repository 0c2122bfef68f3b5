"""The pages and the API that `recommend serve` opens; the extra `web` brings what they need."""
