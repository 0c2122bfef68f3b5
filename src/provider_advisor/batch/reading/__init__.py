"""Read files of teams as blocks of rows; records that cannot be read become rejects."""

from provider_advisor.batch.reading.inputs import Inputs, open_inputs
from provider_advisor.batch.reading.sources import Limits, ReadingOptions, choose_form, read_encoding

__all__ = ["Inputs", "Limits", "ReadingOptions", "choose_form", "open_inputs", "read_encoding"]
