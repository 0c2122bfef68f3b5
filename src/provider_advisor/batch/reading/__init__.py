"""Files of teams as blocks of rows, and records that cannot be read as rejects."""

from provider_advisor.batch.reading.inputs import Inputs, open_inputs
from provider_advisor.batch.reading.sources import Limits, ReadingOptions, choose_form, read_encoding

__all__ = ["Inputs", "Limits", "ReadingOptions", "choose_form", "open_inputs", "read_encoding"]
